// Spikard on Node: `node --import tsx server.ts PORT`. Needs @spikard/node from npm.
import { readFileSync } from "node:fs";
import spikard from "@spikard/node"; // CommonJS: it has no names to import
import { routes, sizes } from "./contract.js";

// Its server takes its port from here, and listens on 127.0.0.1.
process.env.SPIKARD_SERVER_PORT = process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? process.env.PORT ?? "8000";

const app = new spikard.App();
for (const { method, path, answer } of routes(JSON.parse(readFileSync(new URL("./schemas.json", import.meta.url), "utf8")))) {
  app[method](path, async ({ params, query, body }) => {
    const { status, value } = answer({ params, query, body, files: () => sizes(body) });
    return { statusCode: status, headers: { "content-type": "application/json" }, content: value };
  });
}
await app.run();
