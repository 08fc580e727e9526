"""What a task's life costs an emulator, what that CPU goes to, and whether more clients make it dearer.

python -m benchmarks emulator_load
"""

import sys
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.causes import BEFORE, CAUSES, LIFE_BEFORE, REST, SOURCE
from benchmarks.child_cpu import ROOT, cpu_s
from benchmarks.emulator_process import Running, running
from benchmarks.lives import live
from benchmarks.metric import Metric

FEW, MANY = 8, 32
LIVES, ROUNDS = 120, 2
STATEMENT = "import moto.server"
# The goal was set on a machine where a life cost 54.5 ms with moto's tables, and is 12.5 ms there.
GOAL = 12.5 / 54.5
SPREAD_LIMIT = 1.3
EMULATOR = (sys.executable, "-m", "local_emulator", "--port", "0")
WATCHED = (sys.executable, "-m", "benchmarks.watched_emulator")


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
    spent_s = split()
    return [*_costs(min(references), min(few), min(many)), *causes_told(spent_s, LIFE_BEFORE * min(references))]


def _costs(reference_s: float, few_s: float, many_s: float) -> list[dict[str, Any]]:
    how = (
        f"{few_s * 1000:.1f} ms, {FEW} clients with keep-alive, {LIVES} lives a round, over {reference_s * 1000:.0f} ms; "
        f"least of {ROUNDS}; the limit is {GOAL:.0%} of what moto's tables cost"
    )
    ratio = round(few_s / reference_s, 4)
    limit = round(LIFE_BEFORE * GOAL, 4)
    spread = f"{many_s * 1000:.1f} ms over {few_s * 1000:.1f} ms, one emulator, rounds interleaved, least of {ROUNDS}"
    name = f"emulator's CPU a task's life, {MANY} clients over {FEW}"
    life = "emulator's CPU a task's life over import moto.server"
    return [
        Metric(life, ratio, "ratio", limit, how, LIFE_BEFORE).as_dict(),
        Metric(name, round(many_s / few_s, 2), "ratio", SPREAD_LIMIT, spread).as_dict(),
    ]


def causes_told(spent_s: Mapping[str, float], before_s: float) -> list[dict[str, Any]]:
    """Told, not limited. `before_s`: what a life with moto's tables would cost here."""
    whole_s = sum(spent_s.values())
    told = []
    for cause in CAUSES:
        how = f"{spent_s[cause] / whole_s:.0%} of {whole_s * 1000:.1f} ms; {_before(cause, before_s)}"
        before_ms = round(before_s * BEFORE[cause] * 1000, 1) if cause in BEFORE else None
        told.append(
            Metric(f"of a life: {cause}", round(spent_s[cause] * 1000, 2), "ms", None, how, before_ms).as_dict()
        )
    return told


def _before(cause: str, before_s: float) -> str:
    if cause not in BEFORE:
        return "not told apart before"
    return f"before: {BEFORE[cause]:.0%} ({SOURCE}) of {before_s * 1000:.0f} ms ({LIFE_BEFORE} x import moto.server)"


def split() -> dict[str, float]:
    """CPU seconds a life by cause, of an emulator with seams. Together they are what the process took."""
    with running(WATCHED, folder=ROOT) as emulator:
        live(emulator.ready, clients=FEW, lives=LIVES)
        before = emulator.ask()
        live(emulator.ready, clients=FEW, lives=LIVES)
        _settle()
        after = emulator.ask()
    spent = {cause: after["causes"].get(cause, 0.0) - before["causes"].get(cause, 0.0) for cause in CAUSES}
    spent[REST] = after["process"] - before["process"] - sum(spent.values())
    return {cause: seconds / LIVES for cause, seconds in spent.items()}


def _life_s(emulator: Running, clients: int) -> float:
    """CPU seconds a life."""
    before_s = emulator.cpu_s()
    live(emulator.ready, clients=clients, lives=LIVES)
    _settle()
    return (emulator.cpu_s() - before_s) / LIVES


def _settle() -> None:
    """What the lives left to the stream's function belongs to them: it is called four times a second."""
    time.sleep(0.6)
