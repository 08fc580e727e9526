"""Each benchmark on its own: means, intervals, differences, and where its spread comes from."""

import math
from collections.abc import Iterable, Sequence
from statistics import median

from benchfleet_results.metrics import Scale
from benchfleet_results.series import Series
from benchfleet_results.statistics.components import components
from benchfleet_results.statistics.estimates import estimate

from benchfleet.report.dataset import GroupKey
from benchfleet.report.dimensions import By, label
from benchfleet.report.grouping import BoardData, Measured
from benchfleet.report.model import CONFIDENCE, Benchmark, Cell, GroupSpread, Relation, Spread
from benchfleet.report.ranking import Common
from benchfleet.report.relations import NOT_COMPARED, to_best


def tables(board: BoardData, shared: Common, by: By) -> list[Benchmark]:
    """In order of their names."""
    within = frozenset(shared.series)
    return [_table(board, series, by, common=series in within) for series in board.series]


def _table(board: BoardData, series: Series, by: By, *, common: bool) -> Benchmark:
    found = {key: data.series[series] for key, data in board.groups.items() if series in data.series}
    relations = _relations(found, board)
    return Benchmark(
        benchmark=series.benchmark,
        unit=series.unit,
        common=common,
        missing=[label(key, by) for key in board.groups if key not in found],
        cells=[_cell(key, found[key], related, by) for key, related in relations.items()],
    )


def _relations(found: dict[GroupKey, Measured], board: BoardData) -> dict[GroupKey, Relation]:
    """Best first. What is not compared is in the order of its means, too."""
    scale = common_scale(found.values(), board.key.scale)
    relations = to_best({key: measured.sample(scale) for key, measured in found.items()}, scale=scale)
    return dict.fromkeys(relations, NOT_COMPARED) if board.key.not_compared else relations


def common_scale(found: Iterable[Measured], scale: Scale) -> Scale:
    """Without logarithms there are no ratios: then the means are compared as they are."""
    return scale if scale != "ratio" or all(one.has_logarithms for one in found) else "count"


def _cell(key: GroupKey, measured: Measured, related: Relation, by: By) -> Cell:
    found = estimate(measured.by_task, confidence=CONFIDENCE)
    return Cell(
        **key._asdict(),
        label=label(key, by),
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
    labels: dict[GroupKey, str] = {}
    for cell in (cell for one in found for cell in one.cells):
        key = GroupKey(cell.provider, cell.name, cell.subject, cell.variant)
        labels[key] = cell.label
        if cell.spread:
            spreads.setdefault(key, []).append(cell.spread)
    return [
        GroupSpread(
            **key._asdict(),
            label=labels[key],
            between_tasks=median(one.between_tasks for one in mine),
            within_tasks=median(one.within_tasks for one in mine),
            benchmarks=len(mine),
        )
        for key, mine in spreads.items()
    ]
