"""The history of a metric over runs: its series, the steps in them, and what else changed where they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.ranking import in_unit
from benchfleet_results.boards.tasks import HAS_RESULTS, GroupKey, Task

from benchfleet.exceptions import UsageError
from benchfleet.report.coverage import group_facts, run_facts
from benchfleet.report.dataset import Dataset
from benchfleet.report.differences import NOT_RECORDED, NOT_SET
from benchfleet.report.history.change_points import LEAST_RUNS
from benchfleet.report.history.series import Row, rows
from benchfleet.report.history.steps import Stepped, Track, stepped
from benchfleet.report.model.history import (
    History,
    HistoryLevel,
    HistoryPoint,
    HistoryRun,
    HistorySeries,
    HistorySince,
    HistoryStep,
)
from benchfleet.report.surroundings import OPTION, is_of_later, option_text

MOST_SERIES = 500
_MOST_CHANGES = 8  # told of one run
Facts = Mapping[GroupKey, Mapping[str, str]]


@dataclass(frozen=True)
class TimedRun:
    """`facts`: what its tasks depend on, by group."""

    run_id: str
    at: datetime
    tasks: Sequence[Task]
    facts: Facts

    @property
    def time(self) -> str:
        return self.at.isoformat(timespec="seconds").replace("+00:00", "Z")


def history(dataset: Dataset, marks: Mapping[str, str], unread: Sequence[str] = ()) -> History:
    """`marks`: name → run id. Raises UsageError for a mark of a run that is not there."""
    runs, without = timed(dataset)
    _known(marks, runs)
    every = rows([run.tasks for run in runs])
    kept, left = every[:MOST_SERIES], every[MOST_SERIES:]
    found, tests = stepped([_track(row) for row in kept])
    series = [_series(row, one, runs, marks) for row, one in zip(kept, found, strict=True)]
    named = [HistoryRun(run_id=run.run_id, at=run.time, marks=_of(marks, run.run_id)) for run in runs]
    ordered = sorted(series, key=lambda one: (not one.steps, one.benchmark is not None))
    return History(runs=named, unread=[*unread, *without], tests=tests, series=ordered, left_out=len(left))


def timed(dataset: Dataset) -> tuple[list[TimedRun], list[str]]:
    """In order of time; and what is left out, with the reason."""
    found: list[TimedRun] = []
    without: list[str] = []
    for run in dataset.runs:
        tasks = [task for task in dataset.tasks if task.run_id == run.run_id and task.outcome in HAS_RESULTS]
        told = run_facts(run, tasks, role="measured")
        at = _read(told.started_at) or _read(told.created_at)
        if not any(task.samples for task in tasks):
            without.append(f"{run.run_id}: it measured nothing that was asked for")
        elif at is None:
            without.append(f"{run.run_id}: its time is not recorded")
        else:
            found.append(TimedRun(run.run_id, at, tasks, _facts(tasks, told.workload_options)))
    return sorted(found, key=lambda run: (run.at, run.run_id)), without


def _facts(tasks: Sequence[Task], options: Mapping[str, object]) -> Facts:
    """Those of its tasks; the run's own options where they name none."""
    asked = {f"{OPTION}{name}": option_text(value) for name, value in options.items()}
    return {
        GroupKey(one.provider, one.name, one.subject): {**asked, **one.environment}
        for one in group_facts(tasks, role="measured")
    }


