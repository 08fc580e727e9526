"""What else the machines did while a group was measured, and what of it speaks against the group's numbers."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.tasks import GroupKey, Task

from benchfleet.report.model.quality import GroupConditions, QualityFinding, Span
from benchfleet.report.quality.hits import Hit, finding, graded
from benchfleet.report.quality.limits import CLOCK, LIMITS, Limit

_APART = 0.25  # of the larger: ten runnable threads and eleven are alike
_BY_MANIFEST = frozenset({"attempt"})  # what a task's conditions are not needed for


def group_conditions(key: GroupKey, tasks: Sequence[Task], *, role: str) -> GroupConditions:
    names = dict.fromkeys(name for task in tasks for name in task.conditions)
    return GroupConditions(
        provider=key.provider,
        name=key.name,
        subject=key.subject,
        label=identity(*key[:3]),
        role="baseline" if role == "baseline" else "measured",
        tasks=len(tasks),
        recorded=sum(recorded(task) for task in tasks),
        values={name: _span([t.conditions[name] for t in tasks if name in t.conditions]) for name in names},
    )


def recorded(task: Task) -> bool:
    return bool(task.conditions.keys() - _BY_MANIFEST)


def _span(values: Sequence[float]) -> Span:
    return Span(median=median(values), most=max(values), tasks=len(values))


def checked(tasks: Sequence[Task]) -> Iterator[QualityFinding]:
    """Findings that every series of these tasks has."""
    for limit in LIMITS:
        yield from finding(limit.kind, [_hit(limit, task) for task in tasks], tasks=len(tasks))
    yield from _clocks(tasks)


def _hit(limit: Limit, task: Task) -> Hit | None:
    value = limit.value(task.conditions, task.logical_cores)
    grade = None if value is None else graded(value, fair=limit.fair, poor=limit.poor)
    return Hit(grade, value, limit.words(value)) if grade and value is not None else None


def _clocks(tasks: Sequence[Task]) -> Iterator[QualityFinding]:
    found = [task.conditions["clock"] for task in tasks if task.conditions.get("clock")]
    if found and max(found) >= CLOCK * min(found):
        said = f"the clock was at {min(found):,.0f} MHz after one task, at {max(found):,.0f} MHz after another"
        yield QualityFinding(kind="clock", size=max(found) / min(found), grade="fair", tasks=len(found), words=said)


def apart(groups: Mapping[str, Sequence[Task]]) -> Iterator[str]:
    """One sentence for each condition that groups, compared with each other, did not share. `groups`: label → tasks."""
    for limit in LIMITS:
        medians = {who: found for who, tasks in groups.items() if (found := _median(limit, tasks)) is not None}
        if len(medians) < 2:
            continue
        low, high = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
        if medians[high] - medians[low] >= max(limit.apart, _APART * medians[high]):
            yield (
                f"Not measured alike (medians of tasks): {limit.words(medians[high])} on {high}; "
                f"{limit.words(medians[low])} on {low}. A difference between them may come from there."
            )
    yield from _half_recorded(groups)


def _median(limit: Limit, tasks: Sequence[Task]) -> float | None:
    values = (limit.value(task.conditions, task.logical_cores) for task in tasks)
    found = [value for value in values if value is not None]
    return median(found) if found else None


def _half_recorded(groups: Mapping[str, Sequence[Task]]) -> Iterator[str]:
    """Where one side has no evidence, nobody can say that both were measured alike."""
    without = [who for who, tasks in groups.items() if not any(map(recorded, tasks))]
    if without and len(without) < len(groups):
        more = f" and {len(without) - 3} more" if len(without) > 3 else ""
        yield (
            f"Whether {', '.join(without[:3])}{more} had the machine to itself was not recorded, as it was for the others: "
            "they may not have been measured alike."
        )
