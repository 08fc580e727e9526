"""Sorts samples into boards (what is never compared with each other), there by group and execution."""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import add
from statistics import fmean
from typing import Literal, NamedTuple

from benchfleet_results.boards.dimensions import By
from benchfleet_results.boards.executions import Execution, Peers, whole_executions
from benchfleet_results.boards.tasks import GroupKey, Task
from benchfleet_results.metrics import Scale
from benchfleet_results.registry import aggregator, metric_of
from benchfleet_results.series import Samples, Series
from benchfleet_results.statistics.sample import PAIRED_INSTANCES, PAIRS, ROUNDING, Sample, resolution, rounding_error

USUAL_METRIC = "time"
ALL = ""  # a dimension that is compared on the board itself
_AT_LEAST_TASKS = 2  # that measured a benchmark, and half of all: fewer are survivors, which say nothing of the others


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


class Taken(NamedTuple):
    """Samples of one execution. `instance` is where, if known; executions of one `moment` are of one repeat there."""

    values: tuple[float, ...]
    instance: str | None
    moment: Hashable


Level = Literal["instances", "tasks"]


@dataclass(frozen=True)
class Units:
    """What is taken for independent repeats, and what each of them measured: benchmark → cost."""

    over: Level
    costs: Mapping[Hashable, Mapping[str, float]]

    @property
    def pairs(self) -> int:
        return PAIRED_INSTANCES if self.over == "instances" else PAIRS


@dataclass(frozen=True)
class Measured:
    """One series on one group: the samples of each execution that has any. `peers`: those that have none counted, too."""

    series: Series
    taken: tuple[Taken, ...]
    dropped: int
    peers: Peers

    @cached_property
    def by_task(self) -> list[tuple[float, ...]]:
        return [one.values for one in self.taken]

    @cached_property
    def means(self) -> list[float]:
        return [fmean(values) for values in self.by_task]

    @cached_property
    def instances(self) -> int | None:
        return instances(one.instance for one in self.taken)

    @cached_property
    def has_logarithms(self) -> bool:
        return all(mean > 0 for mean in self.means)

    @cached_property
    def step(self) -> float:
        """In which the samples were written down."""
        return resolution((value for values in self.by_task for value in values), self.series.unit)

    def units(self, scale: Scale) -> Units:
        costs = (cost(mean, self.series.better, scale) for mean in self.means)
        measured = zip(self.taken, costs, strict=True)
        return units(((one.instance, one.moment, {"": found}) for one, found in measured), level(self.peers.instances))

    def floor(self, scale: Scale) -> float:
        """The squared error that rounding leaves, on the scale that is compared on."""
        step = self.step / fmean(self.means) if scale == "ratio" else self.step
        return rounding_error(step)

    def sample(self, scale: Scale) -> Sample:
        """Larger is worse, whichever way the metric points."""
        found = self.units(scale)
        return Sample.of(
            [of[""] for of in found.costs.values()],
            rounding=rounding(self.means, scale),
            floor=self.floor(scale),
            units=list(found.costs),
            pairs=found.pairs,
        )


class Executed(NamedTuple):
    """What one execution measured on a board: benchmark → cost of its mean, and benchmark → instance."""

    costs: Mapping[str, float]
    instances: Mapping[str, str | None]
    moment: Hashable


@dataclass(frozen=True)
class GroupData:
    """What a group measured on one board."""

    series: Mapping[Series, Measured]
    executed: Sequence[Executed]

    def instances(self, names: Iterable[str]) -> int | None:
        wanted = set(names)
        return instances(one.instances[name] for one in self.executed for name in one.costs if name in wanted)

    def units(self, names: Sequence[str]) -> Units:
        """Of the benchmarks of these names; an execution that was split over instances is a unit on each of them."""
        measured = (
            (where, one.moment, {name: one.costs[name] for name in mine})
            for one in self.executed
            for where, mine in _by_place(one, names)
        )
        chosen = set(names)
        wanted = {one.peers.instances for series, one in self.series.items() if name_of(series) in chosen}
        return units(measured, level(frozenset().union(*wanted)))

    def has_enough(self, series: Series) -> bool:
        """Measured by half of the executions, and by two where there are two."""
        total = len(self.executed)
        return series in self.series and len(self.series[series].taken) >= max(min(_AT_LEAST_TASKS, total), total / 2)