def _read(text: str | None) -> datetime | None:
    """Without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return (found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)) if found else None


def _known(marks: Mapping[str, str], runs: Sequence[TimedRun]) -> None:
    for name, run_id in marks.items():
        if run_id not in {run.run_id for run in runs}:
            raise UsageError(f"--mark {name}={run_id}: that run is not in this history")


def _of(marks: Mapping[str, str], run_id: str) -> list[str]:
    return [name for name, of in marks.items() if of == run_id]


def _track(row: Row) -> Track:
    plain = Track(tuple(row.costs), row.benchmark is None, row.scale, row.rounding, row.floor)
    return plain if row.board.not_compared else plain.searched()


def _series(row: Row, found: Stepped, runs: Sequence[TimedRun], marks: Mapping[str, str]) -> HistorySeries:
    note = _note(row)
    points = [_point(row, number, runs) for number in range(len(row.values))]
    levels = [] if note else _levels(row, found)
    steps = list(_steps(found, levels, points))
    return HistorySeries(
        provider=row.group.provider,
        name=row.group.name,
        subject=row.group.subject,
        label=identity(*row.group[:3]),
        workload=row.board.workload,
        variant=row.board.variant,
        metric=row.board.metric,
        better=row.board.better,
        scale=row.scale,
        benchmark=row.benchmark,
        benchmarks=list(row.benchmarks),
        unit=row.unit,
        points=points,
        levels=levels,
        steps=steps,
        since=list(_since(row, steps, runs, marks)),
        note=note,
    )


def _note(row: Row) -> str | None:
    if row.board.not_compared:
        return row.board.not_compared
    few = len(row.values) < LEAST_RUNS
    return f"{len(row.values)} runs are too few to look for steps: {LEAST_RUNS} are needed" if few else None


def _point(row: Row, number: int, runs: Sequence[TimedRun]) -> HistoryPoint:
    value = row.values[number]
    run = runs[value.run]
    before = runs[row.values[number - 1].run] if number else None
    return HistoryPoint(
        run_id=run.run_id,
        at=run.time,
        value=value.shown,
        interval=value.interval,
        tasks=value.tasks,
        changed=changed(before.facts[row.group], run.facts[row.group]) if before else [],
    )


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Options, suite, isolation, versions and all else that a result depends on: `suite commit: 09b76c8 → 4f1d2aa`."""
    names = [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
    told = [
        f"{name}: {_fact(before, name)} → {_fact(now, name)}"
        for name in names
        if not (is_of_later(name) and (name not in before or name not in now))
    ]
    more = len(told) - _MOST_CHANGES
    return [*told[:_MOST_CHANGES], f"and {more} more"] if more > 0 else told


def _fact(facts: Mapping[str, str], name: str) -> str:
    return facts.get(name, NOT_SET if name.startswith(OPTION) else NOT_RECORDED)


def _levels(row: Row, found: Stepped) -> list[HistoryLevel]:
    bounds = [0, *found.track.breaks, len(row.values)]
    return [
        HistoryLevel(first=start, runs=end - start, mean=_shown(row, part.mean))
        for (start, end), part in zip(pairwise(bounds), found.track.segments, strict=True)
    ]


def _shown(row: Row, cost: float) -> float:
    if row.scale == "ratio":
        return in_unit(cost, row.board.better) or 0.0
    return cost if row.board.better == "lower" or cost == 0 else -cost


def _steps(found: Stepped, levels: Sequence[HistoryLevel], points: Sequence[HistoryPoint]) -> Iterator[HistoryStep]:
    for related, (old, new) in zip(found.relations, pairwise(levels), strict=False):
        point = points[new.first]
        yield HistoryStep(
            at=new.first,
            run_id=point.run_id,
            previous=points[new.first - 1].run_id,
            old=old.mean,
            new=new.mean,
            relation=related,
            changed=point.changed,
        )


def _since(
    row: Row, steps: Sequence[HistoryStep], runs: Sequence[TimedRun], marks: Mapping[str, str]
) -> Iterator[HistorySince]:
    """Of the marked runs that the series has."""
    numbers = {runs[value.run].run_id: number for number, value in enumerate(row.values)}
    newest = row.values[-1]
    for mark, run_id in marks.items():
        if run_id in numbers:
            apart = newest.cost - row.values[numbers[run_id]].cost
            ratio = in_unit(apart, "lower") if row.scale == "ratio" else None
            yield HistorySince(
                mark=mark,
                run_id=run_id,
                ratio=ratio,
                difference=apart if row.scale != "ratio" else None,
                steps=sum(step.at > numbers[run_id] for step in steps),
            )
