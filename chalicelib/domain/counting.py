"""Counters of a run, and what one change of a task does to them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.records import Group, Task
from chalicelib.domain.transitions import OPEN

Tally = dict[tuple[int, TaskStatus], int]  # (group ordinal, status) → tasks


@dataclass(frozen=True)
class Counts:
    """`tally` lacks what is zero. `changed_ms` is when a counter last moved, `verified_ms` when a recount last agreed."""

    tally: Tally
    changed_ms: int = 0
    verified_ms: int = 0
    drift: str | None = None  # the fingerprint of a recount that differed, since `drift_seen_ms`
    drift_seen_ms: int = 0
    watermarks: Mapping[int, int] = field(default_factory=dict)  # block → last stream sequence number applied
    judged: bool = False  # has the run a goal? Then what its tasks measured decides how many of them are needed

    def of(self, status: TaskStatus, group: int | None = None) -> int:
        return sum(n for (g, s), n in self.tally.items() if s is status and group in (None, g))

    def open(self, group: int | None = None) -> int:
        """Tasks that have not ended."""
        return sum(self.of(status, group) for status in OPEN)

    def ended(self, group: int, total: int) -> bool:
        """Has every one of the group's `total` tasks ended? Counters that do not add up never say so."""
        counted = {status: self.of(status, group) for status in TaskStatus}
        return not any(counted[status] for status in OPEN) and sum(counted.values()) == total


def all_ended(groups: Iterable[tuple[int, Group]], counts: Counts) -> bool:
    """Have all tasks of these groups ended? They come with their ordinals."""
    return all(counts.ended(ordinal, group.total) for ordinal, group in groups)


@dataclass(frozen=True)
class Change:
    """One task's change of status as the table's stream tells it. `sequence` rises within a block."""

    run_id: str
    block: int
    group: int
    sequence: int
    before: TaskStatus
    after: TaskStatus


def recount(tasks: Iterable[Task]) -> Tally:
    return dict(Counter((task.group, task.status) for task in tasks))


def fingerprint(tally: Tally) -> str:
    """The same for equal tallies, in one short string."""
    return hashlib.sha256(repr(sorted(tally.items())).encode()).hexdigest()[:32]


def deltas(changes: Iterable[Change]) -> Tally:
    """What the changes add up to; entries that cancel out are left out."""
    total: Counter[tuple[int, TaskStatus]] = Counter()
    for change in changes:
        total[change.group, change.before] -= 1
        total[change.group, change.after] += 1
    return {key: n for key, n in total.items() if n}
