"""A pool of connections for each request that is under way.

With every request that begins or ends, httpcore's pool compares each of its idle connections with each other one: at 64 streams
that keeps the event loop for 3 to 6 ms, and chunks that arrive meanwhile get late stamps. A pool of one has nothing to compare.
"""

from collections.abc import AsyncIterator, Callable

import httpx

Make = Callable[[], httpx.AsyncBaseTransport]


class Spread(httpx.AsyncBaseTransport):
    """`make` gives a transport. The one that was free last is taken first: its connection is the freshest."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._free: list[httpx.AsyncBaseTransport] = []
        self._all: list[httpx.AsyncBaseTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        transport = self._free.pop() if self._free else self._another()
        try:
            response = await transport.handle_async_request(request)
        except BaseException:
            self._free.append(transport)
            raise
        response.stream = _Returning(response.stream, lambda: self._free.append(transport))  # type: ignore[arg-type]
        return response

    def _another(self) -> httpx.AsyncBaseTransport:
        self._all.append(self._make())
        return self._all[-1]

    async def aclose(self) -> None:
        for transport in self._all:
            await transport.aclose()


class _Returning(httpx.AsyncByteStream):
    """A response's body. The transport is free when it is closed, once."""

    def __init__(self, stream: httpx.AsyncByteStream, back: Callable[[], None]) -> None:
        self._stream, self._back = stream, back
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            if not self._closed:
                self._closed = True
                self._back()
