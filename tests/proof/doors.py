"""Doors of a control plane and its bucket: a proof sees each request of a runner before and after it is passed on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

Moment = Literal["before", "after"]
_OF_THE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "host"}


@dataclass
class Doors:
    """`seen(moment, "PUT /path", body)` is called in the thread of the request; it may raise ConnectionError to drop it.

    Addresses of the bucket in responses are those of a door, too; what was signed for the bucket's own is passed on as that.
    """

    api_url: str
    bucket_url: str
    seen: Callable[[Moment, str, bytes], None]
    url: str = ""
    _bucket_door: str = ""

    def answer(self, request: BaseHTTPRequestHandler, origin: str) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        what = f"{request.command} {request.path}"
        try:
            self.seen("before", what, body)
            reply = self._passed_on(request, origin, body)
            self.seen("after", what, body)
        except (ConnectionError, httpx.HTTPError):
            request.close_connection = True
            return
        with suppress(ConnectionError):  # who asked may be dead by now
            _respond(request, reply, reply.content.replace(self.bucket_url.encode(), self._bucket_door.encode()))

    def _passed_on(self, request: BaseHTTPRequestHandler, origin: str, body: bytes) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_THE_HOP}
        headers["Host"] = urlsplit(origin).netloc
        return httpx.request(
            request.command, origin + request.path, content=body, headers=headers, trust_env=False, timeout=60
        )


def _respond(request: BaseHTTPRequestHandler, reply: httpx.Response, content: bytes) -> None:
    request.send_response(reply.status_code)
    for name, value in reply.headers.items():
        if name.lower() not in _OF_THE_HOP:
            request.send_header(name, value)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


@contextmanager
def doors(api_url: str, bucket_url: str, seen: Callable[[Moment, str, bytes], None]) -> Iterator[Doors]:
    made = Doors(api_url, bucket_url, seen)
    servers = [_server(made, origin) for origin in (api_url, bucket_url)]
    made.url, made._bucket_door = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    try:
        yield made
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _server(made: Doors, origin: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None: ...

        def answer(self) -> None:
            made.answer(self, origin)

        do_GET = do_POST = do_PUT = do_HEAD = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server
