// Hono on Bun: `bun server.js PORT`.
import { app } from "./app.js";

const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? process.env.PORT ?? 8000);
Bun.serve({ fetch: app.fetch, port, hostname: "0.0.0.0" });
