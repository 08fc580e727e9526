"""Opens all streams on time, and ends those that go on for too long."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import httpx

from runner_image.workloads.http.streams import sse, websocket
from runner_image.workloads.http.streams.opening import cost_of, rounds_for
from runner_image.workloads.http.streams.plan import StreamPlan
from runner_image.workloads.http.streams.record import Record
from runner_image.workloads.http.streams.waking import Waking

LEAD_S = 0.2  # from here to the first stream
WARM_S = 0.01


@dataclass(frozen=True)
class Run:
    """`plan` as it was carried out. `start`: by `time.monotonic()`; `cpu_s` of `took_s`: what the load cost this process."""

    plan: StreamPlan
    record: Record
    start: float
    cpu_s: float
    took_s: float


async def run(plan: StreamPlan) -> Run:
    """How long openings may take is measured first, by a few streams that are not kept."""
    waking = Waking()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    timeout = httpx.Timeout(plan.drain_s + plan.interval_s)
    base = f"http://{plan.host}:{plan.port}"
    async with httpx.AsyncClient(base_url=base, limits=limits, timeout=timeout, trust_env=False) as client:

        def one(plan: StreamPlan, record: Record, number: int, due: float) -> Awaitable[None]:
            if plan.protocol == "sse":
                return sse.stream(client, plan, record, waking, number, due)
            return websocket.stream(plan, record, waking, number, due)

        plan = replace(plan, rounds=rounds_for(plan, cost_s=await _cost(plan, one)))
        done = await _loaded(plan, one)
    waking.close()
    return done


_One = Callable[[StreamPlan, Record, int, float], Awaitable[None]]


async def _cost(plan: StreamPlan, one: _One) -> float:
    """CPU seconds of one opening; none where the server does not answer, which the load itself will show."""
    short = replace(plan, connections=1, interval_s=WARM_S, duration_s=2 * WARM_S)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(plan.drain_s):
            return await cost_of(lambda: one(short, Record(), 0, time.monotonic()))
    return 0.0


async def _loaded(plan: StreamPlan, one: _One) -> Run:
    record, began, before = Record(), time.monotonic(), time.process_time()
    start = began + LEAD_S
    each = range(plan.connections)
    tasks = [asyncio.ensure_future(one(plan, record, number, start + plan.opens_at(number))) for number in each]
    _done, late = await asyncio.wait(tasks, timeout=LEAD_S + plan.opening_s + plan.duration_s + plan.drain_s)
    record.errors["timeout"] += len(late)
    for task in late:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    for failed in ended:
        if isinstance(failed, Exception):  # a mistake of ours: what servers do wrong is in the record
            raise failed
    return Run(plan, record, start, time.process_time() - before, time.monotonic() - began)
