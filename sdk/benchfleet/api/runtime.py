"""What a flow needs for everything that takes time. There are two runtimes, one that blocks and one that is awaited."""

import random
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import ParamSpec, Protocol, TypeVar

import httpx

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Entropy:
    """Clock and random numbers. `clock` only goes forward (seconds), `now` is Unix time, `random` gives 0 to 1."""

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    random: Callable[[], float] = random.random


REAL = Entropy()


class Runtime(Protocol):
    """Raises what httpx raises; `exchange.py` translates it."""

    async def send(self, request: httpx.Request) -> httpx.Response:
        """The whole response."""

    async def open(self, request: httpx.Request) -> httpx.Response:
        """The response's head. `chunks` brings its body, `release` must follow."""

    def chunks(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        """Pieces as they come: whoever gathers larger ones loses the last when the connection breaks."""

    async def release(self, response: httpx.Response) -> None: ...

    async def sleep(self, seconds: float) -> None: ...

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work for disk or processor, kept from an event loop."""

    async def close(self) -> None: ...
