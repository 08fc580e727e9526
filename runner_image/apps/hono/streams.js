// Streams of Hono: events by its own helper; WebSockets by the upgrade of what runs it.
import { streamSSE } from "hono/streaming";

export function streams(app, upgradeWebSocket) {
  app.get("/ws/echo", upgradeWebSocket(() => ({ onMessage: (event, socket) => socket.send(event.data) })));

  app.get("/sse/ticks", (context) =>
    streamSSE(context, async (stream) => {
      const { count = 10, interval_ms = 0 } = context.req.query();
      const start = performance.now();
      for (let tick = 0; tick < Number(count) && !stream.aborted; tick += 1) {
        const wait = start + tick * Number(interval_ms) - performance.now();
        if (wait > 0) await stream.sleep(wait);
        await stream.writeSSE({ id: String(tick), data: JSON.stringify({ tick }) });
      }
    }),
  );
}
