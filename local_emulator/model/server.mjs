// A small OpenAI-compatible server of one model: GET /v1/models, POST /v1/chat/completions (streamed or not), POST /tokenize,
// GET /health. It prints its address once it answers. SIGTERM or SIGINT end it, with --until-eof the end of its standard input, too;
// answers under way have five seconds.
//
// node server.mjs --modules DIR --weights FILE --serve NAME=TEMPERATURE [--serve …] [--port 0] [--threads 1] [--places 4] [--context 2048]
// One thread is the fastest where others use the machine: more of them wait for each other, spinning.

import {createServer} from "node:http";
import {randomUUID} from "node:crypto";
import {parseArgs} from "node:util";
import {Refused, read} from "./asked.mjs";
import {TooLong, load} from "./model.mjs";

const MAX_BODY = 1024 * 1024;
const GRACE_MS = 5_000;

const {values: options} = parseArgs({
  options: {
    modules: {type: "string"},
    weights: {type: "string"},
    serve: {type: "string", multiple: true, default: ["model=0"]},
    host: {type: "string", default: "127.0.0.1"},
    port: {type: "string", default: "0"},
    threads: {type: "string", default: "1"},
    places: {type: "string", default: "4"},
    context: {type: "string", default: "2048"},
    "until-eof": {type: "boolean", default: false},
  },
});
const names = new Map(options.serve.map((one) => [one.split("=")[0], Number(one.split("=")[1] ?? 0)]));
const created = Math.floor(Date.now() / 1000);
const model = await load({
  modules: options.modules,
  weights: options.weights,
  threads: Number(options.threads),
  places: Number(options.places),
  context: Number(options.context),
});

const routes = {
  "GET /health": async (_request, response) => send(response, 200, {status: "ok"}),
  "GET /v1/models": async (_request, response) => {
    const data = [...names.keys()].map((id) => ({id, object: "model", created, owned_by: "benchfleet", meta: model.meta}));
    send(response, 200, {object: "list", data});
  },
  "POST /tokenize": async (request, response) => {
    send(response, 200, {tokens: model.tokenize(String(JSON.parse(await bodyOf(request)).content ?? ""))});
  },
  "POST /v1/chat/completions": completion,
};

async function completion(request, response) {
  const asked = read(await bodyOf(request), names);
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const prompt = model.prompt(asked.messages);
  const {temperature, topP, seed, stops, maxTokens} = asked;
  const pieces = model.answer(prompt, {temperature, topP, seed, stops, maxTokens, signal: gone.signal});
  const head = {id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: asked.model};
  await (asked.stream ? streamed : whole)(response, head, pieces, prompt.length, asked);
}

async function whole(response, head, pieces, promptTokens) {
  let content = "";
  let last = {};
  for await (const piece of pieces) {
    content += piece.text ?? "";
    last = piece;
  }
  const choice = {index: 0, message: {role: "assistant", content}, finish_reason: last.reason};
  send(response, 200, {...head, object: "chat.completion", choices: [choice], usage: usage(promptTokens, last.tokens)});
}

async function streamed(response, head, pieces, promptTokens, asked) {
  const chunk = (choices, more = {}) => {
    const document = JSON.stringify({...head, object: "chat.completion.chunk", choices, ...more});
    response.write(`data: ${document}\n\n`);
  };
  const choice = (delta, reason = null) => [{index: 0, delta, finish_reason: reason}];
  let last = {};
  let begun = false;
  for await (const piece of pieces) {
    if (!begun) {
      // Not before: an error of the first step still has a status of its own.
      response.writeHead(200, {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"});
      chunk(choice({role: "assistant", content: ""}));
      begun = true;
    }
    if (piece.text) chunk(choice({content: piece.text}));
    last = piece;
  }
  if (!last.reason) return; // the client has gone
  chunk(choice({}, last.reason));
  if (asked.usage) chunk([], {usage: usage(promptTokens, last.tokens)});
  response.end("data: [DONE]\n\n");
}

function usage(prompt, completion) {
  return {prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion};
}

function send(response, status, document) {
  response.writeHead(status, {"Content-Type": "application/json"});
  response.end(JSON.stringify(document));
}

async function bodyOf(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > MAX_BODY) throw new Refused(413, "too_large", `a body may have ${MAX_BODY} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

async function answer(request, response) {
  const route = routes[`${request.method} ${request.url.split("?")[0]}`];
  try {
    if (!route) throw new Refused(404, "not_found", `there is no ${request.method} ${request.url}`);
    await route(request, response);
  } catch (error) {
    if (response.headersSent) return response.destroy();
    const told = error instanceof TooLong ? new Refused(400, "context_length_exceeded", error.message, "messages") : error;
    if (told instanceof Refused) return send(response, told.status, told.body);
    console.error(error);
    send(response, 500, {error: {message: "the model failed", type: "server_error", param: null, code: null}});
  }
}

const server = createServer(answer);
server.on("error", (error) => {
  console.error(`cannot listen on ${options.host}:${options.port}: ${error.code}`);
  process.exit(3);
});
server.listen(Number(options.port), options.host, () => console.log(`http://${options.host}:${server.address().port}`));

function end() {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), GRACE_MS).unref();
}
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, end);
if (options["until-eof"]) process.stdin.on("end", end).on("error", end).resume();
