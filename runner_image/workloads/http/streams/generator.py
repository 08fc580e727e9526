"""Opens all streams on time, and ends those that go on for too long."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import replace

import httpx

from runner_image.workloads.http.streams import sse, websocket
from runner_image.workloads.http.streams.plan import StreamPlan
from runner_image.workloads.http.streams.record import Record
from runner_image.workloads.http.streams.waking import Waking

LEAD_S = 0.2  # from here to the first stream
WARM_S = 0.01


async def run(plan: StreamPlan) -> tuple[Record, float]:
    """What was seen, and when it started, by `time.monotonic()`."""
    record, waking = Record(), Waking()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    timeout = httpx.Timeout(plan.drain_s + plan.interval_s)
    base = f"http://{plan.host}:{plan.port}"
    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=timeout, trust_env=False) as client:

        def one(plan: StreamPlan, record: Record, number: int, due: float) -> Awaitable[None]:
            if plan.protocol == "sse":
                return sse.stream(client, plan, record, waking, number, due)
            return websocket.stream(plan, record, waking, number, due)

        # What libraries import and set up with their first stream is no part of the load.
        await one(replace(plan, connections=1, interval_s=WARM_S, duration_s=2 * WARM_S), Record(), 0, time.monotonic())
        start = time.monotonic() + LEAD_S
        each = range(plan.connections)
        tasks = [asyncio.ensure_future(one(plan, record, number, start + plan.opens_at(number))) for number in each]
        _done, late = await asyncio.wait(tasks, timeout=LEAD_S + plan.interval_s + plan.duration_s + plan.drain_s)
        record.errors["timeout"] += len(late)
        for task in late:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    waking.close()
    for failed in ended:
        if isinstance(failed, Exception):  # a mistake of ours: what servers do wrong is in the record
            raise failed
    return record, start
