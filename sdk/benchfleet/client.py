"""The client for programs that wait: every method returns when it is done."""

import time
from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import httpx

from benchfleet.api.http_clients import options_for
from benchfleet.api.operations import Blocking, Operations
from benchfleet.api.runtime import REAL, Entropy
from benchfleet.api.session import Session, read_base_url, read_key

P = ParamSpec("P")
T = TypeVar("T")


class Client(Operations, Blocking):
    """Talks to one API with one key. Usable from several threads at once; close it, or use it as a context manager.

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
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        entropy: Entropy = REAL,
    ) -> None:
        base_url, key = read_base_url(api_url), read_key(key)
        http = httpx.Client(transport=transport, **options_for(base_url.host))
        self._session = Session(base_url, BlockingRuntime(http, sleep), entropy, key, repeats)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({str(self._session.base_url)!r})"

    def close(self) -> None:
        """Close the connections. The client cannot be used afterwards."""
        self.run_flow(self._session.runtime.close())


class BlockingRuntime:
    """Coroutines that never suspend: what they ask for has happened when they return."""

    def __init__(self, http: httpx.Client, sleep: Callable[[float], None]) -> None:
        self._http = http
        self._sleep = sleep

    async def send(self, request: httpx.Request) -> httpx.Response:
        return self._http.send(request)

    async def open(self, request: httpx.Request) -> httpx.Response:
        return self._http.send(request, stream=True)

    async def chunks(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        for chunk in response.iter_raw():
            yield chunk

    async def release(self, response: httpx.Response) -> None:
        response.close()

    async def sleep(self, seconds: float) -> None:
        self._sleep(seconds)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    async def close(self) -> None:
        self._http.close()
