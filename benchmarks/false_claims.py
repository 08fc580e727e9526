"""How often is one test wrong where nothing differs? Drawn often enough for its first decimal.

A board of two machines and one benchmark has one test, of the means of their tasks. That alone is computed here, by the
report's own function: whole boards cost twenty times as much.
"""

import random
from collections.abc import Sequence

from benchfleet_results.boards.model import LEVEL
from benchfleet_results.statistics.comparing import significance
from benchfleet_results.statistics.sample import Sample

from benchmarks.simulated_runs import Scenario, task_means

BOARDS = 20_000
SEED = 20261129
OFTEN = [
    *(Scenario(tasks) for tasks in (5, 10)),
    *(Scenario(10, shape="bimodal samples", slow=slow) for slow in (0.3, 0.5)),
    *(Scenario(tasks, shape="bimodal", slow=slow) for slow in (0.3, 0.5) for tasks in (8, 10, 14)),
]


def false_claims(scenario: Scenario, *, boards: int = BOARDS) -> float:
    """The share of boards on which its two groups are called different."""
    chance = random.Random(f"{SEED} {scenario.name}")
    return sum(_claims(task_means(scenario, chance)) for _ in range(boards)) / boards


def _claims(groups: Sequence[Sequence[float]]) -> bool:
    one, other = (Sample.of(means) for means in groups)
    p = significance(one, other)
    return p is not None and p < LEVEL
