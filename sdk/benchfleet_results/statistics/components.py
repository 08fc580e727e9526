"""How much of the spread lies between instances, between the tasks of one, and within a task."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

Level = Literal["instances", "tasks", "samples"]


@dataclass(frozen=True)
class Components:
    """Variances in the samples' unit, squared. `clamped`: an estimate was negative and is shown as 0.

    `instances` is None where there are fewer than two, or none of them had two tasks. `sizes`: how many instances, tasks
    and samples there were.
    """

    instances: float | None
    tasks: float
    samples: float
    clamped: bool
    sizes: tuple[int, int, int]

    @property
    def share(self) -> float | None:
        """Of the variance of one sample, the part that lies above it: between tasks and between instances."""
        above = self.tasks + (self.instances or 0.0)
        return above / (above + self.samples) if above + self.samples > 0 else None

    @property
    def next(self) -> Level | None:
        """Of what more would narrow the interval most: the level that adds most to the variance of the mean.

        Kalibera and Jones (2013), section 7: the variance of the mean is the sum over levels of the level's variance by
        how often it was repeated. None where nothing varies.
        """
        instances, tasks, samples = self.sizes
        adds: dict[Level, float] = {"tasks": self.tasks / tasks, "samples": self.samples / samples}
        if self.instances is not None:
            adds = {"instances": self.instances / instances, **adds}
        most = max(adds, key=lambda level: adds[level])
        return most if adds[most] > 0 else None


def components(samples_by_task: Sequence[Sequence[float]], instances: Sequence[str | None] = ()) -> Components | None:
    """Nested random-effects analysis of variance, for instances and tasks of equal or unequal size.

    `instances` names the instance of each task, if all are known. S. R. Searle, G. Casella and C. E. McCulloch, Variance
    Components (1992), chapters 3 and 4 (Henderson's method 1): mean squares are equated with their expectations. A negative
    estimate means that the parts differ by no more than their own noise explains; it is set to 0 and said so. None with
    fewer than two tasks, or where no task has two samples.
    """
    tasks = [(where, list(group)) for where, group in _placed(samples_by_task, instances) if group]
    count = sum(len(group) for _, group in tasks)
    if len(tasks) < 2 or count <= len(tasks):
        return None
    samples = sum((x - fmean(group)) ** 2 for _, group in tasks for x in group) / (count - len(tasks))
    places: dict[str | None, list[list[float]]] = {}
    for where, group in tasks:
        places.setdefault(where, []).append(group)
    if len(places) in (1, len(tasks)):  # with one task on each, what is between instances and tasks is one
        return _one_place([group for _, group in tasks], samples)
    return _several(list(places.values()), samples, count)


def _placed(
    samples_by_task: Sequence[Sequence[float]], instances: Sequence[str | None]
) -> list[tuple[str | None, Sequence[float]]]:
    known = bool(instances) and None not in instances
    return list(zip(instances if known else [None] * len(samples_by_task), samples_by_task, strict=True))


def _one_place(tasks: list[list[float]], samples: float) -> Components:
    """Between tasks = (mean square between - mean square within) / n0, n0 = (N - sum of n² / N) / (a - 1)."""
    among, size = _mean_square(tasks), _size([len(task) for task in tasks])
    between = (among - samples) / size
    return Components(None, max(between, 0.0), samples, between < 0, (1, len(tasks), sum(map(len, tasks))))


def _several(places: list[list[list[float]]], samples: float, count: int) -> Components:
    tasks = sum(map(len, places))
    inside = sum(_squares(place) for place in places) / (tasks - len(places))
    sizes = [[len(task) for task in place] for place in places]
    uneven = sum(sum(n * n for n in place) / sum(place) for place in sizes)
    per_task = (count - uneven) / (tasks - len(places))
    between = (inside - samples) / per_task
    whole = _mean_square([[x for task in place for x in task] for place in places])
    per_task_above = (uneven - sum(n * n for place in sizes for n in place) / count) / (len(places) - 1)
    above = (whole - samples - per_task_above * max(between, 0.0)) / _size([sum(place) for place in sizes])
    clamped = between < 0 or above < 0
    return Components(max(above, 0.0), max(between, 0.0), samples, clamped, (len(places), tasks, count))


def _squares(groups: Sequence[Sequence[float]]) -> float:
    """Of the groups' means around the mean of all, weighted by their sizes."""
    count = sum(map(len, groups))
    centre = sum(map(sum, groups)) / count
    return sum(len(group) * (fmean(group) - centre) ** 2 for group in groups)


def _mean_square(groups: Sequence[Sequence[float]]) -> float:
    return _squares(groups) / (len(groups) - 1)


def _size(sizes: Sequence[int]) -> float:
    return (sum(sizes) - sum(n * n for n in sizes) / sum(sizes)) / (len(sizes) - 1)
