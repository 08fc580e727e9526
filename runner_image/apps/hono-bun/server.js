// Hono on Bun: `bun server.js PORT`.
import { upgradeWebSocket, websocket } from "hono/bun";
import { app } from "./app.js";
import { streams } from "./streams.js";

const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? process.env.PORT ?? 8000);
streams(app, upgradeWebSocket);
Bun.serve({ fetch: app.fetch, websocket, port, hostname: "0.0.0.0" });
