"""Which tasks of a run are asked for, and between which numbers they are."""

from collections.abc import Iterable
from dataclasses import dataclass

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.blocks import numbers_of
from chalicelib.domain.records import Demand, Group, Run, Task

Span = tuple[int, int]  # the first and the last number of a row of tasks


@dataclass(frozen=True)
class Wanted:
    """None stands for any."""

    provider: str | None = None
    instance_type: str | None = None
    status: TaskStatus | None = None
    subject: str | None = None

    def takes(self, task: Task) -> bool:
        mine = self.takes_demand(task.demand) and self.subject in (None, task.subject)
        return mine and self.status in (None, task.status)

    def takes_demand(self, demand: Demand) -> bool:
        return self.provider in (None, demand.provider) and self.instance_type in (None, demand.instance_type)


@dataclass(frozen=True)
class Selected:
    """Tasks in the order of their numbers. `cursor` is the number after which there may be more, None at the end."""

    tasks: list[Task]
    cursor: int | None


def spans(run: Run, wanted: Wanted) -> list[Span]:
    """Where the demands that are asked for have their tasks, in order; those of all subjects.

    Where no demand is listed twice in a run, the sizes of the groups before it tell exactly; else its blocks do, which
    may hold tasks of other demands too.
    """
    if wanted.provider is None and wanted.instance_type is None:
        return [(1, run.task_count)] if run.task_count else []
    exact = _is_exact(run)
    found: list[Span] = []
    before = 0
    for group in run.groups:
        if wanted.takes_demand(group.demand):
            found += [(before + 1, before + group.total)] if exact else _of_blocks(group, run)
        before += group.total
    return _joined(found)


def all_wanted(run: Run, wanted: Wanted) -> bool:
    """Is every task within `spans` wanted?"""
    any_group = wanted.provider is None and wanted.instance_type is None
    return wanted.status is None and wanted.subject is None and (any_group or _is_exact(run))


def _is_exact(run: Run) -> bool:
    return all(group.total == run.tasks_per_instance * run.shards for group in run.groups)


def _of_blocks(group: Group, run: Run) -> list[Span]:
    numbers = [numbers_of(block) for block in group.blocks]
    return [(each[0], min(each[-1], run.task_count)) for each in numbers]


def _joined(found: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for first, last in sorted(found):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
