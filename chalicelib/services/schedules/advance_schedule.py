"""Sees to a schedule: starts what is due, ends what is over, hands the slot on, and finishes a deletion.

May be called any number of times, at any moment, and be killed at any: each step is one conditional write, and the next call
goes on. Firings are taken oldest first, so that a slot which one gives back is there for the next.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from benchfleet_contract.states import ArchiveState, TaskStatus

from chalicelib.domain.errors import Refusal, Unavailable
from chalicelib.domain.ports import Clock, Runs
from chalicelib.domain.records import Run
from chalicelib.domain.schedule_ports import Bodies, Delivery, Firings, ScheduleQueue, Schedules
from chalicelib.domain.scheduling import (
    ABANDONED_MS,
    KEPT_FIRINGS,
    NOT_STARTED,
    Firing,
    FiringState,
    Schedule,
    ScheduleState,
    origin_of,
    run_id_of,
    targets_of,
    why_skipped,
)

_READ = 4 * KEPT_FIRINGS  # what is beyond has been dropped, or is no longer open
_TRIES = 5
_log = logging.getLogger(__name__)


class CreatesRuns(Protocol):
    def __call__(self, body: Mapping[str, Any], *, origin: str) -> Run: ...


Judge = Callable[[Schedule, Firing, list[Firing]], tuple[bool, tuple[str, ...]]]


@dataclass(frozen=True)
class AdvanceSchedule:
    """`judge` says whether a run is worse than the one before, and why or why not; `remove` deletes a schedule."""

    schedules: Schedules
    firings: Firings
    bodies: Bodies
    runs: Runs
    create_run: CreatesRuns
    judge: Judge
    remove: Callable[[Schedule], None]
    queue: ScheduleQueue
    clock: Clock

    def __call__(self, name: str) -> None:
        """Raises whatever a step raised, so that the queue delivers the message again."""
        schedule = self.schedules.get(name)
        if schedule is None or self._removed(schedule):
            return
        firings = self.firings.newest(schedule.key, limit=_READ)
        still_open = False
        for firing in reversed(firings):
            if firing.state.is_open:
                still_open |= self._see_to(schedule, firing, firings).state.is_open
        self.firings.drop([firing for firing in firings[KEPT_FIRINGS:] if not firing.state.is_open])
        if not still_open:
            self.schedules.settle(schedule)

    def _removed(self, schedule: Schedule) -> bool:
        if schedule.state is ScheduleState.ACTIVE:
            return False
        abandoned = schedule.state is ScheduleState.CREATING and schedule.created_ms < self.clock() - ABANDONED_MS
        if abandoned and not self.schedules.begin_deletion(schedule):
            return True
        if abandoned or schedule.state is ScheduleState.DELETING:
            self.remove(schedule)
        return True

    def _see_to(self, schedule: Schedule, firing: Firing, firings: list[Firing]) -> Firing:
        """The firing as it is afterwards."""
        if firing.state is FiringState.DUE:
            firing = self._start(schedule, firing)
        if firing.state is FiringState.STARTED:
            firing = self._end(schedule, firing, firings)
        if firing.state is FiringState.ENDING:
            firing = self._tell(schedule, firing)
        return firing

    def _start(self, schedule: Schedule, firing: Firing) -> Firing:
        if schedule.overlap != "allow":
            may, reason = self._slot(schedule, firing)
            if reason:
                return self._changed(firing, firing.evolve(state=FiringState.SKIPPED, reason=reason))
            if not may:
                return firing
        body = self.bodies.read(schedule)
        if body is None:
            return self._not_started(firing, "the body of the schedule's runs is gone: create the schedule anew")
        try:
            run = self.create_run({**body, "run_id": run_id_of(schedule, firing)}, origin=origin_of(schedule.name))
        except Unavailable:
            raise
        except Refusal as refusal:
            words = refusal.words if isinstance(refusal.words, str) else "; ".join(refusal.words)
            return self._not_started(firing, words[:512])
        return self._changed(firing, firing.evolve(state=FiringState.STARTED, run_id=run.run_id))

    def _slot(self, schedule: Schedule, firing: Firing) -> tuple[bool, str | None]:
        """May it start? If it never may, why."""
        for _ in range(_TRIES):
            if self.schedules.take_slot(schedule, firing.at_ms):
                return True, None
            if schedule.overlap == "queue" and self.schedules.wait(schedule, firing.at_ms):
                return False, None
            now = self.schedules.get(schedule.name)
            if now is None or now.key != schedule.key:
                return False, None
            if now.open_ms is not None and (schedule.overlap == "skip" or now.waiting_ms is not None):
                return False, why_skipped(now, self.firings.get(now.key, now.open_ms))
        return False, None

    def _not_started(self, firing: Firing, words: str) -> Firing:
        _log.warning("no run of %s for %d: %s", firing.schedule, firing.at_ms, words)
        after = firing.evolve(state=FiringState.ENDING, outcome=NOT_STARTED, reason=words, ended_ms=self.clock())
        return self._changed(firing, after)

    def _end(self, schedule: Schedule, firing: Firing, firings: list[Firing]) -> Firing:
        found = self.runs.get(firing.run_id or "")
        after = firing.evolve(state=FiringState.ENDING, ended_ms=self.clock())
        if found is None or not found[0].is_shown:
            return self._changed(firing, after.evolve(outcome="deleted", reason="the run was deleted"))
        run, counts = found
        if run.archive.state not in (ArchiveState.READY, ArchiveState.FAILED) or counts.open() > 0:
            return firing  # an archive may be there before the stream has told the counters of the last tasks
        failed = sum(count for (_, status), count in counts.tally.items() if status is TaskStatus.FAILED)
        after = after.evolve(
            outcome=str(run.state), reason=run.reason, tasks=run.task_count, tasks_failed=failed,
            ended_ms=run.completed_ms or after.ended_ms,
        )  # fmt: skip
        if any("regression" in target.on for target in schedule.notify):
            regressed, words = self.judge(schedule, after, firings)
            after = after.evolve(regressed=regressed, regression=words)
        return self._changed(firing, after)

    def _tell(self, schedule: Schedule, firing: Firing) -> Firing:
        """Asks for the messages before it says that it did: a message may come twice, and never not at all."""
        for number, events in targets_of(schedule, firing):
            self.queue.deliver(Delivery(schedule.name, schedule.key, firing.at_ms, number, events))
        for _ in range(_TRIES):
            if self.schedules.release(schedule, firing.at_ms):
                break
            now = self.schedules.get(schedule.name)
            if now is None or now.key != schedule.key or now.open_ms != firing.at_ms:
                break
        return self._changed(firing, firing.evolve(state=FiringState.ENDED))

    def _changed(self, before: Firing, after: Firing) -> Firing:
        """Where another was first, it is his to go on: what is open is seen to by the next call."""
        return after if self.firings.change(before, after) else before
