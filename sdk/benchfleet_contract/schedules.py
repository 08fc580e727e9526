"""Schedules: runs that are made at certain times. What is asked for, what is told."""

from typing import Any, Literal

from pydantic import Field

from benchfleet_contract.document import Document

Overlap = Literal["skip", "queue", "allow"]
Event = Literal["end", "failure", "regression"]
FiringState = Literal[
    "due", "waiting", "running", "completed", "failed", "cancelled", "deleted", "skipped", "not_started"
]
EVENTS: tuple[Event, ...] = ("end", "failure", "regression")


class Notify(Document):
    """Who is told of what: an SNS topic, or a webhook. `secret` is the parameter with the webhook's signing secret."""

    on: list[Event]
    sns: str | None = None
    webhook: str | None = None
    secret: str | None = None


class ScheduleRequest(Document):
    """A body of `POST /schedules` that has passed validation (`schedule_request.py`). `run` is a body of `POST /runs`."""

    name: str
    expression: str
    time_zone: str
    overlap: Overlap
    notify: list[Notify]
    run: dict[str, Any]


class Firing(Document):
    """One time at which a run was due. `regression`: what comparing it with the run before came to, where that was asked for."""

    scheduled_at: str
    by: Literal["schedule", "run-now"]
    state: FiringState
    run_id: str | None = None
    reason: str | None = None
    ended_at: str | None = None
    tasks: int | None = None
    tasks_failed: int | None = None
    regression: list[str] | None = None
    undelivered: list[str] = Field(default=[], description="notifications that were given up, and why")


class ScheduleListItem(Document):
    name: str
    expression: str
    time_zone: str
    overlap: Overlap
    workload: str
    created_at: str
    next_at: str | None = Field(description="null where it fires no more")
    last: Firing | None = None


class ScheduleList(Document):
    schedules: list[ScheduleListItem]


class ScheduleDetail(ScheduleListItem):
    """`next_firings` are the next five, `firings` the newest 50, newest first. Of a webhook only the host is shown."""

    next_firings: list[str]
    notify: list[Notify]
    firings: list[Firing]
    run: dict[str, Any]


class CreatedSchedule(ScheduleDetail):
    """`webhook_secret` is shown here once, where one was made."""

    webhook_secret: str | None
    warnings: list[str]


class RunNow(Document):
    """The same token again is the same firing."""

    token: str | None = Field(default=None, pattern="^[A-Za-z0-9_-]{1,64}$")
