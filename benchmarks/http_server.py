"""A server whose latencies are known, for `http_load`: it writes down how long it kept each request.

python -m benchmarks.http_server at-once|busy|spread|frozen   prints its port; on SIGTERM the percentiles of what it kept, in ms.
"""

import asyncio
import heapq
import json
import random
import signal
import sys
import time
from collections.abc import Callable
from typing import cast

import uvloop

from runner_image.workloads.http.load.open_loop.timer import Timer
from runner_image.workloads.http.load.open_loop.told import distribution

BODY = b"x" * 27
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 27\r\n\r\n" + BODY
SPREAD_S = (0.005, 0.045)  # uniform
FROZEN_S, EVERY_S = 0.5, 3.5  # half a second after every three
BUSY_S = 0.0001
Later = Callable[[Callable[[], None]], None]


class Late:
    """Answers after a random time, by one timer: the loop's own are whole milliseconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, self._count, self._draw = Timer(loop, self._ring), 0, random.Random(1)
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def __call__(self, answer: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (time.monotonic() + self._draw.uniform(*SPREAD_S), self._count, answer))
        self._timer.set(self._due[0][0])

    def _ring(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            heapq.heappop(self._due)[2]()
        if self._due:
            self._timer.set(self._due[0][0])


def _busy(answer: Callable[[], None]) -> None:
    """As a framework in Python: the server, not the generator, is the limit."""
    until = time.thread_time() + BUSY_S
    while time.thread_time() < until:
        pass
    answer()


def _at_once(answer: Callable[[], None]) -> None:
    answer()


class Serving(asyncio.Protocol):
    def __init__(self, later: Later, kept: list[float]) -> None:
        self._later, self._kept = later, kept

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        came = time.monotonic()

        def answer() -> None:
            self._kept.append(time.monotonic() - came)
            self._transport.write(ANSWER)

        self._later(answer)


async def serve(mode: str) -> None:
    loop, kept, ended = asyncio.get_running_loop(), list[float](), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    later: Later = Late(loop) if mode == "spread" else _busy if mode == "busy" else _at_once
    server = await loop.create_server(lambda: Serving(later, kept), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    if mode == "frozen":
        loop.call_later(EVERY_S - FROZEN_S, _freeze, loop)
    await ended.wait()
    print(json.dumps({**distribution(kept), "encoded": ""}), flush=True)


def _freeze(loop: asyncio.AbstractEventLoop) -> None:
    time.sleep(FROZEN_S)
    loop.call_later(EVERY_S - FROZEN_S, _freeze, loop)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
