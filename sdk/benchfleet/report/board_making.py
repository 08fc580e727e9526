"""Boards as a report shows them: ranking, prices, spread, benchmarks, and a title that tells one from the others."""

from collections.abc import Sequence

from benchfleet_results.boards.dimensions import By, label
from benchfleet_results.boards.grouping import ALL, BoardData, boards
from benchfleet_results.boards.judging import judged, samples
from benchfleet_results.boards.relations import untested
from benchfleet_results.boards.tasks import GroupKey, Task
from benchfleet_results.boards.titles import title
from benchfleet_results.boards.together import compared

from benchfleet.report.benchmarks import group_spreads, table
from benchfleet.report.model.board import Board
from benchfleet.report.model.facts import GroupFacts
from benchfleet.report.prices import PriceTable
from benchfleet.report.value import is_speed, values

_NO_PRICES = PriceTable()


def made(tasks: Sequence[Task], by: By, groups: Sequence[GroupFacts], prices: PriceTable = _NO_PRICES) -> list[Board]:
    """`groups`: all that were asked for; those without a measurement are named as absent. Subjects are compared by the repeats
    that measured them together, where those are enough.
    """
    data = measured(tasks, by)
    keys = [board.key for board in data]
    return [
        _board(board, by, _absent(board, by, tasks, groups), title(board.key, keys), groups, prices) for board in data
    ]


def measured(tasks: Sequence[Task], by: By) -> list[BoardData]:
    """What is compared: all boards of a report that have these groups have the same of them."""
    return boards(compared(tasks, by), by)


def made_of(data: Sequence[BoardData], by: By) -> list[Board]:
    """Without prices, and without who is absent."""
    keys = [board.key for board in data]
    return [_board(board, by, [], title(board.key, keys), (), _NO_PRICES) for board in data]


def _board(
    board: BoardData, by: By, absent: list[str], title: str, groups: Sequence[GroupFacts], prices: PriceTable
) -> Board:
    key, found, series = board.key, judged(board, by), board.series
    shared, scores, ranking = found.shared, found.scores, found.ranking
    singles = found.singles or [untested(*samples(board, one)) for one in series]
    benchmarks = [table(board, one, by, shared, each) for one, each in zip(series, singles, strict=True)]
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
        told_apart=found.told_apart,
        tests=found.tests,
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
