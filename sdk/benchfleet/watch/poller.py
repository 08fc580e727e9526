"""Reads a run for those who watch it: one request a poll, and tasks and runners only when they are worth one."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from benchfleet_contract.launches import LaunchList, LaunchState, LaunchView
from benchfleet_contract.runners import RunnerList, RunnerSeen
from benchfleet_contract.runs import GroupCounts, RunDetail
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import Task

from benchfleet.api.pacing import GROWTH
from benchfleet.exceptions import ApiError
from benchfleet.watch.groups import GroupKey, in_flight, key_of, untouched
from benchfleet.watch.machines import OPEN

SMALL_RUN = 200  # tasks: one short page, so all of them are read
TASKS_EVERY_S, LARGE_TASKS_EVERY_S = 3.0, 15.0  # from one to the other also while tasks tell nothing new
RUNNERS_EVERY_S = LAUNCHES_EVERY_S = 10.0
_SAMPLE = 20  # tasks of a group and a status, in a large run
_MOST_GROUPS = 12  # that are looked into at a time, in a large run
_SAMPLED = (TaskStatus.RUNNING, TaskStatus.COMPLETED, TaskStatus.FAILED)
_UNKNOWN_ROUTE = 404


class Api(Protocol):
    """The part of the client that polling needs."""

    def run(self, run_id: str) -> RunDetail: ...

    def tasks(
        self,
        run_id: str,
        *,
        provider: str | None = None,
        instance_type: str | None = None,
        subject: str | None = None,
        status: TaskStatus | None = None,
    ) -> Iterator[Task]: ...

    def runners(self, run_id: str) -> RunnerList: ...

    def launches(self, run_id: str) -> LaunchList: ...


@dataclass(frozen=True)
class Snapshot:
    """`tasks`: all of a small run, a sample of a large one. `runners` None: not asked for, or the API has no answer.

    `launches`: the machines that the control plane brings, where it brings any.
    """

    run: RunDetail
    tasks: tuple[Task, ...] = ()
    runners: tuple[RunnerSeen, ...] | None = None
    launches: tuple[LaunchView, ...] = ()


class RunPoller:
    """Reads one run again and again, and remembers what it read."""

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
        self._launches: tuple[LaunchView, ...] = ()
        self._launches_at = float("-inf")
        self._launches_seen: dict[LaunchState, int] | None = None

    def poll(self) -> Snapshot:
        """Raises what the client raises."""
        run = self._api.run(self._run_id)
        changed = [group for group in run.groups if self._groups.get(key_of(group)) != group]
        self._read_tasks(run, changed)
        self._groups = {key_of(group): group for group in run.groups}
        runners = self._read_runners(run.groups)
        return Snapshot(run, tuple(self._tasks.values()), runners, self._read_launches(run))

    def _read_launches(self, run: RunDetail) -> tuple[LaunchView, ...]:
        """When one has changed its state, and now and then while some are open: what they report changes, too."""
        if not run.launches:
            return ()
        due = OPEN & run.launches.keys() and self._clock() - self._launches_at >= LAUNCHES_EVERY_S
        if due or run.launches != self._launches_seen:
            self._launches_at, self._launches_seen = self._clock(), run.launches
            self._launches = tuple(self._api.launches(self._run_id).launches)
        return self._launches

    def _read_tasks(self, run: RunDetail, changed: Sequence[GroupCounts]) -> None:
        small = run.tasks.total <= SMALL_RUN
        due = self._clock() - self._tasks_at >= (self._tasks_every_s if small else LARGE_TASKS_EVERY_S)
        if not due and not (small and changed):
            return
        active = [group for group in run.groups if in_flight(group)]
        if not changed and not active:
            return
        self._tasks_at = self._clock()
        found = self._api.tasks(self._run_id) if small else self._samples([*changed, *active])
        fresh = {task.id: task for task in found}
        ended = {task.id: task for task in self._tasks.values() if task.ended_at}
        is_news = _told(fresh) != _told(self._tasks)
        self._tasks_every_s = TASKS_EVERY_S if is_news else min(self._tasks_every_s * GROWTH, LARGE_TASKS_EVERY_S)
        self._tasks = fresh if small else ended | fresh

    def _samples(self, groups: Sequence[GroupCounts]) -> Iterator[Task]:
        """Of each group tasks that run, and tasks that have ended since the last poll."""
        for group in islice({key_of(group): group for group in groups}.values(), _MOST_GROUPS):
            for status in _SAMPLED:
                if self._has_news(group, status):
                    yield from islice(self._tasks_of(group, status), _SAMPLE)

    def _has_news(self, group: GroupCounts, status: TaskStatus) -> bool:
        count, before = getattr(group, status.value), self._groups.get(key_of(group))
        changed = before is None or count != getattr(before, status.value)
        return bool(count and (status == TaskStatus.RUNNING or changed))

    def _tasks_of(self, group: GroupCounts, status: TaskStatus) -> Iterator[Task]:
        demand, subject = key_of(group)
        return self._api.tasks(self._run_id, **demand._asdict(), subject=subject, status=status)

    def _read_runners(self, groups: Iterable[GroupCounts]) -> tuple[RunnerSeen, ...] | None:
        if not untouched(groups):
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
    return [(t.id, t.status, t.current_benchmark, t.heartbeat_message, t.progress_pct) for t in tasks.values()]
