"""One side of a comparison: a mean over independent units, and how far each of them is from it.

Repeats have levels (T. Kalibera and R. Jones, "Rigorous Benchmarking in Reasonable Time", 2013): instances of a machine
type, tasks on an instance, samples of a task. What is below the highest level that was repeated is averaged first: tasks
of one instance share its silicon and its neighbours, samples of one task share a moment.
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import NamedTuple

from benchfleet_results.statistics.skewness import reach
from benchfleet_results.statistics.student import t_quantile

ROUNDING = 1e-12  # logs that differ by less differ by how they were added up; plain means, by this share of them
PAIRS = 4  # units of one instance that are paired at least: of fewer, degrees of freedom are worth more
PAIRED_INSTANCES = 2
_PAGE = 4096  # bytes: a larger common divisor of sizes says nothing of how they were measured
_CLOCK = {"s": 1e-9, "ms": 1e-6, "us": 1e-3, "µs": 1e-3, "ns": 1.0}  # a nanosecond: what clocks tell at best


class Error(NamedTuple):
    """Of a mean or a difference of means: the squared standard error, and its degrees of freedom."""

    squared: float
    degrees: float


@dataclass(frozen=True)
class Sample:
    """What a comparison needs of one side: a mean, the squared standard error of it, and its degrees of freedom.

    `squared_error` is None where there was no replication. Means that differ by less than `rounding` are equal.
    `deviations` holds, for units that another sample may share, how far each is from the mean; `pairs` is how many of them
    a paired comparison needs. `floor` is the squared error that is left where no unit differs from another: what was
    written down is rounded. `bounded`: a comparison with a side of another size has a bound on its degrees of freedom.
    """

    mean: float
    squared_error: float | None
    degrees: float
    rounding: float = ROUNDING
    floor: float = 0.0
    deviations: Mapping[Hashable, float] = field(default_factory=dict)
    pairs: int = PAIRS
    bounded: bool = True

    @classmethod
    def of(
        cls,
        values: Sequence[float],
        *,
        rounding: float = ROUNDING,
        floor: float = 0.0,
        units: Sequence[Hashable] = (),
        pairs: int = PAIRS,
        bounded: bool = True,
    ) -> "Sample":
        """Independent values, each of one of `units` if those are named. Raises ValueError without any value."""
        if not values:
            raise ValueError("no values to compare")
        mean = fmean(values)
        error = max(variance(values, mean) / len(values), floor) if len(values) > 1 else None
        apart = {unit: value - mean for unit, value in zip(units, values, strict=True)} if units else {}
        return cls(mean, error, len(values) - 1, rounding, floor, apart, pairs, bounded)

    def pairs_with(self, other: "Sample") -> bool:
        """Whether both are of the same units, and of enough of them."""
        enough = len(self.deviations) >= max(self.pairs, other.pairs)
        return enough and self.deviations.keys() == other.deviations.keys()

    def ends(self, *, confidence: float = 0.95) -> tuple[float, float] | None:
        """The interval of the mean, on its own scale; None without replication. Longer to the side of a tail that many
        units show (`skewness`).
        """
        if self.squared_error is None:
            return None
        quantile = t_quantile((1 + confidence) / 2, degrees=self.degrees)
        below, above = reach(list(self.deviations.values()), quantile)
        error = math.sqrt(self.squared_error)
        return self.mean - below * error, self.mean + above * error

    def shifted(self, by: float) -> "Sample":
        """As sure, at another mean: what is divided by an exact price."""
        return replace(self, mean=self.mean + by)


def variance(values: Sequence[float], mean: float) -> float:
    """Of two values or more, around their mean; exactly zero where all are equal."""
    if min(values) == max(values):
        return 0.0
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def resolution(values: Iterable[float], unit: str) -> float:
    """The step in which `values` were written down, in their unit: the finest decimal place, and never less than a
    nanosecond for times. Sizes in bytes count in pages where all of them do.
    """
    known = list(values)
    if all(float(value).is_integer() for value in known):
        step = float(math.gcd(_PAGE, *(int(value) for value in known))) if unit == "bytes" else 1.0
    else:
        step = 10.0 ** max(-17, min(_exponent(value) for value in known))
    return max(step, _CLOCK.get(unit, 0.0)) if unit in _CLOCK else step


def rounding_error(step: float) -> float:
    """The variance of what rounding to `step` adds: step²/12, that of a uniform distribution (W. F. Sheppard, 1897)."""
    return step * step / 12


def _exponent(value: float) -> int:
    """Of the last decimal place that is written: 0.25 → -2. `Decimal` would tell, at four times the cost."""
    digits, _, power = repr(float(value)).partition("e")
    return int(power or 0) - len(digits.partition(".")[2])
