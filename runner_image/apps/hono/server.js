// Hono on Node: `node server.js PORT`.
import { serve } from "@hono/node-server";
import { app } from "./app.js";

const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? process.env.PORT ?? 8000);
const server = serve({ fetch: app.fetch, port, hostname: "0.0.0.0" });
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
