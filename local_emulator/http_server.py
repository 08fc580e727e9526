"""An HTTP/1.1 server for WSGI apps that keeps connections alive.

Werkzeug's own server closes every connection after one answer and lingers 10 ms on each, which is most of the cost of
a DynamoDB call; so the handler here reads the whole body, calls the app, and answers with a length.
"""

import errno
import json
import logging
import sys
import tempfile
import threading
from http.server import HTTPServer
from socket import AF_INET, AF_INET6, SHUT_RDWR, socket
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler

from local_emulator.errors import AddressUnusable, PortInUse
from local_emulator.framing import BadFraming, Incomplete, check_target, read_body

log = logging.getLogger(__name__)

WsgiApp = Any  # environ, start_response -> iterable of bytes
SPOOL_BYTES = 1024 * 1024  # a larger body waits on disk


class AppFailed(Exception):
    """The app could not reach something of ours, a file perhaps: no fault of the connection."""


class KeepAliveHandler(MotoRequestHandler):
    """One connection. Borrows moto's way of making an environ (it keeps S3 metadata names with underscores)."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each small answer waits 40 ms for the client's delayed ACK
    wbufsize = 64 * 1024
    server: "KeepAliveServer"  # type: ignore[assignment]  # werkzeug names its own; what it reads of it is here

    def run_wsgi(self) -> None:
        with self.server.busy():
            try:
                self._answer()
            except Incomplete:
                self.close_connection = True
            except BadFraming as refusal:
                self._give_up(refusal.status, str(refusal))
            except OSError:
                raise  # the client is gone
            except Exception:
                # Without its query: that of a presigned URL opens what it names.
                log.exception("%r %r failed", self.command, self.path.partition("?")[0])
                self._give_up("500 Internal Server Error", "Internal Server Error")

    def _answer(self) -> None:
        check_target(self.path)
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as body:
            length = read_body(self.headers, self.rfile, into=body, most_bytes=self.server.max_body_bytes)
            environ = self.make_environ()
            environ.update({"wsgi.input": body, "CONTENT_LENGTH": str(length), "wsgi.input_terminated": True})
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            self._send(*self._ask(environ))

    def _ask(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        """The app's status line, headers and body."""
        head: list[Any] = []
        try:
            chunks = self.server.app(environ, lambda status, headers, _=None: head.extend((status, headers)))
            try:
                return head[0], head[1], b"".join(chunks)
            finally:
                getattr(chunks, "close", lambda: None)()
        except OSError as error:
            raise AppFailed(str(error)) from error

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        named = {name.lower() for name, _ in headers}
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in named and int(code) not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _give_up(self, status: str, words: str) -> None:
        """Says it as an API Gateway does."""
        self.close_connection = True  # part of the request may still be on its way
        body = json.dumps({"message": words}).encode()
        self._send(status, [("Content-Type", "application/json"), ("Connection", "close")], body)

    def handle_expect_100(self) -> bool:
        proceed = bool(super().handle_expect_100())
        self.wfile.flush()  # the client waits for this line before it sends its body
        return proceed

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Requests are not logged: at hundreds a second nobody reads them."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """As above, for malformed ones."""


class KeepAliveServer(ThreadingMixIn, HTTPServer):
    """Holds its port from the moment it is made; answers from `start()` to `stop()`, a thread a connection.

    Raises PortInUse, AddressUnusable when made.
    """

    app: WsgiApp

    daemon_threads = True
    request_queue_size = 512
    allow_reuse_address = True
    ssl_context = None
    multithread, multiprocess = True, False
    _server_version = "benchfleet-emulator"

    def __init__(self, *, host: str, port: int, max_body_bytes: int | None = None) -> None:
        self.max_body_bytes = max_body_bytes
        self._connections: set[socket] = set()
        self._state = threading.Condition()
        self._busy = 0
        self.address_family = AF_INET6 if ":" in host else AF_INET
        try:
            super().__init__((host.strip("[]"), port), KeepAliveHandler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(host, port=port) from error
            raise AddressUnusable(host, port=port, reason=error.strerror or str(error)) from error
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name=f"http-{self.url}", daemon=True)

    @property
    def url(self) -> str:
        host = str(self.server_address[0])
        return f"http://{f'[{host}]' if ':' in host else host}:{self.server_address[1]}"

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer would ask DNS for the host's full name
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def start(self, app: WsgiApp) -> None:
        self.app = app
        self._thread.start()

    def stop(self, *, within_s: float) -> None:
        """Stop accepting, let running requests end for up to `within_s` seconds, then close every connection."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()
        with self._state:
            self._state.wait_for(lambda: self._busy == 0, within_s)
            for connection in self._connections:
                _hang_up(connection)
            self._state.wait_for(lambda: not self._connections, within_s)

    def busy(self) -> "_Busy":
        return _Busy(self)

    def count(self, change: int) -> None:
        with self._state:
            self._busy += change
            self._state.notify_all()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._state:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._state:
            self._connections.discard(request)
            self._state.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is told in full."""
        if not isinstance(sys.exception(), OSError):
            log.exception("connection of %s failed", client_address)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Werkzeug's handler logs through its server."""


class _Busy:
    def __init__(self, server: KeepAliveServer) -> None:
        self._server = server

    def __enter__(self) -> None:
        self._server.count(+1)

    def __exit__(self, *_: object) -> None:
        self._server.count(-1)


def _hang_up(connection: socket) -> None:
    try:
        connection.shutdown(SHUT_RDWR)
    except OSError:
        return  # the client was faster
