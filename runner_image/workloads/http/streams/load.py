"""The stream load as a process in the slot of the task, on cores of its own."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from runner_image.workloads.http import streams
from runner_image.workloads.http.load.driver import Commands, Distribution, Missing, ToolFailed
from runner_image.workloads.http.streams.opening import MOST_OPENING_S
from runner_image.workloads.http.streams.plan import StreamPlan

NAME = "streams"
PLAN = "stream-plan.json"
OVERTIME_S = 60.0
NEEDED = ("uvloop", "hdrh", "websockets", "httpx_sse")
REMEDY = "pip install 'benchfleet[load]'"
_SHAPES = ("first_message", "latency", "dispatch_lag")


def missing() -> Missing | None:
    return Missing(NAME, REMEDY) if any(find_spec(name) is None for name in NEEDED) else None


def load(commands: Commands, plan: StreamPlan, *, cores: Sequence[int] = ()) -> dict[str, Any]:
    """What `__main__` tells, its distributions as such. Raises ToolFailed where the load breaks."""
    commands.write(PLAN, plan.as_json())
    argv = [commands.python, "-m", streams.__name__, PLAN]
    opening_s = max(plan.interval_s, MOST_OPENING_S)
    longest_s = opening_s + plan.duration_s + 2 * plan.drain_s + OVERTIME_S  # drains: of the first few streams, too
    ended = commands(argv, timeout_s=longest_s, cores=cores)
    if ended.code:
        raise ToolFailed(f"The load of streams failed (exit code {ended.code}): {ended.stderr[-500:]}")
    told: dict[str, Any] = json.loads(ended.stdout)
    return told | {name: Distribution(**told[name]) for name in _SHAPES} | {"argv": argv}
