"""A schedule fires: the time is noted, once, and the schedule is seen to.

Any delivery may come twice. The firing is named by the time it was due, and so is the run that it makes.
"""

import logging
from dataclasses import dataclass
from typing import Literal

from chalicelib.domain.errors import ScheduleNotFound
from chalicelib.domain.ports import Clock
from chalicelib.domain.schedule_ports import Firings, ScheduleQueue, Schedules
from chalicelib.domain.scheduling import Firing, Schedule, ScheduleState

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FireSchedule:
    schedules: Schedules
    firings: Firings
    queue: ScheduleQueue
    clock: Clock

    def __call__(self, name: str, at_ms: int) -> bool:
        """EventBridge says that the schedule is due. False where there is no such schedule any more."""
        schedule = self.schedules.get(name)
        if schedule is None or schedule.state is ScheduleState.DELETING:
            _log.warning("schedule %s fired, and is not there", name)
            return False
        if (
            schedule.state is ScheduleState.CREATING
        ):  # who made it died before he could say so: it fires, so it is whole
            self.schedules.activate(schedule)
        self._note(schedule, at_ms, "schedule")
        return True

    def now(self, name: str, token: str | None) -> tuple[Schedule, Firing]:
        """Somebody asks for a run beside the times of the schedule; with the same token, it is the same firing.

        Raises ScheduleNotFound.
        """
        schedule = self.schedules.get(name)
        if schedule is None or schedule.state is not ScheduleState.ACTIVE:
            raise ScheduleNotFound
        now_ms = self.clock()
        at_ms = self.firings.time_of(schedule.key, token, now_ms=now_ms) if token else now_ms
        return schedule, self._note(schedule, at_ms, "run-now")

    def _note(self, schedule: Schedule, at_ms: int, by: Literal["schedule", "run-now"]) -> Firing:
        firing = Firing(schedule.key, at_ms, by)
        if not self.firings.add(firing):
            firing = self.firings.get(schedule.key, at_ms) or firing
        self.schedules.stir(schedule.name)
        self.queue.advance(schedule.name)
        return firing
