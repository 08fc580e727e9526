"""Repeats that measured their subjects together: on one instance, and one soon after the other.

What the machine does meanwhile is then in all of them alike. Claims do not promise it: several runners share the tasks, or
one dies, and another measures the rest later. Then what differs between two instances, or from one hour to the next, is in the
difference of the subjects.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from benchfleet_contract.clocks import took_s

from benchfleet_results.boards.dimensions import By
from benchfleet_results.boards.tasks import HAS_RESULTS, GroupKey, Task

LONG_APART_S = 60.0  # that no subject of a repeat was measured in, if that is also longer than measuring took
_FEWEST = 2  # repeats that can be compared
Kind = Literal["together", "other_instance", "long_apart"]


class Repeat(NamedTuple):
    """Of a run on a machine: a provider, and an alias or else an instance type. A machine that the run lists twice has each
    repeat twice: `copy` is which.
    """

    run_id: str
    machine: tuple[str, str]
    number: int | None
    copy: int


@dataclass(frozen=True)
class Turns:
    """Of one run and machine: what became of the repeats in which every subject has a result."""

    run_id: str
    machine: tuple[str, str]
    repeats: dict[Repeat, Kind]

    def count(self, kind: Kind) -> int:
        return sum(found == kind for found in self.repeats.values())

    @property
    def apart(self) -> list[Repeat]:
        return [repeat for repeat, kind in self.repeats.items() if kind != "together"]

    @property
    def left_out(self) -> list[Repeat]:
        """Those that are none of a comparison: where at least half were measured together, and two, they are enough."""
        together = self.count("together")
        return self.apart if together >= max(_FEWEST, len(self.repeats) / 2) else []


def turns(tasks: Iterable[Task]) -> list[Turns]:
    """Of each run and machine that measured several subjects, if any of its repeats has them all."""
    found: dict[tuple[str, tuple[str, str]], dict[Repeat, list[Task]]] = defaultdict(lambda: defaultdict(list))
    for repeat, task in _by_repeat(tasks):
        if task.outcome in HAS_RESULTS and task.repeat is not None:
            found[repeat[:2]][repeat].append(task)
    every = (Turns(*where, dict(_complete(repeats))) for where, repeats in found.items())
    return [one for one in every if one.repeats]


def compared(tasks: Sequence[Task], by: By) -> Sequence[Task]:
    """What subjects are compared by: their tasks, without those of repeats that are left out."""
    out = {repeat for one in turns(tasks) for repeat in one.left_out} if "subject" in by else set()
    return [task for repeat, task in _by_repeat(tasks) if repeat not in out] if out else tasks


def _by_repeat(tasks: Iterable[Task]) -> Iterator[tuple[Repeat, Task]]:
    """No repeat has a part of a subject twice."""
    seen: Counter[tuple[str, GroupKey, int | None, str | None]] = Counter()
    for task in tasks:
        mine = task.run_id, task.group, task.repeat, task.part
        yield Repeat(task.run_id, task.group[:2], task.repeat, seen[mine]), task
        seen[mine] += 1


def _complete(repeats: dict[Repeat, list[Task]]) -> Iterator[tuple[Repeat, Kind]]:
    subjects = {task.subject for tasks in repeats.values() for task in tasks}
    for repeat, tasks in repeats.items():
        parts: dict[str | None, list[Task]] = defaultdict(list)
        for task in tasks:
            parts[task.part].append(task)
        if len(subjects) > 1 and all({task.subject for task in mine} == subjects for mine in parts.values()):
            yield repeat, _kind(tasks, parts.values())


def _kind(tasks: Sequence[Task], parts: Iterable[Sequence[Task]]) -> Kind:
    """Parts of a split execution may each have an instance of their own, if that is the same one for all subjects."""
    hosts = [{task.host for task in mine} for mine in parts]
    if any(len(mine) > 1 or None in mine for mine in hosts):
        return "other_instance"
    return "long_apart" if _long_apart(tasks) else "together"


def _long_apart(tasks: Sequence[Task]) -> bool:
    """Times that are not known, or wrong, say nothing. Tasks beside each other take more time together than passes."""
    first = tasks[0].started_at
    spans = [(took_s(first, task.started_at), took_s(first, task.ended_at)) for task in tasks]
    known = [(start, end) for start, end in spans if start is not None and end is not None and start <= end]
    if len(known) < len(tasks) or any(task.clock for task in tasks):
        return False
    measuring = sum(end - start for start, end in known)
    passed = max(end for _, end in known) - min(start for start, _ in known)
    return passed - measuring > max(LONG_APART_S, measuring)
