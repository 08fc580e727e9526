"""Sorts samples into boards (what is never compared with each other), there by group and execution."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal, NamedTuple

from benchfleet_results.metrics import Scale
from benchfleet_results.pooling import executions
from benchfleet_results.registry import metric_of
from benchfleet_results.series import Samples, Series
from benchfleet_results.statistics.comparing import ROUNDING, Sample

from benchfleet.report.dataset import HAS_RESULTS, GroupKey, Task, by_execution
from benchfleet.report.dimensions import By

USUAL_METRIC = "time"
ALL = ""  # a dimension that is compared on the board itself


class BoardKey(NamedTuple):
    """What all groups of a board have in common; `ALL` where they differ in it. `not_compared` says why they are not."""

    workload: str
    provider: str
    name: str
    subject: str
    variant: str
    metric: str
    better: Literal["lower", "higher"]
    scale: Scale
    not_compared: str


@dataclass(frozen=True)
class Measured:
    """One series on one group: the samples of each execution that has any."""

    series: Series
    by_task: tuple[tuple[float, ...], ...]
    dropped: int

    @property
    def means(self) -> list[float]:
        return [fmean(values) for values in self.by_task]

    @property
    def has_logarithms(self) -> bool:
        return all(mean > 0 for mean in self.means)

    def sample(self, scale: Scale) -> Sample:
        """With executions as replicates; larger is worse, whichever way the metric points."""
        means = self.means
        return Sample.of([cost(mean, self.series.better, scale) for mean in means], rounding=rounding(means, scale))


@dataclass(frozen=True)
class GroupData:
    """What a group measured on one board. `costs` holds, for each execution, benchmark → cost of its mean."""

    series: Mapping[Series, Measured]
    costs: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class BoardData:
    key: BoardKey
    groups: Mapping[GroupKey, GroupData]

    @property
    def series(self) -> list[Series]:
        return sorted({found for group in self.groups.values() for found in group.series})


def cost(mean: float, better: str, scale: Scale) -> float:
    """On the scale that is compared on: larger is worse."""
    value = math.log(mean) if scale == "ratio" else mean
    return value if better == "lower" else -value


def rounding(means: Iterable[float], scale: Scale) -> float:
    return ROUNDING if scale == "ratio" else ROUNDING * max(map(abs, means), default=0.0)


def name_of(series: Series) -> str:
    """Tells series of one board apart: a benchmark may have been measured in two units."""
    return repr((series.benchmark, series.unit))


def boards(tasks: Iterable[Task], by: By) -> list[BoardData]:
    """In order of their names, times before all else. Groups and tasks keep the order that they came in.

    Groups without samples are left out.
    """
    found: dict[BoardKey, dict[GroupKey, list[list[Samples]]]] = defaultdict(lambda: defaultdict(list))
    for task in whole_executions(tasks):
        mine: dict[tuple[BoardKey, GroupKey], list[Samples]] = defaultdict(list)
        for one in (one for one in task.samples if one.values):
            mine[_board_of(task, one.series, by), _group_of(task, one.series, by)].append(_comparable(one, by))
        for (board, group), samples in mine.items():
            found[board][group].append(samples)
    return [
        BoardData(key, {group: _group(key, of) for group, of in found[key].items()}) for key in sorted(found, key=_rank)
    ]


def _rank(key: BoardKey) -> tuple[object, ...]:
    """Who compares wants to know what is faster; what else was measured comes behind it."""
    return key.workload, key.provider, key.name, key.subject, key.metric != USUAL_METRIC, key


def whole_executions(tasks: Iterable[Task]) -> list[Task]:
    """One for each execution: what its parts measured is put together."""
    kept = list(by_execution(task for task in tasks if task.outcome in HAS_RESULTS))
    first = {key: task for key, task in reversed(kept)}
    pooled = executions((key, task.samples) for key, task in kept)
    return [replace(first[key], samples=samples) for key, samples in pooled.items()]


def _board_of(task: Task, series: Series, by: By) -> BoardKey:
    metric, group = metric_of(series), task.group
    return BoardKey(
        workload=series.workload,
        provider=ALL if "machine" in by else group.provider,
        name=ALL if "machine" in by else group.name,
        subject=ALL if "subject" in by else group.subject or ALL,
        variant=ALL if "variant" in by else series.variant,
        metric=series.metric,
        better=series.better,
        scale=metric.scale,
        not_compared=metric.not_compared or "",
    )


def _group_of(task: Task, series: Series, by: By) -> GroupKey:
    return task.group._replace(variant=series.variant) if "variant" in by else task.group


def _comparable(one: Samples, by: By) -> Samples:
    """Without its variant where that is what differs between the groups."""
    return one._replace(series=one.series._replace(variant=ALL)) if "variant" in by else one


def _group(key: BoardKey, executed: Sequence[Sequence[Samples]]) -> GroupData:
    values: dict[Series, list[tuple[float, ...]]] = defaultdict(list)
    dropped: dict[Series, int] = defaultdict(int)
    costs: list[dict[str, float]] = []
    for samples in executed:
        mine: dict[str, float] = {}
        for one in samples:
            values[one.series].append(one.values)
            dropped[one.series] += one.dropped
            mean = fmean(one.values)
            if mean > 0 or key.scale != "ratio":
                mine[name_of(one.series)] = cost(mean, key.better, key.scale)
        costs.append(mine)
    return GroupData({s: Measured(s, tuple(found), dropped[s]) for s, found in values.items()}, costs)
