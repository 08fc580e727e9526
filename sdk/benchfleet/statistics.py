"""Means and their confidence intervals.

Samples of one task share a machine, a process tree and a moment, so they are not independent repeats; tasks are. With
two tasks or more the interval is therefore that of the mean over task means (Kalibera and Jones, "Rigorous
Benchmarking in Reasonable Time", 2013: repeat at the highest level that varies). With one task only its own samples
are left, and the estimate says so.

Student's t distribution is the finite series of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 (odd)
and 26.7.4 (even degrees of freedom): exact, no table and no library. Above 200 degrees the asymptotic expansion 26.7.5
takes over; its error there is below 1e-8.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist, fmean, stdev
from typing import Literal

_SERIES_UP_TO = 200
_BISECTIONS = 60  # of the interval (0, pi/2): far below the spacing of floats near the answer


@dataclass(frozen=True)
class Estimate:
    """`mean` and `half_width` in the samples' unit; `half_width` is None where one number is all there is.

    `over` names what was averaged: the means of `tasks` tasks, or the samples of the only one.
    """

    mean: float
    half_width: float | None
    samples: int
    tasks: int
    over: Literal["tasks", "samples"]
    never_negative: bool = False  # no sample was: a time, a rate, a size

    @property
    def interval(self) -> tuple[float, float] | None:
        """Low and high end. Cut at zero where no sample was negative: that loses no coverage and no sense."""
        if self.half_width is None:
            return None
        low = self.mean - self.half_width
        return max(low, 0.0) if self.never_negative else low, self.mean + self.half_width

    @property
    def relative(self) -> float | None:
        """The half width as a share of the mean; None where either says nothing."""
        return None if self.half_width is None or self.mean == 0 else abs(self.half_width / self.mean)


def estimate(samples_by_task: Sequence[Sequence[float]], *, confidence: float = 0.95) -> Estimate:
    """Each inner sequence holds one task's samples. Raises ValueError if there is no sample at all."""
    groups = [group for group in samples_by_task if group]
    if not groups:
        raise ValueError("no samples")
    count, never_negative = sum(len(group) for group in groups), min(map(min, groups)) >= 0
    if len(groups) == 1:
        return Estimate(
            fmean(groups[0]), half_width(groups[0], confidence=confidence), count, 1, "samples", never_negative
        )
    means = [fmean(group) for group in groups]
    return Estimate(fmean(means), half_width(means, confidence=confidence), count, len(groups), "tasks", never_negative)


def half_width(values: Sequence[float], *, confidence: float = 0.95) -> float | None:
    """Half the confidence interval of the mean of independent `values`; None for fewer than two."""
    if len(values) < 2:
        return None
    return t_quantile((1 + confidence) / 2, degrees=len(values) - 1) * stdev(values) / math.sqrt(len(values))


@lru_cache(maxsize=256)
def t_quantile(probability: float, *, degrees: int) -> float:
    """The t below which `probability` (0.5 to 1, exclusive at 1) of Student's distribution lies.

    Raises ValueError for any other probability, or for less than one degree of freedom.
    """
    if not 0.5 <= probability < 1 or degrees < 1:
        raise ValueError(f"no quantile {probability} with {degrees} degrees of freedom")
    if degrees > _SERIES_UP_TO:
        return _expansion(NormalDist().inv_cdf(probability), degrees)
    inside = 2 * probability - 1
    low, high = 0.0, math.pi / 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < inside else (low, middle)
    return math.tan((low + high) / 2) * math.sqrt(degrees)


def _within(theta: float, degrees: int) -> float:
    """P(|T| < sqrt(degrees) * tan(theta)), 26.7.3 and 26.7.4."""
    sine, cosine = math.sin(theta), math.cos(theta)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    return 2 / math.pi * (theta + sine * total) if odd else sine * total


def _expansion(x: float, degrees: int) -> float:
    """26.7.5: from the normal quantile `x` to that of t."""
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92_160,
    )
    return x + math.fsum(term / float(degrees) ** (power + 1) for power, term in enumerate(terms))
