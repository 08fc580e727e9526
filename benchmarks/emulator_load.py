"""What a task's life costs an emulator, what that CPU goes to, and whether more clients make it dearer.

python -m benchmarks emulator_load
"""

import sys
import time
from typing import Any

from benchmarks.child_cpu import ROOT, cpu_s
from benchmarks.emulator_process import Running, running
from benchmarks.lives import live
from benchmarks.metric import Metric

FEW, MANY = 8, 32
LIVES, ROUNDS = 120, 2
STATEMENT = "import moto.server"
# With moto's tables and HTTP between the Lambdas and them (before adr/0022) this ratio was 0.144. The goal was set on a
# machine where a life cost 54.5 ms then, and is 12.5 ms there.
BEFORE, GOAL = 0.144, 12.5 / 54.5
SPREAD_LIMIT = 1.3
EMULATOR = (sys.executable, "-m", "local_emulator", "--port", "0")
WATCHED = (sys.executable, "-m", "benchmarks.watched_emulator")
REST = "the rest of the process"


def metrics() -> list[dict[str, Any]]:
    """Takes about half a minute."""
    cpu_s(STATEMENT)  # compiled from here on
    references, few, many = [], [], []
    with running(EMULATOR, folder=ROOT) as emulator:
        _life_s(emulator, FEW)  # what is made at the first call
        for _ in range(ROUNDS):
            references.append(cpu_s(STATEMENT))
            few.append(_life_s(emulator, FEW))
            many.append(_life_s(emulator, MANY))
    shares, total_s = split()
    return [*_costs(min(references), min(few), min(many)), *_causes(shares, total_s)]


def _costs(reference_s: float, few_s: float, many_s: float) -> list[dict[str, Any]]:
    how = (
        f"{few_s * 1000:.1f} ms, {FEW} clients with keep-alive, {LIVES} lives a round, over {reference_s * 1000:.0f} ms; "
        f"least of {ROUNDS}; the limit is {GOAL:.0%} of what moto's tables cost"
    )
    ratio = round(few_s / reference_s, 4)
    limit = round(BEFORE * GOAL, 4)
    spread = f"{many_s * 1000:.1f} ms over {few_s * 1000:.1f} ms, one emulator, rounds interleaved, least of {ROUNDS}"
    name = f"emulator's CPU a task's life, {MANY} clients over {FEW}"
    return [
        Metric("emulator's CPU a task's life over import moto.server", ratio, "ratio", limit, how).as_dict(),
        Metric(name, round(many_s / few_s, 2), "ratio", SPREAD_LIMIT, spread).as_dict(),
    ]


def _causes(shares: dict[str, float], total_s: float) -> list[dict[str, Any]]:
    """Told, not limited: no share can exceed the whole."""
    how = f"of {total_s * 1000:.1f} ms a life, {FEW} clients; thread CPU between seams, the process's CPU is the whole"
    return [
        Metric(f"share of a life: {cause}", round(share * 100, 1), "%", 100, how).as_dict()
        for cause, share in sorted(shares.items(), key=lambda one: -one[1])
    ]


def split() -> tuple[dict[str, float], float]:
    """Shares by cause, which add up to 1, and CPU seconds a life; of an emulator with seams."""
    with running(WATCHED, folder=ROOT) as emulator:
        live(emulator.ready, clients=FEW, lives=LIVES)
        before = emulator.ask()
        live(emulator.ready, clients=FEW, lives=LIVES)
        _settle()
        after = emulator.ask()
    whole_s = after["process"] - before["process"]
    spent = {cause: after["causes"][cause] - before["causes"].get(cause, 0.0) for cause in after["causes"]}
    spent[REST] = whole_s - sum(spent.values())
    return {cause: seconds / whole_s for cause, seconds in spent.items()}, whole_s / LIVES


def _life_s(emulator: Running, clients: int) -> float:
    """CPU seconds a life."""
    before_s = emulator.cpu_s()
    live(emulator.ready, clients=clients, lives=LIVES)
    _settle()
    return (emulator.cpu_s() - before_s) / LIVES


def _settle() -> None:
    """What the lives left to the stream's function belongs to them: it is called four times a second."""
    time.sleep(0.6)
