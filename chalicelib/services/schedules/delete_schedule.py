"""Takes a schedule out of everybody's sight, and deletes what it has: its firings stop, its runs stay."""

from dataclasses import dataclass

from chalicelib.domain.errors import ScheduleNotFound
from chalicelib.domain.schedule_ports import Bodies, Firings, ScheduleQueue, Schedules, Secrets, Timer
from chalicelib.domain.scheduling import Schedule, ScheduleState


@dataclass(frozen=True)
class DeleteSchedule:
    schedules: Schedules
    queue: ScheduleQueue

    def __call__(self, name: str) -> None:
        """Returns while it is being deleted. Raises ScheduleNotFound, also once the deletion has ended."""
        schedule = self.schedules.get(name)
        if schedule is None or schedule.state is ScheduleState.CREATING:
            raise ScheduleNotFound
        if schedule.state is ScheduleState.DELETING or self.schedules.begin_deletion(schedule):
            self.queue.advance(name)


@dataclass(frozen=True)
class RemoveSchedule:
    """Deletes what a schedule under deletion has; its own item, which keeps it in the sweep's sight, goes last."""

    schedules: Schedules
    firings: Firings
    bodies: Bodies
    timer: Timer
    secrets: Secrets

    def __call__(self, schedule: Schedule) -> None:
        self.timer.delete(schedule)
        if schedule.made_secret:
            self.secrets.delete(f"{self.secrets.below}{schedule.key}")
        self.bodies.erase(schedule)
        for _ in self.firings.erase(schedule.key):
            pass
        self.schedules.end(schedule)
