// dynalite on a free port of the loopback, which is printed. It does not know ReturnValuesOnConditionCheckFailure, by which
// a refused write brings the item that was in its way: two of its functions are wrapped for it. It ends with standard input.
const db = require('dynalite/db')
const dynalite = require('dynalite')

const check = db.checkConditional
db.checkConditional = (data, item) => {
  const refused = check(data, item)
  if (refused && item && data.ReturnValuesOnConditionCheckFailure === 'ALL_OLD') refused.body.Item = item
  return refused
}
for (const write of ['putItem', 'updateItem', 'deleteItem']) {
  const { types } = require(`dynalite/validations/${write}`)
  types.ReturnValuesOnConditionCheckFailure = { type: 'String', enum: ['NONE', 'ALL_OLD'] }
}
const server = dynalite({ createTableMs: 0, deleteTableMs: 0 })
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit()).resume()
