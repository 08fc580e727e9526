"""HTTP/1.1 over asyncio's streams: as much as a provider's client needs, with every write at its own time."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> dict[str, Any]:
        found = json.loads(self.content or b"{}")
        return found if isinstance(found, dict) else {}


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """None when the client has gone."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    line, *fields = head.rstrip("\r\n").split("\r\n")
    method, target, _ = line.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in fields)}
    content = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, unquote(target), headers, content)


class Reply:
    """One response, whole or in chunks."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def whole(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(document).encode()
        sent = {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}
        self._writer.write(_head(status, sent) + content)
        await self._writer.drain()

    async def begin(self, content_type: str, headers: dict[str, str] | None = None) -> None:
        sent = {"Content-Type": content_type, "Transfer-Encoding": "chunked", **(headers or {})}
        self._writer.write(_head(200, sent))
        await self._writer.drain()

    async def chunk(self, content: bytes) -> None:
        if content:
            self._writer.write(b"%x\r\n%s\r\n" % (len(content), content))
            await self._writer.drain()

    async def end(self) -> None:
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    async def raw(self, parts: Sequence[bytes], *, hang: bool) -> None:
        """Raises ConnectionError, which closes the connection, unless it is to hang."""
        for part in parts:
            self._writer.write(part)
            await self._writer.drain()
            await asyncio.sleep(0)
        if not hang:
            raise ConnectionAbortedError

    def cut(self) -> None:
        """Drops the connection in the middle."""
        self._writer.transport.abort()


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
