"""How often the interval of a run that ended at its target precision holds the true mean, and how many tasks it took.

Simulated through the product's own rule, seeded: the same numbers everywhere. It looks after every task, the worst case.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchfleet_contract.limits import PILOT_TASKS
from benchfleet_results.statistics.sequential import Execution, Precision, stopped

from benchmarks.metric import Metric

TARGET, MOST = 0.01, 150
LEAST_COVERAGE_PCT = 93.0
Draw = Callable[[random.Random], float]


def normal(rng: random.Random) -> float:
    return rng.gauss(0, 1)


def heavy(rng: random.Random) -> float:
    """Student's t of three degrees of freedom, of variance 1."""
    return rng.gauss(0, 1) / math.sqrt(sum(rng.gauss(0, 1) ** 2 for _ in range(3)))


def skewed(rng: random.Random) -> float:
    """An exponential tail to the slow side; variance 1."""
    return rng.expovariate(1) - 1


def lognormal(rng: random.Random) -> float:
    """A long tail to the slow side, of a deviation of 1 on its own logarithm; variance 1."""
    mean, variance = math.exp(0.5), (math.e - 1) * math.e
    return (math.exp(rng.gauss(0, 1)) - mean) / math.sqrt(variance)


def one_in(count: int) -> Draw:
    """So rare is a slow mode; variance 1, most of it between the modes."""
    share, within = 1 / count, 0.312
    apart = math.sqrt((1 - within**2) / share / (1 - share))
    return lambda rng: (apart if rng.random() < share else 0.0) - share * apart + rng.gauss(0, within)


@dataclass(frozen=True)
class Scenario:
    """`spread` of tasks and `between` instances, on the scale of logarithms."""

    name: str
    spread: float
    draw: Draw = normal
    instances: int = 1
    between: float = 0.0
    benchmarks: int = 1
    runs: int = 1000

    def executions(self, rng: random.Random) -> Iterator[Execution]:
        """The true mean of each benchmark is 0. A task is fast or slow as a whole, and each benchmark a little by itself."""
        places = [rng.gauss(0, self.between) for _ in range(self.instances)]
        number = 0
        while True:
            place = number % self.instances
            whole = places[place] + self.spread * self.draw(rng)
            alone = self.spread if self.benchmarks > 1 else 0.0
            yield Execution(f"i-{place}", {name: whole + rng.gauss(0, alone) for name in self.names})
            number += 1

    @property
    def names(self) -> list[str]:
        return [f"b{number}" for number in range(self.benchmarks)]


SCENARIOS = [
    *(Scenario(f"spread {spread:.1%}", spread, runs=2000) for spread in (0.01, 0.018, 0.025, 0.035)),
    Scenario("spread 1.8 %, 12 benchmarks", 0.018, benchmarks=12, runs=200),
    Scenario("spread 1.8 %, heavy tails", 0.018, heavy),
    Scenario("spread 1.8 %, 2 instances alike", 0.018, instances=2, runs=100),
    Scenario("spread 1 %, 3 instances 0.5 % apart", 0.01, instances=3, between=0.005),
    Scenario("spread 1.8 %, 5 instances alike", 0.018, instances=5, runs=3000),
    Scenario("spread 1 %, 5 instances 1 % apart", 0.01, instances=5, between=0.01, runs=200),
    Scenario("spread 1.8 %, skewed", 0.018, skewed),
    Scenario("spread 1.8 %, lognormal", 0.018, lognormal),
    Scenario("spread 1.8 %, one task in five slow", 0.018, one_in(5)),
    Scenario("spread 1.8 %, one task in ten slow", 0.018, one_in(10)),
    Scenario("spread 3.5 %, one task in five slow", 0.035, one_in(5), runs=500),
    Scenario("spread 3.5 %, one task in ten slow", 0.035, one_in(10), runs=500),
]


@dataclass(frozen=True)
class Outcome:
    """Shares of the runs: whose interval held the truth, and who reached the target. `tasks` is the mean of a run."""

    covered: float
    reached: float
    tasks: float


def simulate(scenario: Scenario) -> Outcome:
    rng = random.Random(scenario.name)
    runs = [_run(scenario, rng) for _ in range(scenario.runs)]
    return Outcome(
        covered=sum(map(_covers, runs)) / len(runs),
        reached=sum(found.half_width is not None and found.half_width <= TARGET for found in runs) / len(runs),
        tasks=sum(found.tasks for found in runs) / len(runs),
    )


def metrics() -> Iterator[dict[str, object]]:
    for scenario in SCENARIOS:
        found = simulate(scenario)
        how = (
            f"{scenario.runs} simulated runs, target ±1 %, at most {MOST} tasks: "
            f"{found.covered:.1%} of the intervals hold the mean, {found.tasks:.0f} tasks on average, "
            f"{found.reached:.0%} reached the target"
        )
        limit = 100 - LEAST_COVERAGE_PCT
        missed = round(100 * (1 - found.covered), 1)
        yield Metric(f"target precision, intervals that miss: {scenario.name}", missed, "%", limit, how).as_dict()


def _run(scenario: Scenario, rng: random.Random) -> Precision:
    draws = scenario.executions(rng)
    return stopped(draws, scenario.names, target=TARGET, pilot=PILOT_TASKS, most=MOST)


def _covers(found: Precision) -> bool:
    """By the interval that a report prints."""
    assert found.ends is not None
    return found.ends[0] <= 0 <= found.ends[1]
