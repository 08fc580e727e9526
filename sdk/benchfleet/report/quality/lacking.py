"""Modes that were shortened, and evidence that there is none of. What was not recorded is never taken for fine."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.tasks import HAS_RESULTS, Task

from benchfleet.report.printing import shown
from benchfleet.report.quality.conditions import recorded
from benchfleet.report.quality.timing import is_time, modes, shortest_s

_NAMED = 3
_EVIDENCE = {
    "foreign cpu": "other work on the machine",
    "steal": "steal",
    "throttled": "CPU quota",
    "busy slots": "other slots",
    "load before": "load",
    "runnable before": "runnable threads",
    "clock": "CPU frequency",
}


def shortened(tasks: Sequence[Task]) -> list[str]:
    """Each mode once, with the groups that were measured in it: `effort: fast (aws c8g.large)`."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for task in _measured(tasks):
        for words in dict.fromkeys(mode.words for one in task.samples for mode in modes(task, one)):
            found[words][identity(*task.group[:3])] = None
    groups = {identity(*task.group[:3]) for task in _measured(tasks)}
    return [words if set(who) == groups else f"{words} ({_some(list(who))})" for words, who in found.items()]


def not_recorded(tasks: Sequence[Task]) -> list[str]:
    """What a check had nothing to look at, and how much of it."""
    measured = _measured(tasks)
    return [*_conditions(measured), *_options(measured), *_raw(measured)]


def _measured(tasks: Sequence[Task]) -> list[Task]:
    return [task for task in tasks if task.outcome in HAS_RESULTS]


def _conditions(tasks: Sequence[Task]) -> Iterator[str]:
    without = sum(not recorded(task) for task in tasks)
    if without:
        yield f"what else the machine did ({_of(without, len(tasks), 'task')})"
    for name, words in _EVIDENCE.items():
        lacking = sum(recorded(task) and name not in task.conditions for task in tasks)
        if lacking:
            yield f"{words} ({_of(lacking, len(tasks), 'task')})"


def _options(tasks: Sequence[Task]) -> Iterator[str]:
    without = sum(task.options is None for task in tasks)
    if without:
        yield f"whether less was measured than usual ({_of(without, len(tasks), 'task')})"


def _raw(tasks: Sequence[Task]) -> Iterator[str]:
    times = [(task, one) for task in tasks for one in task.samples if one.values and is_time(one)]
    without = sum(shortest_s(task, one) is None for task, one in times)
    if without:
        yield f"the shortest timed interval ({_of(without, len(times), 'measurement')})"


def _of(count: int, total: int, noun: str) -> str:
    if count == total:
        return f"all {total} {noun}s" if total > 1 else f"the one {noun}"
    return f"{count} of {total} {noun}s"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(shown(name) for name in names[:_NAMED]) + more
