"""Each metric over runs: one series for each machine, subject, variant and benchmark, and their geometric mean."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchfleet_results.boards.dimensions import By
from benchfleet_results.boards.grouping import BoardKey, GroupData, Measured, boards, name_of, rounding
from benchfleet_results.boards.judging import common_scale
from benchfleet_results.boards.model import CONFIDENCE, Interval
from benchfleet_results.boards.ranking import floor_of, in_unit
from benchfleet_results.boards.tasks import GroupKey, Task
from benchfleet_results.metrics import Scale
from benchfleet_results.series import Series
from benchfleet_results.statistics.scores import Score, score

from benchfleet.report.benchmarks import centre

_BY: By = ("machine", "subject")


@dataclass(frozen=True)
class Value:
    """What one run (of that index, in order of time) measured. `cost` is what is compared: larger is worse."""

    run: int
    cost: float
    shown: float
    interval: Interval | None
    tasks: int
    floor: float = 0.0


@dataclass(frozen=True)
class Row:
    """`benchmark` None: the mean over `benchmarks`, of the runs that have them all."""

    board: BoardKey
    group: GroupKey
    benchmark: str | None
    benchmarks: tuple[str, ...]
    unit: str | None
    scale: Scale
    values: tuple[Value, ...]

    @property
    def costs(self) -> list[float]:
        return [one.cost for one in self.values]

    @property
    def floor(self) -> float:
        """The variance that rounding alone makes: by the finest step, since all values of one run may happen to be round."""
        return min(one.floor for one in self.values)

    @property
    def rounding(self) -> float:
        return rounding([one.shown for one in self.values], self.scale)


Runs = Mapping[int, GroupData]


def rows(runs: Sequence[Sequence[Task]]) -> list[Row]:
    """The tasks of each run, in order of time. Means first, then benchmarks by name."""
    found: dict[tuple[BoardKey, GroupKey], dict[int, GroupData]] = defaultdict(dict)
    for number, tasks in enumerate(runs):
        for board in boards(tasks, _BY):
            for group, data in board.groups.items():
                found[board.key, group][number] = data
    means = [row for (board, group), of in found.items() for row in _mean(board, group, of)]
    return means + [row for (board, group), of in found.items() for row in _benchmarks(board, group, of)]


def _benchmarks(board: BoardKey, group: GroupKey, runs: Runs) -> Iterator[Row]:
    for series in sorted({series for data in runs.values() for series in data.series}):
        mine = {number: data.series[series] for number, data in runs.items() if series in data.series}
        scale = common_scale(mine.values(), board.scale)
        values = tuple(_value(number, measured, scale) for number, measured in mine.items())
        yield Row(board, group, series.benchmark, (series.benchmark,), series.unit, scale, values)


def _value(number: int, measured: Measured, scale: Scale) -> Value:
    shown, ends, _ = centre(measured, scale)
    cost = measured.sample(scale).mean
    return Value(number, cost, shown, ends, len(measured.taken), measured.floor(scale))


def _mean(board: BoardKey, group: GroupKey, runs: Runs) -> Iterator[Row]:
    """Over the benchmarks of more than half of the runs; one alone is its own mean."""
    shared = _shared(board, runs)
    units = {series.unit for series in shared}
    if len(shared) < 2 or board.not_compared or (board.scale != "ratio" and len(units) > 1):
        return
    whole = {number: data for number, data in runs.items() if all(series in data.series for series in shared)}
    values = tuple(_scored(number, data, board, shared) for number, data in whole.items())
    unit = units.pop() if len(units) == 1 else None
    if values:
        yield Row(board, group, None, tuple(series.benchmark for series in shared), unit, board.scale, values)


def _shared(board: BoardKey, runs: Runs) -> list[Series]:
    found = sorted({series for data in runs.values() for series in data.series})
    return [series for series in found if _in_most(series, runs) and (board.scale != "ratio" or _logs(series, runs))]


def _in_most(series: Series, runs: Runs) -> bool:
    return sum(series in data.series for data in runs.values()) * 2 > len(runs)


def _logs(series: Series, runs: Runs) -> bool:
    return all(data.series[series].has_logarithms for data in runs.values() if series in data.series)


def _scored(number: int, data: GroupData, board: BoardKey, shared: Sequence[Series]) -> Value:
    names = [name_of(series) for series in shared]
    units = data.units(names)
    found = score(units.costs, names, pairs=units.pairs)
    floor = floor_of(data, shared, board.scale)
    tasks = sum(any(name in one.costs for name in names) for one in data.executed)
    shown, ends = _shown(found, board)
    return Value(number, found.sample.mean, shown, ends, tasks, floor)


def _shown(found: Score, board: BoardKey) -> tuple[float, Interval | None]:
    """Back from costs to the unit."""
    lower = board.better == "lower"
    if board.scale != "ratio":
        ends = found.ends(confidence=CONFIDENCE)
        mean = found.sample.mean if lower else -found.sample.mean
        return mean, ends if ends is None or lower else (-ends[1], -ends[0])
    ends = found.interval(confidence=CONFIDENCE)
    shown = in_unit(found.sample.mean, board.better) or 0.0
    return shown, ends if ends is None or lower else (1 / ends[1], 1 / ends[0])
