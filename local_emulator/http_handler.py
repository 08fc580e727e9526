"""One connection of the server: reads a whole request, calls the app, and answers with a length.

Werkzeug's own closes every connection after one answer and lingers 10 ms on each, which is most of the cost of a
DynamoDB call.
"""

import json
import logging
import tempfile
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler

from local_emulator.framing import BadFraming, check_target, read_body

if TYPE_CHECKING:
    from local_emulator.http_server import KeepAliveServer

SPOOL_BYTES = 1024 * 1024  # a larger body waits on disk
log = logging.getLogger(__name__)


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
        environ = self.make_environ()
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as body:
            most = self.server.most_bytes(environ)
            length = read_body(self.headers, self.rfile, into=body, most_bytes=most)
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
