"""How the tasks of a run stand together: by what they ask of a runner, and by what they measure."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from benchfleet_contract.runs import GroupCounts, TaskCounts
from benchfleet_contract.tasks import Task


class Demand(NamedTuple):
    """What a task asks of a runner. Runners claim by it alone, whatever the subject."""

    provider: str
    instance_type: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.instance_type}"


class GroupKey(NamedTuple):
    """A group has counters of its own. `subject` is None in a run that names no subjects."""

    demand: Demand
    subject: str | None

    def __str__(self) -> str:
        return f"{self.demand}, {self.subject}" if self.subject else str(self.demand)


class Demanding(Protocol):
    """A group, a task or a runner."""

    @property
    def provider(self) -> str: ...
    @property
    def instance_type(self) -> str: ...


def demand_of(one: Demanding) -> Demand:
    return Demand(one.provider, one.instance_type)


def key_of(one: GroupCounts | Task) -> GroupKey:
    return GroupKey(demand_of(one), one.subject)


def open_tasks(counts: TaskCounts) -> int:
    """How many have not ended."""
    return counts.pending + in_flight(counts)


def in_flight(counts: TaskCounts) -> int:
    """How many a runner has."""
    return counts.claimed + counts.running


def untouched(groups: Iterable[GroupCounts]) -> dict[Demand, int]:
    """Demands whose tasks no runner works on, with the number of pending tasks of all subjects."""
    pending: dict[Demand, int] = {}
    busy: set[Demand] = set()
    for group in groups:
        demand = demand_of(group)
        pending[demand] = pending.get(demand, 0) + group.pending
        if in_flight(group):
            busy.add(demand)
    return {demand: count for demand, count in pending.items() if count and demand not in busy}


def has_subjects(groups: Iterable[GroupCounts]) -> bool:
    return any(group.subject is not None for group in groups)
