"""When is a mean known well enough? The fixed-width sequential rule, for the score that a report prints.

Y. S. Chow and H. Robbins, "On the asymptotic theory of fixed-width sequential confidence intervals for the mean", Annals of
Mathematical Statistics 36 (1965): go on until the interval of the mean, as the spread so far makes it, is no wider than was
asked for. Its coverage tends to the nominal one as the width shrinks, whatever the distribution. At the widths that people
ask for it is a little lower, because the rule stops when the spread happens to look small: so a pilot comes first, and Student's
t stands for the normal quantile (F. J. Anscombe, "Sequential estimation", Journal of the Royal Statistical Society B 15, 1953).
The real coverage is simulated: docs/benchmarks.md.

Over few instances Student's t alone would stop by luck: with two of them, their means cross each other sooner or later, and the
interval is nothing for a moment. So the spread between instances is never taken for less than what the spread of
tasks within them explains.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import fmean
from typing import Literal, NamedTuple

from benchfleet_results.statistics.sample import rounding_error
from benchfleet_results.statistics.scores import score
from benchfleet_results.statistics.student import t_quantile

LEAST_INSTANCES = 2
_LOG_MOST = 700.0  # exp of more does not fit a float


class Execution(NamedTuple):
    """What one task, or all parts of one, measured: benchmark → logarithm of its mean, and benchmark → in what step its
    samples were written down, in their unit (0 where that is not known). `instance` None: not known.
    """

    instance: str | None
    costs: Mapping[str, float]
    steps: Mapping[str, float] = {}


@dataclass(frozen=True)
class Precision:
    """`half_width` is what the rule goes by: the upper half of the interval as a share of the mean (0.01: 1 %).

    `printed` is the same of the interval that a report prints, whose `ends` are logarithms. It is never wider than
    `half_width`. They are None where there is none. `mean` is the logarithm of the geometric mean. `over` names what was
    repeated.
    """

    tasks: int
    mean: float | None = None
    half_width: float | None = None
    printed: float | None = None
    over: Literal["instances", "tasks"] = "tasks"
    ends: tuple[float, float] | None = None


def common(executions: Sequence[Execution]) -> frozenset[str]:
    """The benchmarks that at least half of the executions have, and two of them (all, where there is one)."""
    counts: dict[str, int] = defaultdict(int)
    for execution in executions:
        for name in execution.costs:
            counts[name] += 1
    least = max(min(2, len(executions)), len(executions) / 2)
    return frozenset(name for name, count in counts.items() if count >= least)


def precision(executions: Sequence[Execution], benchmarks: Sequence[str], *, confidence: float = 0.95) -> Precision:
    """Of the geometric mean over the benchmarks; over instances where two or more are known, else over executions."""
    instances = _instances(executions)
    units: list[Mapping[str, float]] = [*map(_mean, instances)] or [one.costs for one in executions]
    known = sorted(name for name in benchmarks if any(name in unit for unit in units))
    if not known:
        return Precision(len(executions))
    scored = score(dict(enumerate(units)), known, floor=_floor(executions, known))
    ends = scored.ends(confidence=confidence)
    over: Literal["instances", "tasks"] = "instances" if instances else "tasks"
    if ends is None:
        return Precision(len(executions), scored.sample.mean, over=over)
    half = max(ends[1] - scored.sample.mean, scored.sample.mean - ends[0])  # of a skewed one, the longer
    least = t_quantile((1 + confidence) / 2, degrees=scored.sample.degrees) * _explained(instances, known)
    return Precision(len(executions), scored.sample.mean, _share(max(half, least)), _share(half), over, ends)


def reached(found: Precision, *, target: float, pilot: int) -> bool:
    """The rule: `pilot` executions, and an interval of which half is no wider than `target`, a share of the mean."""
    return found.tasks >= pilot and found.half_width is not None and found.half_width <= target


def stopped(
    draws: Iterator[Execution], benchmarks: Sequence[str], *, target: float, pilot: int, most: int
) -> Precision:
    """The rule applied to executions as they come, looking after each: what is known when it stops. For simulations."""
    seen = list(islice(draws, pilot - 1))
    for execution in islice(draws, most - len(seen)):
        seen.append(execution)
        found = precision(seen, benchmarks)
        if reached(found, target=target, pilot=pilot):
            return found
    return precision(seen, benchmarks)


def _floor(executions: Sequence[Execution], benchmarks: Sequence[str]) -> float:
    """What rounding leaves of the squared error of a mean over benchmarks, on the scale of logarithms.

    The step of a benchmark is the finest that any task used, as in a report.
    """

    def of(name: str) -> float:
        having = [one for one in executions if name in one.costs]
        step = min(one.steps.get(name, 0.0) for one in having)
        return rounding_error(step / math.exp(fmean(one.costs[name] for one in having))) if step else 0.0

    return fmean(map(of, benchmarks)) / len(benchmarks)


def _share(half: float) -> float:
    """A half width of logarithms as the upper half of the interval around the mean."""
    return math.expm1(min(half, _LOG_MOST))


def _instances(executions: Sequence[Execution]) -> list[list[Mapping[str, float]]]:
    """What each instance measured, and last what is of none that is known; empty where fewer than two are."""
    found: dict[str | None, list[Mapping[str, float]]] = defaultdict(list)
    for execution in executions:
        found[execution.instance].append(execution.costs)
    return list(found.values()) if len(found.keys() - {None}) >= LEAST_INSTANCES else []


def _mean(costs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for one in costs for name in one)
    return {name: fmean(one[name] for one in costs if name in one) for name in names}


def _explained(instances: Sequence[Sequence[Mapping[str, float]]], benchmarks: Sequence[str]) -> float:
    """The standard error of the mean that tasks alone would make, if instances did not differ: pooled within instances.

    0 where no instance has two tasks.
    """
    squares, count = 0.0, 0
    for costs in instances:
        centre = _mean(costs)
        for one in costs:
            apart = [one[name] - centre[name] for name in benchmarks if name in one]
            squares += fmean(apart) ** 2 if apart else 0.0
        count += len(costs)
    degrees = count - len(instances)
    return math.sqrt(squares / degrees / count) if degrees > 0 else 0.0
