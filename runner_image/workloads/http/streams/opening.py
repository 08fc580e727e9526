"""Over how long streams are opened: to open one costs far more than a message, and must not make the messages late."""

import math
import time
from collections.abc import Awaitable, Callable

from runner_image.workloads.http.streams.plan import StreamPlan

SHARE = 0.25  # of a core, for openings
MOST_OPENING_S = 30.0
SOME = 5  # streams by which the cost is measured


def rounds_for(plan: StreamPlan, *, cost_s: float) -> int:
    """Intervals within which all streams of the plan can be opened. `cost_s`: CPU seconds of one opening."""
    wanted = min(cost_s * plan.connections / SHARE, MOST_OPENING_S)
    return max(
        1, math.floor(wanted / plan.interval_s) if wanted == MOST_OPENING_S else math.ceil(wanted / plan.interval_s)
    )


async def cost_of(opened: Callable[[], Awaitable[None]]) -> float:
    """CPU seconds of one stream of few messages. The first one is left out: libraries import and set up with it."""
    await opened()
    before = time.process_time()
    for _ in range(SOME):
        await opened()
    return (time.process_time() - before) / SOME
