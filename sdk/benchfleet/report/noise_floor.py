"""The noise floor of a run: one subject that was measured twice, under two names.

The second name is for this alone. Its tasks are taken out before anything else is computed, so it stands in no ranking,
answer or gate; the difference of the two names is what the run sees where there is nothing to see.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.model import Relation
from benchfleet_results.boards.tasks import Task

from benchfleet.report import words
from benchfleet.report.board_making import made
from benchfleet.report.coverage import group_facts
from benchfleet.report.dataset import Dataset, Run
from benchfleet.report.model.board import Board
from benchfleet.report.model.noise_floor import FloorRow, NoiseFloor
from benchfleet.report.turning import of_two
from benchfleet.results.bounds import whole


class Twice(NamedTuple):
    """The two names of one subject."""

    subject: str
    again: str


def split(dataset: Dataset) -> tuple[Dataset, dict[Twice, list[Task]]]:
    """What is compared, and the tasks of what was measured twice."""
    names = {run.run_id: twice for run in dataset.runs if (twice := named(run))}
    kept = tuple(task for task in dataset.tasks if not _is_again(task, names))
    both: dict[Twice, list[Task]] = defaultdict(list)
    for task in dataset.tasks:
        twice = names.get(task.run_id)
        if twice and task.subject in twice:
            both[twice].append(task)
    return replace(dataset, tasks=kept), dict(both)


def named(run: Run) -> Twice | None:
    """As run.json tells it."""
    found: Any = run.about.get("noise_floor")
    if not isinstance(found, dict) or not found.get("subject") or not found.get("again"):
        return None
    twice = Twice(whole(found["subject"]), whole(found["again"]))
    return twice if twice.subject != twice.again else None


def _is_again(task: Task, names: Mapping[str, Twice]) -> bool:
    return task.run_id in names and task.subject == names[task.run_id].again


def floors(both: Mapping[Twice, Sequence[Task]]) -> list[NoiseFloor]:
    """One for each machine, variant and metric on which both names were measured."""
    found: list[NoiseFloor] = []
    for twice, tasks in both.items():
        for board in made(tasks, ("subject",), group_facts(tasks, role="measured")):
            found += _floor(twice, board)
    return found


def _floor(twice: Twice, board: Board) -> Iterator[NoiseFloor]:
    overall = {row.subject: row.to_best for row in board.ranking}
    if not board.not_compared and set(overall) == set(twice):
        yield NoiseFloor(
            provider=board.provider or "",
            name=board.name or "",
            variant=board.variant,
            metric=board.metric,
            better=board.better,
            subject=twice.subject,
            again=twice.again,
            label=_label(board),
            unit=board.unit,
            relation=_again_to_first(twice, overall),
            benchmarks=list(_rows(twice, board)),
        )


def _rows(twice: Twice, board: Board) -> Iterator[FloorRow]:
    for one in board.benchmarks:
        cells = {cell.subject: cell.to_best for cell in one.cells}
        if set(cells) == set(twice):
            yield FloorRow(benchmark=one.benchmark, unit=one.unit, relation=_again_to_first(twice, cells))


def _again_to_first(twice: Twice, found: Mapping[str | None, Relation]) -> Relation:
    return of_two(found[twice.again], found[twice.subject])


def _label(board: Board) -> str:
    place = identity(board.provider or "", board.name or "", None)
    parts = [
        board.variant if board.variant not in (None, "default") else None,
        board.metric if board.metric != "time" else None,
    ]
    return ", ".join([place, *filter(None, parts)])


def size(relation: Relation) -> float | None:
    """How far apart, whichever way: |log ratio|, or the absolute difference."""
    if relation.ratio is not None:
        return abs(math.log(relation.ratio))
    return None if relation.difference is None else abs(relation.difference)


def sentence(floor: NoiseFloor) -> str:
    """`Noise floor on local box: sha256, measured twice, differs from itself by +0.8 % (-0.5 % to +2.1 %), within noise.`"""
    apart = words.apart(floor.relation, floor.unit)
    ends = words.apart_interval(floor.relation, floor.unit)
    between = f" ({ends})" if ends != words.NONE else ""
    told = f"Noise floor on {floor.label}: {floor.subject}, measured twice, differs from itself by {apart}{between}, "
    return told + words.noise(floor.relation.verdict) + _largest(floor) + "."


def _largest(floor: NoiseFloor) -> str:
    if len(floor.benchmarks) < 2:
        return ""
    row = max(floor.benchmarks, key=lambda one: size(one.relation) or 0.0)
    return f"; of its {len(floor.benchmarks)} benchmarks {row.benchmark} most, by {words.apart(row.relation, row.unit)}"


def doubts(found: Sequence[NoiseFloor], boards: Sequence[Board]) -> Iterator[str]:
    """A floor that is beyond noise, and differences that are called real and are no larger than it."""
    for floor in found:
        if floor.relation.beyond_noise:
            yield (
                f"{sentence(floor)} The same work should not differ from itself: the noise is larger than the intervals "
                "say, and a difference of that size is no finding."
            )
    for board in boards:
        yield from _below(board, [floor for floor in found if _covers(floor, board)])


def _covers(floor: NoiseFloor, board: Board) -> bool:
    mine = board.variant in (None, floor.variant) and board.metric == floor.metric
    return mine and board.name in (None, floor.name) and board.provider in (None, floor.provider)


def _below(board: Board, mine: Sequence[NoiseFloor]) -> Iterator[str]:
    most = max((size(floor.relation) or 0.0 for floor in mine if _same_scale(floor, board)), default=0.0)
    for row in board.ranking:
        if row.to_best.beyond_noise and (size(row.to_best) or 0.0) <= most:
            yield (
                f"{row.label} is {words.apart(row.to_best, board.unit, board.better)} from the best, which is no more than "
                "the noise floor of the run: the same work, measured twice, differs as much."
            )


def _same_scale(floor: NoiseFloor, board: Board) -> bool:
    return (floor.relation.ratio is not None) == (board.scale == "ratio")
