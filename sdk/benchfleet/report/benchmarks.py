"""Each benchmark on its own: means, intervals, differences, and where its spread comes from."""

import math
from collections.abc import Sequence
from statistics import median

from benchfleet_results.series import Series

from benchfleet.report.dataset import GroupKey
from benchfleet.report.grouping import BoardData, Measured
from benchfleet.report.model import CONFIDENCE, Benchmark, Cell, GroupSpread, Relation, Spread, label
from benchfleet.report.ranking import Common
from benchfleet.report.relations import NOTHING, to_best
from benchfleet.statistics.components import components
from benchfleet.statistics.estimates import estimate


def tables(board: BoardData, shared: Common) -> list[Benchmark]:
    """In order of their names."""
    within = frozenset(shared.series)
    return [_table(board, series, common=series in within) for series in board.series]


def _table(board: BoardData, series: Series, *, common: bool) -> Benchmark:
    found = {key: data.series[series] for key, data in board.groups.items() if series in data.series}
    relations = _relations(found)
    return Benchmark(
        benchmark=series.benchmark,
        unit=series.unit,
        common=common,
        missing=[label(*key) for key in board.groups if key not in found],
        cells=[_cell(key, found[key], related) for key, related in relations.items()],
    )


def _relations(found: dict[GroupKey, Measured]) -> dict[GroupKey, Relation]:
    """Without logarithms there are no ratios; the order by means stays."""
    if all(measured.comparable for measured in found.values()):
        return to_best({key: measured.sample() for key, measured in found.items()})
    sign = 1 if next(iter(found.values())).series.better == "lower" else -1
    order = sorted(found, key=lambda key: sign * sum(found[key].means) / len(found[key].means))
    return dict.fromkeys(order, NOTHING)


def _cell(key: GroupKey, measured: Measured, related: Relation) -> Cell:
    found = estimate(measured.by_task, confidence=CONFIDENCE)
    return Cell(
        provider=key.provider,
        name=key.name,
        mean=found.mean,
        interval=found.interval,
        interval_over=found.over,
        tasks=found.tasks,
        samples=found.samples,
        dropped=measured.dropped,
        task_means=measured.means,
        to_best=related,
        spread=spread(measured),
    )


def spread(measured: Measured) -> Spread | None:
    """None where there is nothing to take apart, or no mean to relate it to."""
    parts = components(measured.by_task)
    values = [value for task in measured.by_task for value in task]
    centre = abs(sum(values) / len(values))
    if parts is None or centre == 0:
        return None
    return Spread(
        between_tasks=math.sqrt(parts.between) / centre,
        within_tasks=math.sqrt(parts.within) / centre,
        share_between=parts.share,
        clamped=parts.clamped,
    )


def group_spreads(found: Sequence[Benchmark]) -> list[GroupSpread]:
    """In the order in which the groups first appear."""
    spreads: dict[GroupKey, list[Spread]] = {}
    for cell in (cell for one in found for cell in one.cells):
        if cell.spread:
            spreads.setdefault(GroupKey(cell.provider, cell.name), []).append(cell.spread)
    return [
        GroupSpread(
            provider=key.provider,
            name=key.name,
            between_tasks=median(one.between_tasks for one in mine),
            within_tasks=median(one.within_tasks for one in mine),
            benchmarks=len(mine),
        )
        for key, mine in spreads.items()
    ]
