"""What people and programs ask about schedules."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from benchfleet_contract.schedule_expressions import next_firings
from benchfleet_contract.schedules import (
    CreatedSchedule,
    FiringState,
    Notify,
    ScheduleDetail,
    ScheduleList,
    ScheduleListItem,
)
from benchfleet_contract.schedules import Firing as FiringView

from chalicelib.domain import scheduling
from chalicelib.domain.errors import ScheduleNotFound
from chalicelib.domain.leases import iso
from chalicelib.domain.ports import Clock
from chalicelib.domain.schedule_ports import Bodies, Firings, Schedules
from chalicelib.domain.scheduling import KEPT_FIRINGS, Firing, Schedule, ScheduleState
from chalicelib.services.schedules.create_schedule import Made

SHOWN_FIRINGS = 5


@dataclass(frozen=True)
class ReadSchedules:
    schedules: Schedules
    firings: Firings
    bodies: Bodies
    clock: Clock

    def all(self) -> ScheduleList:
        """By name."""
        return ScheduleList(
            schedules=[self._item(each) for each in self.schedules.all() if each.state is ScheduleState.ACTIVE]
        )

    def detail(self, name: str) -> ScheduleDetail:
        """Raises ScheduleNotFound, also for one that is being made or deleted."""
        schedule = self.schedules.get(name)
        if schedule is None or schedule.state is not ScheduleState.ACTIVE:
            raise ScheduleNotFound
        found = self.firings.newest(schedule.key, limit=KEPT_FIRINGS)
        shown = [firing_view(schedule, firing) for firing in found]
        return ScheduleDetail(
            **self._about(schedule), last=shown[0] if shown else None, next_firings=self._next(schedule, SHOWN_FIRINGS),
            notify=[_notify(target) for target in schedule.notify], firings=shown, run=self.bodies.read(schedule) or {},
        )  # fmt: skip

    def created(self, made: Made) -> CreatedSchedule:
        detail = self.detail(made.schedule.name)
        told = {name: getattr(detail, name) for name in ScheduleDetail.model_fields}
        return CreatedSchedule(**told, webhook_secret=made.secret, warnings=made.warnings)

    def _item(self, schedule: Schedule) -> ScheduleListItem:
        newest = self.firings.newest(schedule.key, limit=1)
        return ScheduleListItem(**self._about(schedule), last=firing_view(schedule, newest[0]) if newest else None)

    def _about(self, schedule: Schedule) -> dict[str, str | None]:
        return {
            "name": schedule.name, "expression": schedule.expression, "time_zone": schedule.time_zone,
            "overlap": schedule.overlap, "workload": schedule.workload, "created_at": iso(schedule.created_ms),
            "next_at": next(iter(self._next(schedule, 1)), None),
        }  # fmt: skip

    def _next(self, schedule: Schedule, most: int) -> list[str]:
        now, anchor = (
            datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms) for ms in (self.clock(), schedule.anchor_ms)
        )
        found = next_firings(schedule.expression, schedule.time_zone, after=now, anchor=anchor, most=most)
        return [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in found]


def firing_view(schedule: Schedule, firing: Firing) -> FiringView:
    return FiringView(
        scheduled_at=iso(firing.at_ms) or "", by=firing.by, state=_state(schedule, firing), run_id=firing.run_id,
        reason=firing.reason, ended_at=iso(firing.ended_ms), tasks=firing.tasks, tasks_failed=firing.tasks_failed,
        regression=list(firing.regression) if firing.regression is not None else None,
        undelivered=list(firing.undelivered),
    )  # fmt: skip


def _state(schedule: Schedule, firing: Firing) -> FiringState:
    match firing.state:
        case scheduling.FiringState.DUE:
            return "waiting" if schedule.waiting_ms == firing.at_ms else "due"
        case scheduling.FiringState.STARTED:
            return "running"
        case scheduling.FiringState.SKIPPED:
            return "skipped"
    ends: tuple[FiringState, ...] = ("completed", "failed", "cancelled", "deleted", "not_started")
    return next(end for end in ends if end == firing.outcome)


def _notify(target: scheduling.Target) -> Notify:
    if target.kind == "sns":
        return Notify(on=list(target.on), sns=target.address)
    parts = urlsplit(target.address)  # a path may hold a token, and readers need none
    return Notify(on=list(target.on), webhook=f"https://{parts.netloc}/…", secret=target.secret)
