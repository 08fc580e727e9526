"""Is one group slower than another, by how much, and is that beyond noise?

What can have one is compared on the logarithms of means: a difference of logs is a ratio, run times are skewed to
the right and their logs less so, and an interval that is transformed back never reaches below zero. What may be zero
(counts, shares) is compared by the difference of means. `sample` says what the units of replication are.
"""

import math
from dataclasses import dataclass

from benchfleet_results.statistics.sample import Error, Sample
from benchfleet_results.statistics.student import t_quantile, two_sided

_LOG_MOST = 700.0  # exp of more does not fit a float


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
    return Comparison(exp(found.difference), found.interval and as_ratios(found.interval), found.p)


def contrast(this: Sample, other: Sample, *, confidence: float = 0.95) -> Contrast:
    """The difference of two means, its interval, and the p of a two-sided t test."""
    difference, error = apart(this, other), error_between(this, other)
    if error is None:
        return Contrast(difference, None, None)
    if error.squared == 0:
        return Contrast(difference, (difference, difference), _certain(difference))
    half = t_quantile((1 + confidence) / 2, degrees=error.degrees) * math.sqrt(error.squared)
    return Contrast(difference, (difference - half, difference + half), _p(difference, error))


def significance(this: Sample, other: Sample) -> float | None:
    """The p of `compare` alone: an interval costs ten times as much, and most pairs of groups never show one."""
    error = error_between(this, other)
    if error is None:
        return None
    difference = apart(this, other)
    return _certain(difference) if error.squared == 0 else _p(difference, error)


def error_between(this: Sample, other: Sample) -> Error | None:
    """The squared standard error of the difference, with its degrees of freedom; None where a side has no replication.

    Samples of the same units (two programs on the same instances) are paired: Student, "The probable error of a mean",
    Biometrika 6 (1908). Others are compared by Welch's test: B. L. Welch, "The generalization of 'Student's' problem when
    several different population variances are involved", Biometrika 34 (1947), with the degrees of freedom of Welch and
    F. E. Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics Bulletin 2 (1946),
    with a bound for sides of unequal size (`satterthwaite`).
    """
    if this.squared_error is None or other.squared_error is None:
        return None
    least = this.floor + other.floor
    if this.pairs_with(other):
        size = len(this.deviations)
        squares = math.fsum((this.deviations[unit] - other.deviations[unit]) ** 2 for unit in this.deviations)
        return Error(max(squares / (size * (size - 1)), least), size - 1)
    squared = this.squared_error + other.squared_error
    return Error(max(squared, least), satterthwaite(this, other) if squared else min(this.degrees, other.degrees))


def apart(this: Sample, other: Sample) -> float:
    difference = this.mean - other.mean
    return 0.0 if abs(difference) < max(this.rounding, other.rounding) else difference


def satterthwaite(this: Sample, other: Sample) -> float:
    """Degrees of freedom of the difference; at least those of the smaller side. Both sides must be replicated.

    Never more than there would be if units of both sides varied alike. Of two or three units the spread is often far too
    small by luck; beside many units it would then hardly count, and the degrees would be those of the many: 10 and 2 units
    made a false claim in 10 % of cases. Sides of equal size are not touched by it.
    """
    first, second = this.squared_error or 0.0, other.squared_error or 0.0
    found = _degrees(first, second, this, other)
    if not (this.bounded and other.bounded):
        return max(found, min(this.degrees, other.degrees))
    alike = _degrees(1 / (this.degrees + 1), 1 / (other.degrees + 1), this, other)
    return max(min(found, alike), min(this.degrees, other.degrees))


def _degrees(first: float, second: float, this: Sample, other: Sample) -> float:
    """Of the sum of two squared errors."""
    whole = first + second
    share, rest = first / whole, second / whole  # as shares: squares of small variances would underflow
    return 1 / (share**2 / this.degrees + rest**2 / other.degrees)


def _p(difference: float, error: Error) -> float:
    return two_sided(difference / math.sqrt(error.squared), degrees=error.degrees)


def _certain(difference: float) -> float:
    """Where nothing varies and nothing was rounded, equal means are certainly equal and others certainly different."""
    return 1.0 if difference == 0 else 0.0


def exp(value: float) -> float | None:
    """None where the answer does not fit a float."""
    return math.exp(value) if abs(value) < _LOG_MOST else None


def as_ratios(ends: tuple[float, float]) -> tuple[float, float] | None:
    """An interval of logs on the scale of ratios; None where it does not fit floats."""
    low, high = exp(ends[0]), exp(ends[1])
    return None if low is None or high is None else (low, high)
