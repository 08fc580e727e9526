"""Events without end must not fill the memory: what a stream may send in all is bounded."""

from collections.abc import AsyncIterator, Iterator
from typing import cast

import httpx

MOST_EVENT_BYTES = 4096  # of one right event, many times over


class Bounded(httpx.AsyncByteStream, httpx.SyncByteStream):
    """The bytes of a response, `most` of them. Raises httpx.ReadError where there are more."""

    def __init__(self, stream: httpx.AsyncByteStream | httpx.SyncByteStream, most: int) -> None:
        self._stream, self._left = stream, most

    def __iter__(self) -> Iterator[bytes]:
        for piece in cast(httpx.SyncByteStream, self._stream):
            yield self._counted(piece)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in cast(httpx.AsyncByteStream, self._stream):
            yield self._counted(piece)

    def close(self) -> None:
        cast(httpx.SyncByteStream, self._stream).close()

    async def aclose(self) -> None:
        await cast(httpx.AsyncByteStream, self._stream).aclose()

    def _counted(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        if self._left < 0:
            raise httpx.ReadError("more bytes than so few events need")
        return piece


def bound(response: httpx.Response, *, events: int) -> None:
    """Of a response that is not read yet."""
    response.stream = Bounded(response.stream, events * MOST_EVENT_BYTES)
