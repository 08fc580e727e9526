// Spikard as WebAssembly: `bun run server.js PORT`. Needs @spikard/wasm from npm.
// 0.9 is the last version that serves: later ones have no routes, and none runs in wasmtime, which runs no JavaScript.
import { Spikard } from "@spikard/wasm";
import { routes } from "./contract.js";
import schemas from "./schemas.json" with { type: "json" };

const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? process.env.PORT ?? 8000);
const app = new Spikard();

// Its form() keeps one value of each name.
function fields(request) {
  const found = {};
  for (const [name, value] of new URLSearchParams(new TextDecoder().decode(request.body ?? new Uint8Array()))) {
    found[name] = name in found ? [found[name], value].flat() : value;
  }
  return found;
}

function bodyOf(request) {
  const kind = request.headers["content-type"] ?? "";
  if (kind.startsWith("application/json")) return request.json();
  return kind.startsWith("application/x-www-form-urlencoded") ? fields(request) : null;
}

const lengths = (request) => (request.files ?? []).map((file) => Buffer.from(file.content ?? "", "base64").length);

for (const { method, path, answer } of routes(schemas)) {
  const handler_name = `${method}${path}`.replace(/\W+/g, "_");
  app.addRoute({ method: method.toUpperCase(), path, handler_name, is_async: true }, async (request) => {
    const { pathParams: params, query } = request;
    const { status, value } = answer({ params, query, body: bodyOf(request), files: () => lengths(request) });
    return { status, headers: { "content-type": "application/json" }, body: value };
  });
}
app.run({ host: "0.0.0.0", port });
