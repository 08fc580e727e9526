"""The scenarios of `report_inference` are chosen; these are all combinations: none is left out because nobody thought of it.

`python -m benchmarks.inference_grid [WORDS]` draws those with some words in their names, in a seeded random order, and says
of each whether its intervals of means hold the truth in 93 to 97 % of cases, and how many boards have a false claim. All of
them take hours; what has been seen until it is stopped is a random sample. The exit code is 1 if one is `off`: further from
what it should be than chance explains.
"""

import math
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

from benchmarks.report_inference import SEED, TOLERANCE, Count, measure, share
from benchmarks.simulated_runs import Scenario, Shape

SHAPES: tuple[tuple[Shape, float], ...] = (
    ("normal", 0.0),
    ("heavy-tailed", 0.0),
    *(("bimodal samples", slow) for slow in (0.1, 0.3, 0.5)),
)
LEVEL = 0.05
SIGMAS = 3  # of hundreds of cells, one in five hundred is further off by chance
ALIKE = 9  # benchmarks of one board are measured by the same tasks: so many intervals are worth about one


def cells() -> list[Scenario]:
    found = [
        replace(scenario, instances=instances, **more)
        for scenario in _on_one_instance()
        for instances in range(1, min(scenario.tasks, 5) + 1)
        for more in _more(scenario)
    ]
    random.Random(SEED).shuffle(found)
    return found


def _on_one_instance() -> Iterator[Scenario]:
    for tasks, benchmarks, (shape, slow), shared, groups in product(
        (2, 3, 5, 10), (1, 12), SHAPES, (False, True), (2, 3)
    ):
        yield Scenario(tasks, 1, benchmarks, shape=shape, slow=slow, shared=shared, effects=(0.0,) * groups)


def _more(scenario: Scenario) -> Iterator[dict[str, Any]]:
    """A benchmark that is the only one is never missing, and only what takes turns shares a drift."""
    yield {}
    if scenario.benchmarks > 1:
        yield {"missing": 0.2}
    if scenario.shared:
        yield {"drift": 0.01}
        yield {"drift": 0.05}


def off(scenario: Scenario, found: Count) -> list[str]:
    """What of it chance does not explain."""
    units = found.means[1] / (1 if scenario.benchmarks == 1 else ALIKE)
    held, claims = share(found.means), found.claims / found.boards
    return [
        *(["covers too little"] if held is not None and held < 1 - LEVEL - TOLERANCE - _chance(units) else []),
        *(["covers too much"] if held is not None and held > 1 - LEVEL + TOLERANCE + _chance(units) else []),
        *(["false claims"] if claims > LEVEL + _chance(found.boards) else []),
    ]


def _chance(count: float) -> float:
    return SIGMAS * math.sqrt(LEVEL * (1 - LEVEL) / count)


def main(words: str = "") -> int:
    bad = 0
    for scenario in (one for one in cells() if words in one.name):
        found = measure(scenario, runs=400 if scenario.benchmarks == 1 else 150)
        problems = off(scenario, found)
        bad += bool(problems)
        held = share(found.means)
        means = "" if held is None else f"{100 * held:.1f} % of {found.means[1]:,} intervals hold, "
        claims = f"{100 * found.claims / found.boards:.1f} % of {found.boards} boards with a false claim"
        print(f"{scenario.name}: {means}{claims}{''.join(f'; {one}' for one in problems)}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
