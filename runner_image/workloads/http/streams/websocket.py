"""One WebSocket: messages leave when they are due, whether or not earlier ones came back."""

import asyncio
import time

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
            receiving = asyncio.create_task(_receive(plan, record, socket, number, due))
            try:
                await _send(plan, record, waking, socket, number, due)
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
    plan: StreamPlan, record: Record, waking: Waking, socket: ClientConnection, number: int, due: float
) -> None:
    for each in range(plan.messages):
        at = due + each * plan.interval_s
        await waking.at(at)
        if each:
            record.lag.append(time.monotonic() - at)
        await socket.send(_text(number, each))


async def _receive(plan: StreamPlan, record: Record, socket: ClientConnection, number: int, due: float) -> None:
    for each in range(plan.messages):
        text = await socket.recv()
        at = due + each * plan.interval_s
        record.came(right=text == _text(number, each), number=each, due=at, at=time.monotonic())


def _text(number: int, each: int) -> str:
    return f'{{"stream":{number},"message":{each}}}'
