"""Fires schedules: those that the app declares, and those made through EventBridge Scheduler."""

import json
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from local_emulator.functions import Functions, scheduled_event
from local_emulator.schedule_expressions import next_time

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class Targets(Protocol):
    """What a schedule can reach: functions, by a name that an ARN means."""

    def named_by(self, arn: str) -> str: ...

    def call(self, name: str, event: Any) -> Any: ...


class AppSchedules:
    """`@app.schedule` functions. `every_s` replaces their own expressions (tests, demos)."""

    def __init__(self, functions: Functions, *, clock: Clock, every_s: float | None) -> None:
        self._functions = functions
        self._clock = clock
        self._every_s = every_s
        self._started = clock()
        self._checked = self._started

    def step(self) -> bool:
        """Call what came due since the last step, each at most once. A failure is logged: the next time is soon."""
        now = self._clock()
        due = [name for name, expression in self._functions.schedules() if self._is_due(expression, now=now)]
        self._checked = now
        for name in due:
            _call(self._functions, name, scheduled_event(name, at=_iso(now)))
        return False

    def _is_due(self, expression: str, *, now: datetime) -> bool:
        if self._every_s is not None:
            beats = [(moment - self._started).total_seconds() // self._every_s for moment in (self._checked, now)]
            return beats[1] > beats[0]
        moment = next_time(expression, after=self._checked, anchor=self._started)
        return moment is not None and moment <= now


class SchedulerService:
    """Schedules of EventBridge Scheduler whose target is a function of the app.

    What came due while nothing was running is not made up for, as nothing ran then. `scheduler` gives the service's client.
    """

    def __init__(self, scheduler: Callable[[], Any], functions: Targets, *, clock: Clock) -> None:
        self._scheduler = scheduler
        self._functions = functions
        self._clock = clock
        self._checked = clock()

    def step(self) -> bool:
        now = self._clock()
        since, self._checked = self._checked, now
        for page in self._scheduler().get_paginator("list_schedules").paginate():
            for entry in page["Schedules"]:
                self._consider(entry, since=since, now=now)
        return False

    def _consider(self, entry: dict[str, Any], *, since: datetime, now: datetime) -> None:
        name = {"Name": entry["Name"], "GroupName": entry["GroupName"]}
        schedule = self._scheduler().get_schedule(**name)
        try:
            moment = _due_moment(schedule, since=since, now=now)
        except (ValueError, KeyError) as error:
            log.warning("schedule %s is not understood: %s", entry["Name"], error)
            return
        if moment is None:
            return
        self._fire(schedule, moment=moment)
        if schedule.get("ActionAfterCompletion") == "DELETE" and schedule["ScheduleExpression"].startswith("at("):
            self._scheduler().delete_schedule(**name)

    def _fire(self, schedule: dict[str, Any], *, moment: datetime) -> None:
        target = schedule["Target"]
        text = target.get("Input") or "{}"
        for attribute, value in _context(schedule, moment=moment).items():
            text = text.replace(f"<aws.scheduler.{attribute}>", value)
        try:
            _call(self._functions, self._functions.named_by(target["Arn"]), json.loads(text))
        except (LookupError, ValueError) as error:
            log.warning("schedule %s cannot be delivered: %s", schedule["Name"], error)


def _due_moment(schedule: dict[str, Any], *, since: datetime, now: datetime) -> datetime | None:
    """The firing within (since, now], if there is one and the schedule is enabled then.

    A rate without a start date fires at once: AWS calls its first firing the start date, and "immediately" where there is none.
    """
    if schedule.get("State", "ENABLED") != "ENABLED":
        return None
    made = schedule["CreationDate"]
    start = schedule.get("StartDate") or made
    moment = next_time(
        schedule["ScheduleExpression"], after=max(since, made - timedelta(microseconds=1)), anchor=start,
        zone=ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC"), start=start, end=schedule.get("EndDate"),
    )  # fmt: skip
    return moment if moment and moment <= now else None


def _context(schedule: dict[str, Any], *, moment: datetime) -> dict[str, str]:
    """The context attributes that EventBridge Scheduler puts into an input."""
    return {
        "schedule-arn": schedule["Arn"],
        "scheduled-time": _iso(moment),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }


def _call(functions: Targets, name: str, event: Any) -> None:
    try:
        functions.call(name, event)
    except Exception:
        log.exception("scheduled function %s failed", name)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
