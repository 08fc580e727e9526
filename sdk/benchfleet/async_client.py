"""The client for programs with an event loop: every method is awaited, or iterated with `async for`."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import httpx

from benchfleet.api.http_clients import options_for
from benchfleet.api.operations import Awaited, Operations
from benchfleet.api.runtime import REAL, Entropy
from benchfleet.api.session import Session, read_base_url, read_key

P = ParamSpec("P")
T = TypeVar("T")


class AsyncClient(Operations, Awaited):
    """Talks to one API with one key, within one event loop; close it, or use it as an async context manager.

    Methods raise what is drawn in `benchfleet.exceptions`. `repeats` False: a request that fails is not sent
    again, for who asks again anyway. `transport`, `sleep` (seconds) and `entropy` are for tests.
    Raises UsageError for an invalid URL or key.
    """

    def __init__(
        self,
        api_url: str,
        *,
        key: str | None = None,
        repeats: bool = True,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        entropy: Entropy = REAL,
    ) -> None:
        base_url, key = read_base_url(api_url), read_key(key)
        http = httpx.AsyncClient(transport=transport, **options_for(base_url.host))
        self._session = Session(base_url, AwaitedRuntime(http, sleep), entropy, key, repeats)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncClient({str(self._session.base_url)!r})"

    async def aclose(self) -> None:
        """Close the connections. The client cannot be used afterwards."""
        await self._session.runtime.close()


class AwaitedRuntime:
    """Suspends where it waits; disk and checksums are left to a thread, so that the loop goes on."""

    def __init__(self, http: httpx.AsyncClient, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._http = http
        self._sleep = sleep

    async def send(self, request: httpx.Request) -> httpx.Response:
        return await self._http.send(request)

    async def open(self, request: httpx.Request) -> httpx.Response:
        return await self._http.send(request, stream=True)

    async def chunks(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        async for chunk in response.aiter_raw():
            yield chunk

    async def release(self, response: httpx.Response) -> None:
        await response.aclose()

    async def sleep(self, seconds: float) -> None:
        await self._sleep(seconds)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(function, *args, **kwargs)

    async def close(self) -> None:
        await self._http.aclose()
