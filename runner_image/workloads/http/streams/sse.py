"""One stream of server-sent events: the server sends them when they are due."""

import json
import time

import httpx
from httpx_sse import ServerSentEvent, SSEError, aconnect_sse

from runner_image.workloads.http.streams.bounded import bound
from runner_image.workloads.http.streams.plan import StreamPlan
from runner_image.workloads.http.streams.record import Record
from runner_image.workloads.http.streams.waking import Waking

EARLY_S = 0.002  # of timers; what comes earlier was not sent when it was due


async def stream(
    client: httpx.AsyncClient, plan: StreamPlan, record: Record, waking: Waking, _number: int, due: float
) -> None:
    """`due`: when it is to be opened, by `time.monotonic()`. The server's own schedule begins when it is asked."""
    await waking.at(due)
    asked = time.monotonic()
    record.lag.append(asked - due)
    try:
        async with aconnect_sse(client, "GET", plan.target) as source:
            if source.response.status_code != 200:
                record.errors["refused"] += 1
                return
            record.established += 1
            bound(source.response, events=plan.messages + 1)
            each = 0
            async for event in source.aiter_sse():
                at, now = asked + each * plan.interval_s if each else due, time.monotonic()
                on_time = each == 0 or now >= at - EARLY_S
                right = each < plan.messages and on_time and is_tick(event, each)
                record.came(right=right, number=each, due=at, at=now)
                each += 1
                if each > plan.messages:
                    break
    except SSEError:
        record.errors["refused"] += 1
    except httpx.ConnectError:
        record.errors["connect"] += 1
    except httpx.TimeoutException:
        record.errors["timeout"] += 1
    except httpx.HTTPError:
        record.errors["read"] += 1


def is_tick(event: ServerSentEvent, number: int) -> bool:
    """`id: 3`, `data: {"tick": 3}`."""
    try:
        return event.id == str(number) and json.loads(event.data) == {"tick": number}
    except ValueError:
        return False
