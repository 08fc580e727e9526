"""What a follower looks at: one request a look, and the tasks only when and as far as they are worth it."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from benchfleet_contract.runners import RunnerList, RunnerSeen
from benchfleet_contract.runs import GroupCounts, RunDetail
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import Task

from benchfleet.api.pacing import GROWTH
from benchfleet.exceptions import ApiError

SMALL_RUN = 200  # tasks: one short page, so all of them are read
TASKS_EVERY_S, LARGE_TASKS_EVERY_S = 3.0, 15.0  # from one to the other also while tasks tell nothing new
RUNNERS_EVERY_S = 10.0
_SAMPLE = 20  # tasks of a group and a status, in a large run
_MOST_GROUPS = 12  # that are looked into at a time, in a large run
_UNKNOWN_ROUTE = 404

GroupKey = tuple[str, str]  # provider, instance type


class Api(Protocol):
    """The part of the client that looking needs."""

    def run(self, run_id: str) -> RunDetail: ...

    def tasks(
        self,
        run_id: str,
        *,
        provider: str | None = None,
        instance_type: str | None = None,
        status: TaskStatus | None = None,
    ) -> Iterator[Task]: ...

    def runners(self, run_id: str) -> RunnerList: ...


@dataclass(frozen=True)
class Look:
    """`tasks`: all of a small run, a sample of a large one. `runners` None: not asked for, or the API has no answer."""

    run: RunDetail
    tasks: tuple[Task, ...] = ()
    runners: tuple[RunnerSeen, ...] | None = None


def is_waiting(group: GroupCounts) -> bool:
    """Tasks are there and nobody works on any."""
    return bool(group.pending and not group.claimed + group.running)


class Looker:
    """Call it for a look. Raises what the client raises."""

    def __init__(self, api: Api, run_id: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = api
        self._run_id = run_id
        self._clock = clock
        self._groups: dict[GroupKey, GroupCounts] = {}
        self._tasks: dict[str, Task] = {}
        self._tasks_at = self._runners_at = float("-inf")
        self._tasks_every_s = TASKS_EVERY_S
        self._runners: tuple[RunnerSeen, ...] | None = None
        self._has_runners = True

    def __call__(self) -> Look:
        run = self._api.run(self._run_id)
        changed = [group for group in run.groups if self._groups.get(_key(group)) != group]
        self._read_tasks(run, changed)
        self._groups = {_key(group): group for group in run.groups}
        return Look(run, tuple(self._tasks.values()), self._read_runners(run.groups))

    def _read_tasks(self, run: RunDetail, changed: Sequence[GroupCounts]) -> None:
        small = run.tasks.total <= SMALL_RUN
        due = self._clock() - self._tasks_at >= (self._tasks_every_s if small else LARGE_TASKS_EVERY_S)
        if not due and not (small and changed):
            return
        active = [group for group in run.groups if group.running + group.claimed]
        if not changed and not active:
            return
        self._tasks_at = self._clock()
        found = self._api.tasks(self._run_id) if small else self._samples(_union(changed, active))
        fresh = {task.id: task for task in found}
        ended = {task.id: task for task in self._tasks.values() if task.ended_at}
        is_news = _told(fresh) != _told(self._tasks)
        self._tasks_every_s = TASKS_EVERY_S if is_news else min(self._tasks_every_s * GROWTH, LARGE_TASKS_EVERY_S)
        self._tasks = fresh if small else ended | fresh

    def _samples(self, groups: Iterable[GroupCounts]) -> Iterator[Task]:
        """Of each group those that run, and those that have ended since the last look."""
        for group in islice(groups, _MOST_GROUPS):
            before = self._groups.get(_key(group))
            for status in (TaskStatus.RUNNING, TaskStatus.COMPLETED, TaskStatus.FAILED):
                count = getattr(group, status.value)
                if count and (status == TaskStatus.RUNNING or before is None or count != getattr(before, status.value)):
                    yield from islice(
                        self._api.tasks(
                            self._run_id, provider=group.provider, instance_type=group.instance_type, status=status
                        ),
                        _SAMPLE,
                    )

    def _read_runners(self, groups: Iterable[GroupCounts]) -> tuple[RunnerSeen, ...] | None:
        if not any(is_waiting(group) for group in groups):
            self._runners = None
        elif self._has_runners and self._clock() - self._runners_at >= RUNNERS_EVERY_S:
            self._runners_at = self._clock()
            try:
                self._runners = tuple(self._api.runners(self._run_id).runners)
            except ApiError as error:
                if error.status != _UNKNOWN_ROUTE:
                    raise
                self._has_runners = False  # an older control plane
        return self._runners


def _told(tasks: Mapping[str, Task]) -> list[tuple[str, TaskStatus, str | None, str | None, int | None]]:
    """What of tasks is shown while they run: a heartbeat alone is no news."""
    return [(t.id, t.status, t.current_benchmark, t.heartbeat_message, t.progress_pct) for t in tasks.values()]


def _key(group: GroupCounts) -> GroupKey:
    return group.provider, group.instance_type


def _union(*lists: Sequence[GroupCounts]) -> Iterable[GroupCounts]:
    return {_key(group): group for groups in lists for group in groups}.values()
