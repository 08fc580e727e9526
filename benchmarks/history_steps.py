"""How often a history finds a step where there is none, and where there is one.

Simulated through the product's own search and test, seeded: the same numbers everywhere. A step is as large as so many
standard deviations of what one run differs from the next by.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchfleet.report.history.steps import Track, stepped

from benchmarks.metric import Metric

MOST_FALSE_PCT = 5.0
_NOISE = 0.01
_NEAR = 1  # runs that a step may be found beside its place
Draw = Callable[[random.Random], float]


def normal(rng: random.Random) -> float:
    return rng.gauss(0, 1)


def heavy(rng: random.Random) -> float:
    """Student's t of four degrees of freedom, of variance 1."""
    return rng.gauss(0, 1) / math.sqrt(sum(rng.gauss(0, 1) ** 2 for _ in range(4)) / 4) / math.sqrt(2)


@dataclass(frozen=True)
class Scenario:
    """A history of `runs` runs: `step` standard deviations from run `at` on; `slope`: those from its first run to its last."""

    name: str
    runs: int
    draw: Draw = normal
    step: float = 0.0
    at: int = 0
    slope: float = 0.0
    benchmarks: int = 1
    histories: int = 500

    @property
    def judged(self) -> bool:
        return not self.step and not self.slope

    def tracks(self, rng: random.Random) -> list[Track]:
        """Benchmarks whose runs share half of their variance, and their mean where there are several."""
        shared = [self.draw(rng) for _ in range(self.runs)]
        alone = [[self.draw(rng) for _ in range(self.runs)] for _ in range(self.benchmarks)]
        costs = [
            [self._cost(n, (a + b) / math.sqrt(2)) for n, (a, b) in enumerate(zip(shared, one, strict=True))]
            for one in alone
        ]
        mean = [[sum(each) / len(costs) for each in zip(*costs, strict=True)]] if len(costs) > 1 else []
        every = [*((one, True) for one in mean), *((one, False) for one in costs)]
        return [Track(tuple(one), overall=overall).searched() for one, overall in every]

    def _cost(self, number: int, noise: float) -> float:
        drift = self.slope * number / (self.runs - 1)
        return _NOISE * (noise + drift + (self.step if number >= self.at else 0.0))


SCENARIOS = [
    *(Scenario(f"{runs} runs", runs, histories=1000) for runs in (6, 10, 20, 40)),
    *(Scenario(f"{runs} runs, heavy tails", runs, heavy) for runs in (6, 10, 20, 40)),
    *(Scenario(f"{runs} runs, 12 benchmarks", runs, benchmarks=12, histories=300) for runs in (6, 10, 20)),
    *(
        Scenario(f"step of {step} in the middle of {runs} runs", runs, step=step, at=runs // 2, histories=300)
        for runs in (6, 10, 20, 40)
        for step in (1, 2, 3)
    ),
    *(Scenario(f"step of {step} three runs ago, of 20", 20, step=step, at=17, histories=300) for step in (1, 2, 3)),
    *(Scenario(f"drift of {slope} over 20 runs", 20, slope=slope, histories=300) for slope in (1, 3)),
]


def simulate(scenario: Scenario) -> float:
    """The share of histories with a step: anywhere where there is none, else at its place."""
    rng = random.Random(scenario.name)
    return sum(_found(scenario, scenario.tracks(rng)) for _ in range(scenario.histories)) / scenario.histories


def _found(scenario: Scenario, tracks: Sequence[Track]) -> bool:
    places = [place for one in stepped(tracks)[0] for place in one.track.breaks]
    return any(not scenario.step or abs(place - scenario.at) <= _NEAR for place in places)


def metrics() -> Iterator[dict[str, object]]:
    for scenario in SCENARIOS:
        share = round(100 * simulate(scenario), 1)
        limit = MOST_FALSE_PCT if scenario.judged else None
        how = f"{scenario.histories} simulated histories; steps in standard deviations from run to run"
        yield Metric(f"histories with a step found: {scenario.name}", share, "%", limit, how).as_dict()
