"""Interpreter against compiler, one subject against another: by what factor, benchmark by benchmark and over all.

Each pair has a board of its own on each machine, so that its benchmarks, its tests and its intervals are those of these two
alone; old is the one that the run lists first. Which repeats are left out is judged for all subjects together, as for the boards:
so a mean is the same in both.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from benchfleet_results.boards.grouping import BoardData
from benchfleet_results.boards.model import Relation
from benchfleet_results.boards.tasks import Task

from benchfleet.report.board_making import made_of, measured
from benchfleet.report.model.board import Benchmark, Board
from benchfleet.report.model.factors import Factor, FactorTable
from benchfleet.report.turning import of_two, turned
from benchfleet.report.value import is_speed

Side = Literal["variant", "subject"]


def factor_tables(tasks: Sequence[Task], sides: Sequence[Side], order: Sequence[str]) -> list[FactorTable]:
    """`order`: names of subjects as the run lists them; others follow in the order in which they were measured."""
    return [table for side in sides for table in _tables(tasks, side, order)]


def _tables(tasks: Sequence[Task], side: Side, order: Sequence[str]) -> Iterator[FactorTable]:
    data = measured(tasks, (side,))
    for pair in _pairs(_names(tasks, side, order)):
        for board in made_of([both for one in data if len((both := _only(one, side, pair)).groups) > 1], (side,)):
            yield _table(board, side, *pair)


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(names[0], name) for name in names[1:]]


def _names(tasks: Sequence[Task], side: Side, order: Sequence[str]) -> list[str]:
    if side == "subject":
        found = {task.subject: None for task in tasks if task.subject}
        return [name for name in order if name in found] + [name for name in found if name not in order]
    return list(dict.fromkeys(one.series.variant for task in tasks for one in task.samples))


def _only(board: BoardData, side: Side, pair: tuple[str, str]) -> BoardData:
    return replace(board, groups={key: of for key, of in board.groups.items() if getattr(key, side) in pair})


def _table(board: Board, side: Side, old: str, new: str) -> FactorTable:
    speed = is_speed(unit=board.unit, better=board.better, metric=board.metric)
    inverse = speed or board.better == "higher"  # a factor above 1 is then what costs less
    rows = [row for one in board.benchmarks if (row := _row(one, side, old, new, inverse=inverse))]
    return FactorTable(
        dimension=side,
        title=board.title,
        provider=board.provider,
        name=board.name,
        subject=board.subject,
        variant=board.variant,
        workload=board.workload,
        metric=board.metric,
        better=board.better,
        speed=speed,
        old=old,
        new=new,
        overall=_overall(board, side, old, new, inverse=inverse),
        rows=rows,
        within_noise=sum(not row.relation.beyond_noise for row in rows),
    )


def _overall(board: Board, side: Side, old: str, new: str, *, inverse: bool) -> Factor | None:
    """None where one benchmark is all there is: its row says it already."""
    sides = {getattr(row, side): row for row in board.ranking}
    if not {old, new} <= set(sides) or len(board.benchmarks) == 1:
        return None
    related = of_two(sides[new].to_best, sides[old].to_best)
    means = sides[old].centre, sides[new].centre
    return _factor(None, len(board.common), board.unit, means, related, inverse=inverse)


def _row(one: Benchmark, side: Side, old: str, new: str, *, inverse: bool) -> Factor | None:
    sides = {getattr(cell, side): cell for cell in one.cells}
    if not {old, new} <= set(sides):
        return None
    related = of_two(sides[new].to_best, sides[old].to_best)
    return _factor(one.benchmark, 1, one.unit, (sides[old].mean, sides[new].mean), related, inverse=inverse)


def _factor(
    name: str | None,
    count: int,
    unit: str | None,
    means: tuple[float | None, float | None],
    related: Relation,
    *,
    inverse: bool,
) -> Factor:
    seen = turned(related) if inverse else related
    old, new = means
    return Factor(
        benchmark=name, benchmarks=count, unit=unit, old=old, new=new, factor=seen.ratio, interval=seen.interval,
        relation=related,
    )  # fmt: skip
