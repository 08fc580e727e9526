"""What `benchfleet schedule create|list|show|run-now|delete --json` print."""

from typing import Any

from benchfleet_contract.schedules import Firing, FiringState, Notify, Overlap, ScheduleListItem

from benchfleet.cli.documents.base import Document


class SchedulesList(Document):
    """By name."""

    schedules: list[ScheduleListItem]


class ScheduleShown(Document):
    """`next_firings` are the next five, `firings` the newest 50, newest first. Of a webhook only the host is told."""

    name: str
    expression: str
    time_zone: str
    overlap: Overlap
    workload: str
    created_at: str
    next_at: str | None
    last: Firing | None
    next_firings: list[str]
    notify: list[Notify]
    firings: list[Firing]
    run: dict[str, Any]


class ScheduleMade(ScheduleShown):
    """`webhook_secret` is told this once, where one was made."""

    webhook_secret: str | None
    warnings: list[str]


class ScheduleFired(Document):
    """`state` is `due`: the run comes within seconds."""

    schedule: str
    scheduled_at: str
    state: FiringState


class ScheduleDeleted(Document):
    """`deleted` is false where the question was answered with no."""

    schedule: str
    deleted: bool
