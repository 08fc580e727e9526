// Hono on Node: `node server.js PORT`.
import { serve, upgradeWebSocket } from "@hono/node-server";
import { WebSocketServer } from "ws";
import { app } from "./app.js";
import { streams } from "./streams.js";

const port = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? process.env.PORT ?? 8000);
const sockets = new WebSocketServer({ noServer: true });
streams(app, upgradeWebSocket);
const server = serve({ fetch: app.fetch, port, hostname: "0.0.0.0", websocket: { server: sockets } });
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
    for (const socket of sockets.clients) socket.terminate();
  });
}
