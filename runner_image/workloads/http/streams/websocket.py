"""One WebSocket: messages leave when they are due, whether or not earlier ones came back.

Each has a number that nobody can guess, so that no answer can come before its message was sent.
"""

import asyncio
import itertools
import random
import secrets
import time
from collections.abc import Iterator

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from runner_image.workloads.http.streams.plan import StreamPlan
from runner_image.workloads.http.streams.record import Record
from runner_image.workloads.http.streams.waking import Waking


async def stream(plan: StreamPlan, record: Record, waking: Waking, number: int, due: float) -> None:
    """`due`: when it is to be opened, by `time.monotonic()`."""
    await waking.at(due)
    url = f"ws://{plan.host}:{plan.port}{plan.target}"
    try:
        async with connect(url, compression=None, ping_interval=None, proxy=None, open_timeout=plan.drain_s) as socket:
            record.established += 1
            seed = secrets.randbits(64)
            receiving = asyncio.create_task(_receive(plan, record, socket, _texts(number, seed), due))
            try:
                await _send(plan, record, waking, socket, _texts(number, seed), due)
                await receiving
            finally:
                receiving.cancel()
    except InvalidHandshake:
        record.errors["refused"] += 1
    except ConnectionClosed:
        record.errors["read"] += 1
    except OSError:  # a TimeoutError of opening, too
        record.errors["connect"] += 1


async def _send(
    plan: StreamPlan, record: Record, waking: Waking, socket: ClientConnection, texts: Iterator[str], due: float
) -> None:
    for each in range(plan.messages):
        at = due + each * plan.interval_s
        await waking.at(at)
        if each:
            record.lag.append(time.monotonic() - at)
        await socket.send(next(texts))


async def _receive(
    plan: StreamPlan, record: Record, socket: ClientConnection, texts: Iterator[str], due: float
) -> None:
    for each in range(plan.messages):
        text = await socket.recv()
        at = due + each * plan.interval_s
        record.came(right=text == next(texts), number=each, due=at, at=time.monotonic())


def _texts(number: int, seed: int) -> Iterator[str]:
    """Of one stream, without end; the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - the seed is the secret
    for each in itertools.count():
        yield f'{{"stream":{number},"message":{each},"check":{draw.getrandbits(32)}}}'
