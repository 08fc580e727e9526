// Fastify: `node server.js PORT`. Its own JSON Schema validation (Ajv) for the validated twins; violations are 400.
import { readFileSync } from "node:fs";
import Fastify from "fastify";
import formbody from "@fastify/formbody";
import multipart from "@fastify/multipart";
import websocket from "@fastify/websocket";

const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? process.env.PORT ?? 8000);
const schemas = JSON.parse(readFileSync(new URL("./schemas.json", import.meta.url)));
// Bodies of JSON are checked as they are; texts of paths, queries and forms become what their schema names.
const app = Fastify({ logger: false, bodyLimit: 16 * 1024 * 1024 });

const strict = new (await import("ajv")).default({ coerceTypes: false });
(await import("ajv-formats")).default(strict);
const uncoerced = { validatorCompiler: ({ schema }) => strict.compile(schema) };

await app.register(formbody);
await app.register(multipart);
await app.register(websocket);
app.setErrorHandler((error, _request, reply) => reply.code(error.statusCode ?? 500).send({ detail: error.message }));

const health = async () => ({ status: "ok" });
app.get("/", health);
app.get("/health", health);

for (const size of ["small", "medium", "large", "very-large"]) {
  const echo = async (request) => request.body;
  app.post(`/json/${size}`, echo);
  app.post(`/validated/json/${size}`, { schema: { body: schemas[`json-${size}`] }, ...uncoerced }, echo);
}

const paths = {
  simple: ":id",
  multiple: ":user_id/:post_id",
  deep: ":org/:team/:project/:resource/:id",
  int: ":id",
  uuid: ":id",
  date: ":date",
};
for (const [name, rule] of Object.entries(paths)) {
  const raw = name === "int" ? async (request) => ({ id: Number(request.params.id) }) : async (request) => request.params;
  app.get(`/path/${name}/${rule}`, raw);
  app.get(`/validated/path/${name}/${rule}`, { schema: { params: schemas[`path-${name}`] } }, async (request) => request.params);
}

for (const size of ["few", "medium", "many"]) {
  const echo = async (request) => request.query;
  app.get(`/query/${size}`, echo);
  app.get(`/validated/query/${size}`, { schema: { querystring: schemas[`query-${size}`] } }, echo);
}

for (const size of ["simple", "complex"]) {
  const echo = async (request) => request.body;
  app.post(`/urlencoded/${size}`, echo);
  app.post(`/validated/urlencoded/${size}`, { schema: { body: schemas[`urlencoded-${size}`] } }, echo);
}

async function counted(request) {
  let files = 0;
  let total = 0;
  for await (const part of request.parts()) {
    if (part.type !== "file") continue;
    files += 1;
    for await (const piece of part.file) total += piece.length;
  }
  return { files_received: files, total_bytes: total };
}
app.post("/multipart/:size", counted);
app.post("/validated/multipart/:size", async (request, reply) => {
  const answer = await counted(request);
  return answer.files_received > 0 ? answer : reply.code(400).send({ detail: "at least one file is required" });
});

app.get("/ws/echo", { websocket: true }, (socket) => socket.on("message", (data) => socket.send(data.toString())));
app.get("/sse/ticks", (request, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { "Content-Type": "text/event-stream" });
  const { count = 10, interval_ms = 0 } = request.query;
  const start = performance.now();
  let tick = 0;
  const next = () => {
    if (reply.raw.destroyed) return;
    reply.raw.write(`id: ${tick}\ndata: ${JSON.stringify({ tick })}\n\n`);
    tick += 1;
    if (tick < Number(count)) setTimeout(next, start + tick * Number(interval_ms) - performance.now());
    else reply.raw.end();
  };
  next();
});

await app.listen({ port, host: "0.0.0.0" });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => app.close().then(() => process.exit(0)));
