"""An HTTP/1.1 server for WSGI apps that keeps connections alive."""

import errno
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import HTTPServer
from socket import AF_INET, AF_INET6, SHUT_RDWR, create_connection, socket
from socketserver import TCPServer, ThreadingMixIn
from typing import Any

from local_emulator.errors import AddressUnusable, PortInUse
from local_emulator.http_handler import KeepAliveHandler

log = logging.getLogger(__name__)

WsgiApp = Any  # environ, start_response -> iterable of bytes


class KeepAliveServer(ThreadingMixIn, HTTPServer):
    """Holds its port from the moment it is made; answers from `start()` to `stop()`, a thread a connection.

    `most_bytes` tells from a request's head how large its body may be. Raises PortInUse, AddressUnusable when made.
    """

    app: WsgiApp

    daemon_threads = True
    request_queue_size = 512
    allow_reuse_address = True
    ssl_context = None
    multithread, multiprocess = True, False
    _server_version = "benchfleet-emulator"

    def __init__(
        self,
        *,
        host: str,
        port: int,
        most_bytes: Callable[[dict[str, Any]], int | None] = lambda _environ: None,
        flags: tuple[str, str] = ("--host", "--port"),
    ) -> None:
        address = host.strip().removeprefix("[").removesuffix("]")
        if not address:
            raise AddressUnusable(
                host, port=port, reason="an empty address would be every one of this machine", flag=flags[0]
            )
        self.most_bytes = most_bytes
        self._connections: set[socket] = set()
        self._state = threading.Condition()
        self._busy = 0
        self.address_family = AF_INET6 if ":" in address else AF_INET
        try:
            super().__init__((address, port), KeepAliveHandler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(host, port=port, flag=flags[1]) from error
            raise AddressUnusable(host, port=port, reason=error.strerror or str(error), flag=flags[0]) from error
        except ValueError as error:  # what no name may hold
            raise AddressUnusable(host, port=port, reason=str(error), flag=flags[0]) from error
        self._thread = threading.Thread(target=self.serve_forever, args=(None,), name=f"http-{self.url}", daemon=True)

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
            asking = threading.Thread(target=self.shutdown)
            asking.start()
            self._wake()
            asking.join()
            self._thread.join()
        self.server_close()
        with self._state:
            self._state.wait_for(lambda: self._busy == 0, within_s)
            for connection in self._connections:
                _hang_up(connection)
            self._state.wait_for(lambda: not self._connections, within_s)

    def _wake(self) -> None:
        """The thread that accepts sleeps until somebody connects."""
        with suppress(OSError), create_connection((str(self.server_address[0]), self.server_port), timeout=1):
            pass

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
