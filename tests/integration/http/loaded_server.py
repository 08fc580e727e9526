"""A small server that answers as its path says: rightly, wrongly, by half, late, never, or until it dies."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

BODY = b"x" * 27
PACE_S = 0.01  # at full speed each second of load would cost a core, and show no more
_HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 54\r\n\r\n" + BODY


def answer(status: str, body: bytes, *more: bytes) -> bytes:
    head = b"".join(
        [b"HTTP/1.1 ", status.encode(), b"\r\nContent-Length: ", str(len(body)).encode(), b"\r\n", *more, b"\r\n"]
    )
    return head + body


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxxxxx\r\n16\r\n" + b"x" * 22 + b"\r\n0\r\n\r\n"
ANSWERS = {
    "/ok": answer("200 OK", BODY),
    "/500": answer("500 Internal Server Error", b"no"),
    "/404": answer("404 Not Found", b"no"),
    "/302": answer("302 Found", b"", b"Location: /ok\r\n"),
    "/short": answer("200 OK", BODY[:-1]),
    "/other": answer("200 OK", b"y" * 27),
    "/created": answer("201 Created", BODY),
    "/chunked": CHUNKED,
    "/twice": 2 * answer("200 OK", BODY),
    "/twice-chunked": 2 * CHUNKED,
}


class LoadedServer:
    """Counts `requests` and `connections`. `dies_after`: closes everything after so many requests.

    `starves`: this connection, counted from 1, gets one answer and no more.
    """

    def __init__(self, *, dies_after: int | None = None, starves: int | None = None) -> None:
        self.requests, self.connections, self.seen = 0, 0, dict[str, bytes]()
        self.port = 0
        self._starves = starves
        self._dies_after, self._open = dies_after, set[asyncio.StreamWriter]()
        self._loop, self._ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopped.wait()
        self._die()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def _die(self) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        starved = self.connections == self._starves
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                if starved:
                    await asyncio.sleep(3600)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request; whether the connection stays."""
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode().partition("?")[0]
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        self.seen[path] = head + await reader.readexactly(length)
        self.requests += 1
        if self._dies_after is not None and self.requests >= self._dies_after:
            self._die()
            return False
        if path == "/hang":
            await asyncio.sleep(3600)
        if path == "/twice-later":  # nobody has asked for the second
            writer.write(ANSWERS["/ok"])
            await writer.drain()
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.02 if path == "/slow" else PACE_S)
        closes = b"connection: close" in head.lower()
        said = _HALF if path == "/half" else ANSWERS.get(path, ANSWERS["/ok"])
        writer.write(said.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) if closes else said)
        await writer.drain()
        return not (closes or path == "/half")


@contextmanager
def loaded_server(*, dies_after: int | None = None, starves: int | None = None) -> Iterator[LoadedServer]:
    server = LoadedServer(dies_after=dies_after, starves=starves)
    server.start()
    try:
        yield server
    finally:
        server.stop()
