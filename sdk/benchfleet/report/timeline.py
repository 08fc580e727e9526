"""When runs that are compared were measured: what they measured against time, and whether one came after the other."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from statistics import fmean
from typing import Literal

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.tasks import HAS_RESULTS, GroupKey, Task
from benchfleet_results.registry import metric_of
from benchfleet_results.series import Series

from benchfleet.report.model.comparison import Moment
from benchfleet.report.model.facts import RunFacts

Key = tuple[GroupKey, Series]


def moments(new: Sequence[Task], old: Sequence[Task]) -> list[Moment]:
    """A point for each task: by how much its means differ from those of all tasks, over what both sides measured.

    Only of ratio scales; in order of time. Tasks whose start is not known have no point.
    """
    logs = {id(task): _logs(task) for task in (*new, *old)}
    both = _keys(new, logs) & _keys(old, logs)
    means = _means([found for task in (*new, *old) for found in logs[id(task)].items() if found[0] in both])
    points = [*_moments(old, "baseline", logs, means), *_moments(new, "measured", logs, means)]
    return sorted(points, key=lambda point: point.at)


def _moments(
    tasks: Sequence[Task],
    role: Literal["measured", "baseline"],
    logs: dict[int, dict[Key, float]],
    means: dict[Key, float],
) -> Iterator[Moment]:
    for task in tasks:
        apart = _apart(logs[id(task)], means)
        if task.started_at and apart is not None:
            label = identity(*task.group[:3])
            yield Moment(run_id=task.run_id, role=role, label=label, at=task.started_at, value=math.exp(apart))


def _logs(task: Task) -> dict[Key, float]:
    """Larger is worse."""
    found: dict[Key, float] = {}
    for one in task.samples if task.outcome in HAS_RESULTS else ():
        mean = fmean(one.values) if one.values else 0.0
        if mean > 0 and metric_of(one.series).scale == "ratio":
            found[task.group, one.series] = math.log(mean) * (1 if one.series.better == "lower" else -1)
    return found


def _keys(tasks: Sequence[Task], logs: dict[int, dict[Key, float]]) -> set[Key]:
    return {key for task in tasks for key in logs[id(task)]}


def _means(found: Sequence[tuple[Key, float]]) -> dict[Key, float]:
    values: dict[Key, list[float]] = defaultdict(list)
    for key, value in found:
        values[key].append(value)
    return {key: fmean(each) for key, each in values.items()}


def _apart(logs: dict[Key, float], means: dict[Key, float]) -> float | None:
    apart = [value - means[key] for key, value in logs.items() if key in means]
    return fmean(apart) if apart else None


def confounded(runs: Sequence[RunFacts]) -> Iterator[str]:
    """Runs that share no time with their baseline: what the machine did meanwhile is in the difference."""
    old = [run for run in runs if run.role == "baseline"]
    for run in (run for run in runs if run.role == "measured"):
        for before in old:
            if not _overlap(run, before):
                two = f"Run {run.run_id} ({_when(run)}) and baseline {before.run_id} ({_when(before)})"
                yield (
                    f"{two} {_were(run, before)} measured one after the other: what else changed in between (the "
                    "machine, its neighbours, its software) is part of every "
                    "difference, and no interval covers it. `benchfleet compare` measures two things by turns."
                )


def _overlap(one: RunFacts, other: RunFacts) -> bool:
    """False where it is not known."""
    ends = [_read(text) for text in (one.started_at, one.ended_at, other.started_at, other.ended_at)]
    first, last, start, end = ends
    return bool(first and last and start and end) and first <= end and start <= last  # type: ignore[operator]


def _were(one: RunFacts, other: RunFacts) -> str:
    known = all((one.started_at, one.ended_at, other.started_at, other.ended_at))
    return "were" if known else "may have been"


def _when(run: RunFacts) -> str:
    if not run.started_at:
        return f"created {_short(run.created_at)}" if run.created_at else "time not recorded"
    if not run.ended_at:
        return f"from {_short(run.started_at)}"
    first, last = _short(run.started_at), _short(run.ended_at)
    return f"{first} to {last[11:] if last[:11] == first[:11] else last}"


def _short(text: str) -> str:
    read = _read(text)
    return f"{read:%Y-%m-%d %H:%M}" if read else text


def _read(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
