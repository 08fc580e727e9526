"""What else differed between the things compared: a difference in speed may come from there."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Literal

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.tasks import GroupKey, Task, by_group

from benchfleet.report.model.facts import Difference
from benchfleet.report.surroundings import MACHINE_FACTS, OPTION, is_of_later, is_of_subject

NOT_RECORDED, NOT_SET = "not recorded", "not set"
_SHOWN_WHO = 8


def between_groups(tasks: Sequence[Task]) -> list[Difference]:
    """Groups against each other, then the tasks of one group among themselves."""
    groups = by_group(tasks)
    labels = {identity(*key[:3]): found for key, found in groups.items()}
    found = [d for name in _names(tasks) if (d := _between(name, labels, "groups", expected=_expected(name, groups)))]
    return found + [d for name in _names(tasks) for d in _within(name, labels)]


def _expected(name: str, groups: Mapping[GroupKey, Sequence[Task]]) -> bool:
    """Machines differ in what makes them machines, subjects in what was asked of them: that is what is compared."""
    if name in MACHINE_FACTS:
        return _same_within(name, groups, lambda key: key[:2])
    return is_of_subject(name) and _same_within(name, groups, lambda key: key.subject)


def _same_within(name: str, groups: Mapping[GroupKey, Sequence[Task]], of: Callable[[GroupKey], Hashable]) -> bool:
    found: dict[Hashable, set[frozenset[str]]] = defaultdict(set)
    for key, tasks in groups.items():
        found[of(key)].add(frozenset(_values(name, tasks)))
    return all(len(values) == 1 for values in found.values())


def between_runs(new: Sequence[Task], old: Sequence[Task]) -> list[Difference]:
    """The same group in both runs, name by name."""
    before = by_group(old)
    found: list[Difference] = []
    for group, tasks in by_group(new).items():
        name, others = identity(*group[:3]), before.get(group, [])
        sides = {f"{name}, this run": tasks, f"{name}, baseline": others}
        found += [d for d in (_between(fact, sides, "runs") for fact in _names([*tasks, *others])) if d and others]
    return found


def _names(tasks: Sequence[Task]) -> list[str]:
    return list(dict.fromkeys(name for task in tasks for name in task.environment))


def _values(name: str, tasks: Sequence[Task]) -> set[str]:
    return {_value(name, task) for task in tasks}


def _value(name: str, task: Task) -> str:
    return task.environment.get(name, NOT_SET if name.startswith(OPTION) else NOT_RECORDED)


def _between(
    name: str, sides: Mapping[str, Sequence[Task]], among: Literal["groups", "runs"], *, expected: bool = False
) -> Difference | None:
    """Only what one side always has and another has not: what varies within a side is told there."""
    who: dict[str, list[str]] = defaultdict(list)
    for side, tasks in sides.items():
        who[" or ".join(sorted(_values(name, tasks)))].append(side)
    if len(who) < 2:
        return None
    unknown = is_of_later(name) and NOT_RECORDED in who
    return _difference(name, "note" if expected or unknown else "warning", among, who)


def _within(name: str, groups: Mapping[str, Sequence[Task]]) -> list[Difference]:
    """One entry for each group whose tasks differ."""
    found = []
    for who_has, tasks in groups.items():
        if len(_values(name, tasks)) > 1:
            who: dict[str, list[str]] = defaultdict(list)
            for task in tasks:
                who[_value(name, task)].append(f"{who_has}: run {task.run_id}, {task.folder}")
            found.append(_difference(name, "warning", "tasks of a group", who))
    return found


def _difference(
    name: str,
    level: Literal["note", "warning"],
    among: Literal["groups", "tasks of a group", "runs"],
    who: Mapping[str, list[str]],
) -> Difference:
    return Difference(name=name, level=level, among=among, values={value: _short(w) for value, w in who.items()})


def _short(who: list[str]) -> list[str]:
    more = len(who) - _SHOWN_WHO
    return who if more <= 1 else [*who[:_SHOWN_WHO], f"and {more} more"]
