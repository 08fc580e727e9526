// Spikard as WebAssembly: `wasmtime run -- server.js PORT`. Needs wasmtime, and @spikard/wasm from npm.
import { Spikard } from "@spikard/wasm";
import { register } from "./contract.js";
import schemas from "./schemas.json" with { type: "json" };

const words = globalThis.process?.argv?.slice(2) ?? globalThis.scriptArgs ?? [];
const port = Number(words.find((word) => /^\d+$/.test(word)) ?? globalThis.process?.env?.PORT ?? 8000);
const app = new Spikard();
register(app, schemas);
app.run({ host: "0.0.0.0", port });
