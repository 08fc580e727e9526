"""Boards as a report shows them: ranking, prices, spread, benchmarks, and a title that tells one from the others."""

from collections.abc import Iterator, Sequence

from benchfleet.report.benchmarks import group_spreads, samples, table
from benchfleet.report.dataset import GroupKey, Task
from benchfleet.report.dimensions import By, label, machine
from benchfleet.report.grouping import ALL, USUAL_METRIC, BoardData, BoardKey, boards
from benchfleet.report.model import Board, GroupFacts
from benchfleet.report.prices import PriceTable
from benchfleet.report.ranking import common, ranked, scored
from benchfleet.report.relations import judge, untested
from benchfleet.report.value import is_speed, values

_NO_PRICES = PriceTable()
_ONLY_VARIANT = "default"  # what a workload without variants calls it


def made(tasks: Sequence[Task], by: By, groups: Sequence[GroupFacts], prices: PriceTable = _NO_PRICES) -> list[Board]:
    """`groups`: all that were asked for; those without a measurement are named as absent."""
    data = boards(tasks, by)
    keys = [board.key for board in data]
    return [
        _board(board, by, _absent(board, by, tasks, groups), _title(board.key, keys), groups, prices) for board in data
    ]


def _board(
    board: BoardData, by: By, absent: list[str], title: str, groups: Sequence[GroupFacts], prices: PriceTable
) -> Board:
    key, shared = board.key, common(board, by)
    scores, series = scored(board, shared), board.series
    judged = judge(
        scores.samples if scores else None,
        [] if key.not_compared else [samples(board, one) for one in series],
        scale=key.scale,
    )
    singles = judged.single or [untested(*samples(board, one)) for one in series]
    ranking = ranked(board, shared, by, scores, judged.overall) if scores and judged.overall else []
    benchmarks = [table(board, one, by, shared, found) for one, found in zip(series, singles, strict=True)]
    speed = "machine" in by and is_speed(unit=shared.unit, better=key.better, metric=key.metric)
    money = bool(prices.prices and ranking and speed and key.scale == "ratio")
    return Board(
        title=title,
        by=list(by),
        workload=key.workload,
        provider=key.provider or None,
        name=key.name or None,
        subject=key.subject or None,
        variant=key.variant or None,
        metric=key.metric,
        better=key.better,
        scale=key.scale,
        not_compared=key.not_compared or None,
        unit=shared.unit,
        common=[series.benchmark for series in shared.series],
        left_out=shared.left_out,
        absent=absent,
        ranking=ranking,
        told_apart=judged.overall is not None and judged.overall.told_apart,
        tests=judged.tests,
        value=values(ranking, scores, groups, prices, unit=shared.unit) if scores and money else [],
        spread=group_spreads(benchmarks),
        benchmarks=benchmarks,
    )


def _absent(board: BoardData, by: By, tasks: Sequence[Task], groups: Sequence[GroupFacts]) -> list[str]:
    """Groups that belong on the board and measured nothing of it."""
    key = board.key
    mine = [
        GroupKey(group.provider, group.name, group.subject)
        for group in groups
        if ("machine" in by or (group.provider, group.name) == (key.provider, key.name))
        and ("subject" in by or (group.subject or ALL) == key.subject)
    ]
    if "variant" in by:
        mine = [group._replace(variant=variant) for group in mine for variant in _variants(tasks, key.workload)]
    return list(dict.fromkeys(label(group, by) for group in mine if group not in board.groups))


def _variants(tasks: Sequence[Task], workload: str) -> list[str]:
    """All that some task measured, or failed at."""
    measured = (one.series.variant for task in tasks for one in task.samples if one.series.workload == workload)
    failed = (
        one.variant
        for task in tasks
        for one in task.failures
        if any(s.series.workload == workload for s in task.samples)
    )
    return list(dict.fromkeys([*measured, *failed]))


def _title(key: BoardKey, every: Sequence[BoardKey]) -> str:
    return ", ".join(_title_parts(key, every)) or key.metric


def _title_parts(key: BoardKey, every: Sequence[BoardKey]) -> Iterator[str]:
    """Machine and workload where there are several; the metric where it is not time."""
    if len({other.workload for other in every}) > 1:
        yield key.workload
    if len({(other.provider, other.name) for other in every}) > 1:
        yield machine(key.provider, key.name)
    if key.subject:
        yield key.subject
    if key.variant and (key.variant != _ONLY_VARIANT or len({other.variant for other in every}) > 1):
        yield key.variant
    if key.metric != USUAL_METRIC:
        yield key.metric
