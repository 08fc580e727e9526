"""Our own generator, started as a process: latency at a fixed rate, from the time when each request was due."""

import json
from collections.abc import Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import Any

from runner_image.workloads.http.load import open_loop
from runner_image.workloads.http.load.driver import (
    Commands,
    Distribution,
    Latency,
    Missing,
    Request,
    Target,
    ToolFailed,
    Version,
)
from runner_image.workloads.http.load.open_loop.plan import DRAIN_S, Plan

PLAN = "open-loop-plan.json"
OVERTIME_S = 60.0  # for its start and its histograms
NEEDED = ("uvloop", "hdrh")
REMEDY = "pip install 'benchfleet[load]'"
_SHAPES = ("response", "service", "dispatch_lag")


class OpenLoop:
    """Good for 4,000 requests a second and more on one core of its own: see docs/benchmarks.md."""

    name = "open-loop"

    def __init__(self, commands: Commands, *, drain_s: float = DRAIN_S) -> None:
        """`drain_s`: how long answers may still come after the last request was due."""
        self._commands, self._drain_s = commands, drain_s

    def probe(self) -> Version | Missing:
        if any(find_spec(name) is None for name in NEEDED):
            return Missing(self.name, REMEDY)
        return Version(self.name, metadata.version("benchfleet"))

    def open_loop(
        self,
        target: Target,
        request: Request,
        *,
        rate: float,
        duration_s: float,
        connections: int,
        keep_alive: bool = True,
        seed: int = 0,
        cores: Sequence[int] = (),
    ) -> Latency:
        """Raises ToolFailed where the generator breaks."""
        plan = Plan(target, request, rate, duration_s, connections, keep_alive, seed, self._drain_s)
        self._commands.write(PLAN, plan.as_json())
        argv = [self._commands.python, "-m", open_loop.__name__, PLAN]
        ended = self._commands(argv, timeout_s=duration_s + plan.drain_s + OVERTIME_S, cores=cores)
        if ended.code:
            raise ToolFailed(f"The open-loop generator failed (exit code {ended.code}): {ended.stderr[-500:]}")
        return read(ended.stdout, plan=plan, argv=argv)


def read(stdout: str, *, plan: Plan, argv: Sequence[str]) -> Latency:
    told: dict[str, Any] = json.loads(stdout)
    told |= {name: Distribution(**told[name]) for name in _SHAPES}
    return Latency(
        tool=OpenLoop.name,
        argv=tuple(argv),
        rate=plan.rate,
        connections=plan.connections,
        keep_alive=plan.keep_alive,
        duration_s=plan.duration_s,
        **told,
    )
