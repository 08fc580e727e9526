"""Sends one webhook: bounded in time and size, to a public address only, following no redirect."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from chalicelib.domain.schedule_ports import NotDelivered

CONNECT_S, TOTAL_S = 5.0, 10.0
MOST_READ = 4_096  # of the answer, which nobody looks at
MAX_BODY_BYTES = 256 * 1024
_LATER = frozenset({408, 409, 421, 425, 429})  # of 4xx: another time it may be taken
_MOST_ADDRESSES = 4

Allowed = Callable[[str], bool]  # is this address one to connect to?


class Webhooks:
    """`allowed` is `addresses.is_public` but in tests, whose server is on this machine; `context` says whom to believe.

    `total_s` bounds a whole conversation.
    """

    def __init__(self, allowed: Allowed, *, context: ssl.SSLContext | None = None, total_s: float = TOTAL_S) -> None:
        self._allowed = allowed
        self._total_s = total_s
        self._context = context or ssl.create_default_context()

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        """Raises NotDelivered for anything but a 2xx. The words never hold the URL's path or query, which may hold a token."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" or not host or len(body) > MAX_BODY_BYTES:
            raise NotDelivered("the webhook is no https address, or its message too large", forever=True)
        deadline = time.monotonic() + self._total_s
        address = self._address(host, parts.port or 443)
        connection = _Pinned(host, address, parts.port or 443, context=self._context, deadline=deadline)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            status = _status(connection, deadline)
        except (OSError, http.client.HTTPException) as error:
            raise NotDelivered(f"{host}: {type(error).__name__}: {error}"[:300]) from error
        except ValueError as error:  # a path that no request can hold
            raise NotDelivered(f"{host}: the address cannot be called: {type(error).__name__}", forever=True) from error
        finally:
            connection.close()
        _judge(host, status)

    def _address(self, host: str, port: int) -> str:
        """One that may be connected to. Raises NotDelivered; a name with a single forbidden address is refused as a whole."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotDelivered(f"{host} has no address: {error}") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise NotDelivered(f"{host} is no address of the public internet", forever=True)
        return addresses[0]


class _Pinned(http.client.HTTPSConnection):
    """Connects to the address that was checked, and has the certificate checked for the name."""

    def __init__(self, host: str, address: str, port: int, *, context: ssl.SSLContext, deadline: float) -> None:
        super().__init__(host, port, timeout=CONNECT_S, context=context)
        self._address, self._tls, self._deadline = address, context, deadline
        self._sockets: list[socket.socket] = []
        self._alarm = threading.Timer(max(0.0, deadline - time.monotonic()), self._cut)
        self._alarm.daemon = True

    def connect(self) -> None:
        self._alarm.start()
        plain = socket.create_connection((self._address, self.port), timeout=_left(self._deadline, most=CONNECT_S))
        self._sockets.append(plain)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
        self._sockets.append(self.sock)
        self.sock.settimeout(_left(self._deadline))

    def close(self) -> None:
        self._alarm.cancel()
        super().close()

    def _cut(self) -> None:
        """Ends a conversation that goes on byte by byte: a timeout of the socket begins anew with each of them."""
        for each in self._sockets:
            with suppress(OSError, ValueError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)


def _status(connection: _Pinned, deadline: float) -> int:
    """Reads little of the answer, and not for long: a server that sends a byte a second keeps nobody."""
    connection.sock.settimeout(_left(deadline))
    with connection.getresponse() as response:
        _left(deadline)
        response.read(MOST_READ)
        return response.status


def _left(deadline: float, *, most: float = TOTAL_S) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return min(left, most)


def _judge(host: str, status: int) -> None:
    if 200 <= status < 300:
        return
    forever = 300 <= status < 500 and status not in _LATER
    said = f"{host} answered with {status}"
    raise NotDelivered(f"{said}: redirects are not followed" if status < 400 else said, forever=forever)
