"""Is one group slower than another, by how much, and is that beyond noise?

What can have one is compared on the logarithms of task means: a difference of logs is a ratio, run times are skewed to
the right and their logs less so, and an interval that is transformed back never reaches below zero. What may be zero
(counts, shares) is compared by the difference of task means. The unit of replication is the task: samples within one
share a machine and a moment.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from benchfleet_results.statistics.student import t_quantile, two_sided

_LOG_MOST = 700.0  # exp of more does not fit a float
ROUNDING = 1e-12  # logs that differ by less differ by how they were added up; plain means, by this share of them


@dataclass(frozen=True)
class Sample:
    """What a comparison needs of one side: a mean, the squared standard error of it, and its degrees of freedom.

    `squared_error` is None where there was no replication. Means that differ by less than `rounding` are equal.
    """

    mean: float
    squared_error: float | None
    degrees: float
    rounding: float = ROUNDING

    @classmethod
    def of(cls, values: Sequence[float], *, rounding: float = ROUNDING) -> "Sample":
        """Independent values. Raises ValueError without any."""
        if not values:
            raise ValueError("no values to compare")
        error = variance(values) / len(values) if len(values) > 1 else None
        return cls(fmean(values), error, len(values) - 1, rounding)


@dataclass(frozen=True)
class Contrast:
    """`difference` is this mean less the other, on their own scale; `interval` and `p` are None where nothing can be said."""

    difference: float
    interval: tuple[float, float] | None
    p: float | None


@dataclass(frozen=True)
class Comparison:
    """`ratio` is this side over the other; `interval` and `p` are None where nothing can be said."""

    ratio: float | None
    interval: tuple[float, float] | None
    p: float | None


def compare(this: Sample, other: Sample, *, confidence: float = 0.95) -> Comparison:
    """The contrast of two means of logs, as a ratio."""
    found = contrast(this, other, confidence=confidence)
    return Comparison(exp(found.difference), found.interval and _exp_of(found.interval), found.p)


def contrast(this: Sample, other: Sample, *, confidence: float = 0.95) -> Contrast:
    """Welch's t test of two means, and the interval of their difference.

    B. L. Welch, "The generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34 (1947); degrees of freedom after Welch and F. E. Satterthwaite, "An approximate distribution of
    estimates of variance components", Biometrics Bulletin 2 (1946). Where neither side varies at all, equal means are
    certainly equal and others certainly different.
    """
    difference = apart(this, other)
    if this.squared_error is None or other.squared_error is None:
        return Contrast(difference, None, None)
    squared = this.squared_error + other.squared_error
    if squared == 0:
        return Contrast(difference, (difference, difference), 1.0 if difference == 0 else 0.0)
    degrees = satterthwaite(this, other)
    half = t_quantile((1 + confidence) / 2, degrees=degrees) * math.sqrt(squared)
    p = two_sided(difference / math.sqrt(squared), degrees=degrees)
    return Contrast(difference, (difference - half, difference + half), p)


def significance(this: Sample, other: Sample) -> float | None:
    """The p of `compare` alone: an interval costs ten times as much, and most pairs of groups never show one."""
    if this.squared_error is None or other.squared_error is None:
        return None
    squared, difference = this.squared_error + other.squared_error, apart(this, other)
    if squared == 0:
        return 1.0 if difference == 0 else 0.0
    return two_sided(difference / math.sqrt(squared), degrees=satterthwaite(this, other))


def apart(this: Sample, other: Sample) -> float:
    difference = this.mean - other.mean
    return 0.0 if abs(difference) < max(this.rounding, other.rounding) else difference


def satterthwaite(this: Sample, other: Sample) -> float:
    """Degrees of freedom of the difference; at least those of the smaller side. Both sides must be replicated."""
    first, second = this.squared_error or 0.0, other.squared_error or 0.0
    whole = first + second
    share, rest = first / whole, second / whole  # as shares: squares of small variances would underflow
    return max(1 / (share**2 / this.degrees + rest**2 / other.degrees), min(this.degrees, other.degrees))


def holm(probabilities: Sequence[float]) -> list[float]:
    """Adjusted p values, in the order given: below 5 % means beyond noise for the family as a whole.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979): the
    chance of even one false claim among all of them stays below the level, whatever their dependence.
    """
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    adjusted, least = [0.0] * len(order), 0.0
    for rank, index in enumerate(order):
        least = max(least, min(1.0, (len(order) - rank) * probabilities[index]))
        adjusted[index] = least
    return adjusted


def exp(value: float) -> float | None:
    """None where the answer does not fit a float."""
    return math.exp(value) if abs(value) < _LOG_MOST else None


def around(centre: float, half: float) -> tuple[float, float] | None:
    """The interval of logs `centre` ± `half` on the scale of ratios; None where it does not fit floats."""
    return _exp_of((centre - half, centre + half))


def _exp_of(ends: tuple[float, float]) -> tuple[float, float] | None:
    low, high = exp(ends[0]), exp(ends[1])
    return None if low is None or high is None else (low, high)
