"""A network that loses and repeats things, between a real client and a real server on the loopback.

Seeded: the same seed and the same requests give the same faults.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

import httpx


class Mishap(StrEnum):
    NONE = "none"
    REQUEST_LOST = "request lost before it arrived"
    REPLY_LOST = "reply lost after the server acted"
    SENT_TWICE = "request delivered twice, first reply kept"
    ECHOED = "request delivered twice, second reply kept"


@dataclass(frozen=True)
class Rates:
    """Shares of all requests, 0 to 1; together at most 1."""

    request_lost: float = 0.05
    reply_lost: float = 0.10
    sent_twice: float = 0.05
    echoed: float = 0.05


def seeded(rates: Rates, *, seed: int | str) -> Callable[[], Mishap]:
    """Draws what happens to the next request."""
    dice = random.Random(seed)
    weights = [rates.request_lost, rates.reply_lost, rates.sent_twice, rates.echoed]
    weights.append(1 - sum(weights))
    names = [Mishap.REQUEST_LOST, Mishap.REPLY_LOST, Mishap.SENT_TWICE, Mishap.ECHOED, Mishap.NONE]
    return lambda: dice.choices(names, weights)[0]


class FaultyTransport(httpx.BaseTransport):
    """Passes requests to `inner`, save those that the `draw` dooms. `seen` counts what was done."""

    def __init__(self, inner: httpx.BaseTransport, *, draw: Callable[[], Mishap]) -> None:
        self._inner = inner
        self._draw = draw
        self.seen: dict[Mishap, int] = dict.fromkeys(Mishap, 0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.ConnectError or ReadError as a broken network would."""
        request.read()
        mishap = self._draw()
        self.seen[mishap] += 1
        if mishap is Mishap.REQUEST_LOST:
            raise httpx.ConnectError(mishap, request=request)
        reply = self._delivered(request)
        if mishap is Mishap.REPLY_LOST:
            raise httpx.ReadError(mishap, request=request)
        again = self._delivered(request) if mishap in (Mishap.SENT_TWICE, Mishap.ECHOED) else reply
        return again if mishap is Mishap.ECHOED else reply

    def _delivered(self, request: httpx.Request) -> httpx.Response:
        """Sends once and reads the whole reply, so that the server has surely acted."""
        copy = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.content, extensions=request.extensions
        )
        reply = self._inner.handle_request(copy)
        try:
            reply.read()
        finally:
            reply.close()
        return reply

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._inner.__exit__(exc_type, exc_value, traceback)
