// Express: `node server.js PORT`. Ajv, the usual companion, validates the twins; multer reads multipart.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import formats from "ajv-formats";
import express from "express";
import multer from "multer";
import { WebSocketServer } from "ws";

const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? process.env.PORT ?? 8000);
const schemas = JSON.parse(readFileSync(new URL("./schemas.json", import.meta.url)));
const strict = formats(new Ajv());
const coercing = formats(new Ajv({ coerceTypes: true }));
const app = express();
app.disable("x-powered-by");
app.disable("etag");

const json = express.json({ limit: "16mb", strict: false });
const form = express.urlencoded({ extended: false });
const upload = multer({ storage: multer.memoryStorage() }).any();

// Middleware: 400 unless what `pick` takes of a request fits the schema; texts become what it names.
function valid(ajv, name, pick) {
  const check = ajv.compile(schemas[name]);
  return (request, response, next) => {
    const value = pick(request);
    if (!check(value)) return response.status(400).json({ detail: check.errors });
    response.locals.value = value;
    return next();
  };
}
const told = (_request, response) => response.json(response.locals.value);

const health = (_request, response) => response.json({ status: "ok" });
app.get(["/", "/health"], health);

for (const size of ["small", "medium", "large", "very-large"]) {
  app.post(`/json/${size}`, json, (request, response) => response.json(request.body));
  app.post(`/validated/json/${size}`, json, valid(strict, `json-${size}`, (request) => request.body), told);
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
  app.get(`/path/${name}/${rule}`, (request, response) =>
    response.json(name === "int" ? { id: Number(request.params.id) } : request.params),
  );
  app.get(`/validated/path/${name}/${rule}`, valid(coercing, `path-${name}`, (request) => ({ ...request.params })), told);
}

for (const size of ["few", "medium", "many"]) {
  app.get(`/query/${size}`, (request, response) => response.json(request.query));
  app.get(`/validated/query/${size}`, valid(coercing, `query-${size}`, (request) => ({ ...request.query })), told);
}

for (const size of ["simple", "complex"]) {
  app.post(`/urlencoded/${size}`, form, (request, response) => response.json(request.body));
  app.post(`/validated/urlencoded/${size}`, form, valid(coercing, `urlencoded-${size}`, (request) => ({ ...request.body })), told);
}

const counted = (files) => ({ files_received: files.length, total_bytes: files.reduce((sum, file) => sum + file.size, 0) });
app.post("/multipart/:size", upload, (request, response) => response.json(counted(request.files)));
app.post("/validated/multipart/:size", upload, (request, response) => {
  if (request.files.length === 0) return response.status(400).json({ detail: "at least one file is required" });
  return response.json(counted(request.files));
});

app.get("/sse/ticks", (request, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  const { count = 10, interval_ms = 0 } = request.query;
  const start = performance.now();
  let tick = 0;
  const next = () => {
    if (response.destroyed) return;
    response.write(`id: ${tick}\ndata: ${JSON.stringify({ tick })}\n\n`);
    tick += 1;
    if (tick < Number(count)) setTimeout(next, start + tick * Number(interval_ms) - performance.now());
    else response.end();
  };
  next();
});

app.use((error, _request, response, _next) => response.status(error.status ?? 500).json({ detail: error.message }));

const server = app.listen(port, "0.0.0.0");
// Express leaves WebSockets to others: ws, beside it on the same server.
const sockets = new WebSocketServer({ server, path: "/ws/echo" });
sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(data.toString())));
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
    for (const socket of sockets.clients) socket.terminate();
  });
}
