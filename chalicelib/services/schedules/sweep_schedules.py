"""Once a minute: schedules that somebody should see to are sent to the queue. Stateless, and safe to run twice at once."""

from dataclasses import dataclass

from chalicelib.domain.ports import Clock
from chalicelib.domain.schedule_ports import ScheduleQueue, Schedules
from chalicelib.domain.scheduling import needs_care

EVERY_MS = 60_000


@dataclass(frozen=True)
class SweepSchedules:
    schedules: Schedules
    queue: ScheduleQueue
    clock: Clock

    def __call__(self) -> int:
        """How many messages were sent."""
        now_ms = self.clock()
        due = [each for each in self.schedules.all() if needs_care(each, now_ms=now_ms, every_ms=EVERY_MS)]
        for schedule in due:
            self.queue.advance(schedule.name)
        return len(due)
