"""The executor's own health endpoint: `GET /healthz`."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Facts = Callable[[], Mapping[str, Any]]


@contextmanager
def healthz(facts: Facts, *, host: str, port: int) -> Iterator[str]:
    """Its URL. `facts()` with `"status": "ok"` is answered with 200, anything else with 503. Raises OSError."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = facts() if self.path == "/healthz" else {"error": "only /healthz is here"}
            status = 404 if "error" in known else 200 if known.get("status") == "ok" else 503
            body = json.dumps(known).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    Handler.timeout = 5
    with ThreadingHTTPServer((host, port), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True, name="healthz")
        thread.start()
        try:
            yield f"http://{host}:{server.server_address[1]}/healthz"
        finally:
            server.shutdown()
