"""Means and their confidence intervals.

Samples of one task share a machine, a process tree and a moment, so they are not independent repeats; tasks are. With
two tasks or more the interval is therefore that of the mean over task means (Kalibera and Jones, "Rigorous
Benchmarking in Reasonable Time", 2013: repeat at the highest level that varies). With one task only its own samples
are left, and the estimate says so. Of several tasks, one that alone has samples has no interval: beside those of others it
would pass for as much.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from benchfleet_results.statistics.sample import Sample, variance
from benchfleet_results.statistics.student import t_quantile


@dataclass(frozen=True)
class Estimate:
    """`mean` and `interval` in the samples' unit; `interval` is None where one number is all there is.

    `over` names what was averaged: the means of `tasks` tasks, or the samples of the only one.
    """

    mean: float
    interval: tuple[float, float] | None
    samples: int
    tasks: int
    over: Literal["tasks", "samples"]

    @property
    def relative(self) -> float | None:
        """Half the interval's width as a share of the mean; None where either says nothing."""
        if self.interval is None or self.mean == 0:
            return None
        return abs((self.interval[1] - self.interval[0]) / 2 / self.mean)


def estimate(samples_by_task: Sequence[Sequence[float]], *, confidence: float = 0.95) -> Estimate:
    """Each inner sequence holds one task's samples, or none where it failed. Raises ValueError if there is no sample at all.

    Over tasks the mean is geometric where every task's mean is above zero, as in a comparison of ratios; else plain.
    """
    groups = [group for group in samples_by_task if group]
    if not groups:
        raise ValueError("no samples")
    count, never_negative = sum(len(group) for group in groups), min(map(min, groups)) >= 0
    if len(groups) == 1 and len(samples_by_task) > 1:
        return Estimate(fmean(groups[0]), None, count, 1, "tasks")
    if len(groups) == 1:
        return _plain(groups[0], count, 1, "samples", never_negative, confidence)
    means = [fmean(group) for group in groups]
    if min(means) <= 0:
        return _plain(means, count, len(groups), "tasks", never_negative, confidence)
    found = Sample.of([math.log(mean) for mean in means], units=range(len(means)))
    low, high = found.ends(confidence=confidence) or (found.mean, found.mean)
    return Estimate(math.exp(found.mean), (_exp(low), _exp(high)), count, len(groups), "tasks")


def _plain(
    values: Sequence[float],
    samples: int,
    tasks: int,
    over: Literal["tasks", "samples"],
    never_negative: bool,
    confidence: float,
) -> Estimate:
    """Cut at zero where no sample was negative: that loses no coverage and no sense."""
    mean, half = fmean(values), half_width(values, confidence=confidence)
    if half is None:
        return Estimate(mean, None, samples, tasks, over)
    low = mean - half
    return Estimate(mean, (max(low, 0.0) if never_negative else low, mean + half), samples, tasks, over)


def _exp(value: float) -> float:
    """Infinite where it does not fit a float."""
    return math.exp(value) if value < 700 else math.inf


def half_width(values: Sequence[float], *, confidence: float = 0.95) -> float | None:
    """Half the confidence interval of the mean of independent `values`; None for fewer than two."""
    if len(values) < 2:
        return None
    error = math.sqrt(variance(values, fmean(values)) / len(values))
    return t_quantile((1 + confidence) / 2, degrees=len(values) - 1) * error
