"""Connections whose bytes are stamped when the loop receives them, not when a task gets to them.

With 64 streams a task may wait many milliseconds for its turn. So readers are woken one by one, and between any two of them the
loop takes in what has arrived. httpcore calls this a network backend (https://www.encode.io/httpcore/network-backends/).
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Iterable
from typing import Any
from urllib.request import getproxies

import httpcore
import httpx

from runner_image.workloads.llm.transports import Spread

MOST_WAITING_BYTES = 4 * 1024 * 1024  # of one connection, unread: then the server has to wait


class _Turns:
    """Wakes one waiting reader in each round of the loop; all at once would keep it from the sockets for all their work."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    def wake(self, reader: asyncio.Future[None]) -> None:
        self._waiting.append(reader)
        if len(self._waiting) == 1:
            reader.get_loop().call_soon(self._next)

    def _next(self) -> None:
        reader = self._waiting[0]
        if not reader.done():
            reader.set_result(None)
        self._waiting.popleft()
        if self._waiting:
            reader.get_loop().call_soon(self._next)


class _Arrivals(asyncio.Protocol):
    """Pieces as they arrived, each with its time."""

    def __init__(self, turns: _Turns) -> None:
        self._turns = turns
        self.pieces: deque[tuple[float, bytes]] = deque()
        self.ended = False
        self.error: Exception | None = None
        self.transport: Any = None
        self._bytes = 0
        self._reader: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.pieces.append((time.perf_counter(), data))
        self._bytes += len(data)
        if self._bytes > MOST_WAITING_BYTES:
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended, self.error = True, exc
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def arrived(self) -> None:
        """Returns when there is something to read, or never will be."""
        if not self.pieces and not self.ended:
            reader = self._reader = asyncio.get_running_loop().create_future()
            await reader

    async def drained(self) -> None:
        await self._writable.wait()

    def take(self, most: int) -> tuple[float, bytes]:
        at, piece = self.pieces.popleft()
        if len(piece) > most:
            self.pieces.appendleft((at, piece[most:]))
            piece = piece[:most]
        before, self._bytes = self._bytes, self._bytes - len(piece)
        if before > MOST_WAITING_BYTES >= self._bytes and not self.ended:
            self.transport.resume_reading()
        return at, piece

    def _wake(self) -> None:
        if self._reader is not None:
            self._turns.wake(self._reader)
            self._reader = None


class StampedStream(httpcore.AsyncNetworkStream):
    """On the clock of `time.perf_counter`: `read_at` is when what `read` gave last had arrived, `wrote_at` when the last
    request began to be written.
    """

    def __init__(self, arrivals: _Arrivals) -> None:
        self._arrivals = arrivals
        self.read_at = self.wrote_at = 0.0
        self._writing = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                await self._arrivals.arrived()
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        if self._arrivals.pieces:
            self._writing = False
            self.read_at, piece = self._arrivals.take(max_bytes)
            return piece
        if self._arrivals.error:
            raise httpcore.ReadError(str(self._arrivals.error)) from self._arrivals.error
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._arrivals.ended and self._arrivals.error:
            raise httpcore.WriteError(str(self._arrivals.error))
        if not self._writing:
            self._writing, self.wrote_at = True, time.perf_counter()
        self._arrivals.transport.write(buffer)
        try:
            async with asyncio.timeout(timeout):
                await self._arrivals.drained()
        except TimeoutError:
            raise httpcore.WriteTimeout from None

    async def aclose(self) -> None:
        self._arrivals.transport.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                self._arrivals.transport = await loop.start_tls(
                    self._arrivals.transport, self._arrivals, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # of an idle connection: the server has closed it, or speaks out of turn
            return self._arrivals.ended or bool(self._arrivals.pieces)
        return self._arrivals.transport.get_extra_info(_NAMES.get(info, info))


_NAMES = {"client_addr": "sockname", "server_addr": "peername"}


class StampedBackend(httpcore.AsyncNetworkBackend):
    def __init__(self) -> None:
        self._turns = _Turns()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        source = (local_address, 0) if local_address else None
        try:
            async with asyncio.timeout(timeout):
                _, arrivals = await loop.create_connection(
                    lambda: _Arrivals(self._turns), host, port, local_addr=source
                )
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return StampedStream(arrivals)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def client(*, verify: ssl.SSLContext, trust_env: bool, connect_s: float) -> httpx.AsyncClient:
    """Without a timeout for reading: each try has a deadline. Through a proxy, chunks are stamped when a task reads them."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    backend = StampedBackend()

    def stamping() -> httpx.AsyncHTTPTransport:
        transport = httpx.AsyncHTTPTransport(verify=verify, limits=limits, trust_env=trust_env)
        transport._pool._network_backend = backend  # httpx passes every option of its pool but this one
        return transport

    return httpx.AsyncClient(
        transport=None if trust_env and _behind_a_proxy() else Spread(stamping),
        verify=verify,
        limits=limits,
        timeout=httpx.Timeout(None, connect=connect_s),
        headers={"User-Agent": "benchfleet-runner"},
        trust_env=trust_env,
    )


def _behind_a_proxy() -> bool:
    return any(name in getproxies() for name in ("http", "https", "all"))