def _by_place(one: Executed, names: Sequence[str]) -> Iterator[tuple[str | None, list[str]]]:
    found: dict[str | None, list[str]] = defaultdict(list)
    for name in names:
        if name in one.costs:
            found[one.instances[name]].append(name)
    yield from found.items()


def instances(places: Iterable[str | None]) -> int | None:
    """How many there are; None where one is not known."""
    found = set(places)
    return None if None in found else len(found)


def level(known: AbstractSet[str]) -> Level:
    """Of what was repeated, the highest: instances, where two or more are known.

    They are those of all executions that were to measure a benchmark. The tasks of the only instance on which it did not fail
    are no repeats of a group that has several: they share that instance.
    """
    return "instances" if len(known) >= PAIRED_INSTANCES else "tasks"


def units(measured: Iterable[tuple[str | None, Hashable, Mapping[str, float]]], over: Level) -> Units:
    """(instance, moment, benchmark → cost) of each execution → the mean of each instance, or of each execution.

    What is not known to be of another instance is one more: one lost identity would else make repeats of all tasks.
    """
    found = list(measured)
    if over == "tasks":
        return Units(over, _merged(((where, moment), costs) for where, moment, costs in found))
    somewhere = next(
        (moment for where, moment, _ in found if where is None), None
    )  # no other group's: nothing pairs it
    return Units(over, _merged((where or (None, somewhere), costs) for where, _, costs in found))


def _merged(measured: Iterable[tuple[Hashable, Mapping[str, float]]]) -> dict[Hashable, dict[str, float]]:
    """The mean of each benchmark over what has the same key."""
    found: dict[Hashable, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for key, costs in measured:
        for name, value in costs.items():
            found[key][name].append(value)
    return {key: {name: fmean(values) for name, values in of.items()} for key, of in found.items()}


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
    """In order of their names, what the kind of work leads with (times) before all else.

    Groups and tasks keep the order that they came in. Groups without samples are left out.
    """
    found: dict[BoardKey, dict[GroupKey, list[tuple[Execution, list[Samples]]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for execution in whole_executions(tasks):
        mine: dict[tuple[BoardKey, GroupKey], list[Samples]] = defaultdict(list)
        for one in (one for one in execution.samples if one.values):
            mine[_board_of(execution.task, one.series, by), _group_of(execution.task, one.series, by)].append(one)
        for (board, group), samples in mine.items():
            found[board][group].append((execution, samples))
    return [
        BoardData(key, {group: _group(key, of, by) for group, of in found[key].items()})
        for key in sorted(found, key=_rank)
    ]


def _rank(key: BoardKey) -> tuple[object, ...]:
    """Who compares wants to know what is faster; what else was measured comes behind it."""
    return key.workload, key.provider, key.name, key.subject, aggregator(key.workload).rank(key.metric), key


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


def _group(key: BoardKey, measured: Sequence[tuple[Execution, Sequence[Samples]]], by: By) -> GroupData:
    taken: dict[Series, list[Taken]] = defaultdict(list)
    dropped: dict[Series, int] = defaultdict(int)
    peers: dict[Series, dict[str, Peers]] = defaultdict(dict)  # by run
    executed: list[Executed] = []
    for execution, samples in measured:
        costs: dict[str, float] = {}
        places: dict[str, str | None] = {}
        for one in samples:
            # without its variant where that is what differs between the groups
            series = one.series._replace(variant=ALL) if "variant" in by else one.series
            where = execution.instances[one.series]
            taken[series].append(Taken(one.values, where, execution.moment))
            dropped[series] += one.dropped
            peers[series][execution.task.run_id] = execution.peers[one.series]
            mean = fmean(one.values)
            if mean > 0 or key.scale != "ratio":
                costs[name_of(series)] = cost(mean, key.better, key.scale)
                places[name_of(series)] = where
        executed.append(Executed(costs, places, execution.moment))
    return GroupData(
        {s: Measured(s, tuple(found), dropped[s], reduce(add, peers[s].values())) for s, found in taken.items()},
        executed,
    )
