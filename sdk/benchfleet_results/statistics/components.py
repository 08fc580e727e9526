"""How much of the spread lies between tasks (instances, moments), and how much within one."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True)
class Components:
    """Variances in the samples' unit, squared. `clamped`: the estimate between tasks was negative and is shown as 0."""

    between: float
    within: float
    clamped: bool

    @property
    def share(self) -> float | None:
        """Of the variance of one sample, the part that lies between tasks (intraclass correlation)."""
        total = self.between + self.within
        return self.between / total if total > 0 else None


def components(samples_by_task: Sequence[Sequence[float]]) -> Components | None:
    """One-way random-effects analysis of variance, for tasks of equal or unequal size.

    S. R. Searle, G. Casella and C. E. McCulloch, Variance Components (1992), chapter 3: within = MSE, between =
    (MSA - MSE) / n0 with n0 = (N - sum of n_i² / N) / (a - 1). A negative estimate means that tasks differ by no more
    than their own noise explains; it is set to 0 and said so. Levels of repetition as in T. Kalibera
    and R. Jones, "Rigorous benchmarking in reasonable time" (2013). None with fewer than two tasks, or where no task has
    two samples.
    """
    groups = [group for group in samples_by_task if group]
    count, tasks = sum(map(len, groups)), len(groups)
    if tasks < 2 or count <= tasks:
        return None
    centre = sum(map(sum, groups)) / count
    means = [fmean(group) for group in groups]
    within = sum((x - mean) ** 2 for group, mean in zip(groups, means, strict=True) for x in group) / (count - tasks)
    among = sum(len(group) * (mean - centre) ** 2 for group, mean in zip(groups, means, strict=True)) / (tasks - 1)
    size = (count - sum(len(group) ** 2 for group in groups) / count) / (tasks - 1)
    between = (among - within) / size
    return Components(max(between, 0.0), within, clamped=between < 0)
