"""Means and their confidence intervals.

Samples of one task share a machine, a process tree and a moment, so they are not independent repeats; tasks are. With
two tasks or more the interval is therefore that of the mean over task means (Kalibera and Jones, "Rigorous
Benchmarking in Reasonable Time", 2013: repeat at the highest level that varies). With one task only its own samples
are left, and the estimate says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Literal

from benchfleet_results.statistics.student import t_quantile


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
