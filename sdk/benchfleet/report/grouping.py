"""Sorts samples into boards (one workload, variant and metric), there by group and task."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, NamedTuple

from benchfleet_results.series import Series

from benchfleet.report.dataset import HAS_RESULTS, GroupKey, Task
from benchfleet.statistics.comparing import Sample


class BoardKey(NamedTuple):
    workload: str
    variant: str
    metric: str
    better: Literal["lower", "higher"]


@dataclass(frozen=True)
class Measured:
    """One series on one group: the samples of each task that has any."""

    series: Series
    by_task: tuple[tuple[float, ...], ...]
    dropped: int

    @property
    def means(self) -> list[float]:
        return [fmean(values) for values in self.by_task]

    @property
    def comparable(self) -> bool:
        """Has every task mean a logarithm?"""
        return all(mean > 0 for mean in self.means)

    def sample(self) -> Sample:
        """On log scale, with tasks as replicates; larger is worse, whichever way the metric points."""
        return Sample.of([cost(mean, self.series.better) for mean in self.means])


@dataclass(frozen=True)
class GroupData:
    """What a group measured on one board. `logs` holds, for each task, benchmark → cost of its mean."""

    series: Mapping[Series, Measured]
    logs: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class BoardData:
    key: BoardKey
    groups: Mapping[GroupKey, GroupData]

    @property
    def series(self) -> list[Series]:
        return sorted({found for group in self.groups.values() for found in group.series})


def cost(mean: float, better: str) -> float:
    return math.log(mean) if better == "lower" else -math.log(mean)


def name_of(series: Series) -> str:
    """Tells series of one board apart: a benchmark may have been measured in two units."""
    return repr((series.benchmark, series.unit))


def boards(tasks: Iterable[Task]) -> list[BoardData]:
    """In order of their names. Groups and tasks keep the order that they came in; those without samples are left out."""
    found: dict[BoardKey, dict[GroupKey, list[Task]]] = defaultdict(lambda: defaultdict(list))
    for task in tasks:
        for key in _keys(task):
            found[key][task.group].append(task)
    return [
        BoardData(key, {group: _group(key, members) for group, members in found[key].items()}) for key in sorted(found)
    ]


def _keys(task: Task) -> list[BoardKey]:
    if task.outcome not in HAS_RESULTS:
        return []
    return sorted({_key(one.series) for one in task.samples if one.values})


def _key(series: Series) -> BoardKey:
    return BoardKey(series.workload, series.variant, series.metric, series.better)


def _group(key: BoardKey, tasks: Sequence[Task]) -> GroupData:
    values: dict[Series, list[tuple[float, ...]]] = defaultdict(list)
    dropped: dict[Series, int] = defaultdict(int)
    logs: list[dict[str, float]] = []
    for task in tasks:
        mine: dict[str, float] = {}
        for one in (one for one in task.samples if one.values and _key(one.series) == key):
            values[one.series].append(one.values)
            dropped[one.series] += one.dropped
            if (mean := fmean(one.values)) > 0:
                mine[name_of(one.series)] = cost(mean, key.better)
        logs.append(mine)
    return GroupData({s: Measured(s, tuple(found), dropped[s]) for s, found in values.items()}, logs)
