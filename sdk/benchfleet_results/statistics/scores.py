"""One number for many benchmarks: the geometric mean, with an interval.

The geometric mean is the only mean of ratios whose order does not depend on the machine one divides by (P. J. Fleming
and J. J. Wallace, "How not to lie with statistics: the correct way to summarize benchmark results", Communications of
the ACM 29, 1986).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from benchfleet_results.statistics.comparing import ROUNDING, Sample, around, exp
from benchfleet_results.statistics.student import t_quantile


@dataclass(frozen=True)
class Score:
    """A group over a set of benchmarks: `sample` is on the scale of what it was made of, with tasks as replicates.

    `geometric_mean` and `interval` are of a score of logarithms; `ends` is the interval on the sample's own scale.
    """

    sample: Sample
    tasks: int

    @property
    def geometric_mean(self) -> float | None:
        return exp(self.sample.mean)

    def interval(self, *, confidence: float = 0.95) -> tuple[float, float] | None:
        """None with one task: what differs from task to task is then unknown."""
        half = self._half(confidence)
        return None if half is None else around(self.sample.mean, half)

    def ends(self, *, confidence: float = 0.95) -> tuple[float, float] | None:
        half = self._half(confidence)
        return None if half is None else (self.sample.mean - half, self.sample.mean + half)

    def _half(self, confidence: float) -> float | None:
        if self.sample.squared_error is None:
            return None
        return t_quantile((1 + confidence) / 2, degrees=self.sample.degrees) * sqrt(self.sample.squared_error)


def score(tasks: Sequence[Mapping[str, float]], benchmarks: Sequence[str], *, rounding: float = ROUNDING) -> Score:
    """`tasks` holds, for each task, benchmark → log of its mean, or the mean itself where there are no logarithms.

    Each benchmark must be there in one task at least.

    The log of the geometric mean is the mean over benchmarks of the mean over tasks. If every task has every benchmark,
    the interval is Student's t over the tasks' own scores, exactly. A task that lacks some adds what it has: its
    deviations, weighted by how few tasks measured that benchmark (linearisation of a mean over clusters, the tasks being
    the clusters: W. G. Cochran, Sampling Techniques, 3rd edition 1977, chapter 9A). So benchmarks of one task,
    which share its machine, are never counted as independent. A benchmark of one task only does not deviate from
    itself, which is no sign of certainty: it is taken to deviate as that task's others do, and where there are none
    the error is unknown. Raises ValueError without benchmarks.
    """
    if not benchmarks:
        raise ValueError("no benchmarks to score")
    found = [task for task in tasks if any(name in task for name in benchmarks)]
    counts = {name: sum(name in task for task in found) for name in benchmarks}
    centres = {name: fmean(task[name] for task in found if name in task) for name in benchmarks}
    mean, size = fmean(centres.values()), len(found)
    deviations = [_deviation(task, centres, counts, size=size) for task in found]
    known = [one for one in deviations if one is not None]
    if size < 2 or len(known) < size:
        return Score(Sample(mean, None, 0, rounding), size)
    squared_error = sum(one * one for one in known) / (size * (size - 1))
    return Score(Sample(mean, squared_error, size - 1, rounding), size)


def _deviation(
    task: Mapping[str, float], centres: Mapping[str, float], counts: Mapping[str, int], *, size: int
) -> float | None:
    """How far the task pulls the score from its mean, `size` times; None where nothing of it was measured elsewhere.

    The root undoes that deviations from a mean of few are too small: that of all tasks is undone with the sum of squares.
    """
    shared = {
        name: (task[name] - centres[name]) * sqrt(counts[name] / (counts[name] - 1) * (size - 1) / size)
        for name in centres
        if name in task and counts[name] > 1
    }
    alone = sum(name in task and counts[name] == 1 for name in centres)
    if not shared:
        return None
    typical = fmean(shared.values())
    return (sum(one * size / counts[name] for name, one in shared.items()) + typical * size * alone) / len(centres)
