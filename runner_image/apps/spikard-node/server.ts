// Spikard on Node: `node --import tsx server.ts PORT`. Needs @spikard/node from npm.
import { readFileSync } from "node:fs";
import { Spikard } from "@spikard/node";
import { register } from "./contract.js";

const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? process.env.PORT ?? 8000);
const app = new Spikard();
register(app, JSON.parse(readFileSync(new URL("./schemas.json", import.meta.url), "utf8")));
app.run({ host: "0.0.0.0", port, workers: 1 });
