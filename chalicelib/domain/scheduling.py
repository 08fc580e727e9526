"""Schedules and their firings: what is remembered, and what a firing may do while another one's run goes on. Pure.

    due ──slot free, or overlap is allow──► started ──run over──► ending ──told, slot handed on──► ended
     ├──overlap is skip, or one waits already──► skipped              ▲
     ├──overlap is queue: it waits, still due, for the slot           │
     └──the run cannot be made────────────────────────────────────────┘

A schedule that is not `allow` has one slot (`open_ms`) and one place to wait (`waiting_ms`); each is taken by one conditional
write on the schedule's item, so that two deliveries cannot both have it.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Self

from benchfleet_contract.schedules import Event, Overlap

KEPT_FIRINGS = 50
ABANDONED_MS = (
    2 * 60_000
)  # no function of the API lives longer than a minute: whoever was creating this schedule is dead
ORIGIN = "schedule:"
NOT_STARTED = "not_started"  # the outcome of a firing whose run could not be made
HOUR_MS = 3_600_000
MAX_ITEM_BYTES = 300 * 1024  # of 400 KiB: a larger body of a run lies in the bucket


class ScheduleState(StrEnum):
    """Only an active schedule is shown: it exists whole, its EventBridge schedule with it, or not at all."""

    CREATING = "creating"
    ACTIVE = "active"
    DELETING = "deleting"


class FiringState(StrEnum):
    DUE = "due"
    STARTED = "started"
    ENDING = "ending"
    ENDED = "ended"
    SKIPPED = "skipped"

    @property
    def is_open(self) -> bool:
        return self in (FiringState.DUE, FiringState.STARTED, FiringState.ENDING)


@dataclass(frozen=True)
class Target:
    """Who is told: `kind` says how, `address` where, `secret` by which parameter a webhook's messages are signed."""

    on: tuple[Event, ...]
    kind: Literal["sns", "webhook"]
    address: str
    secret: str | None = None


@dataclass(frozen=True)
class Schedule:
    """`stirred` counts what happened, `settled` is how much of it has been seen to. `anchor_ms`: a rate's first firing."""

    name: str
    state: ScheduleState
    fingerprint: str
    created_ms: int
    anchor_ms: int
    expression: str
    time_zone: str
    overlap: Overlap
    workload: str
    notify: tuple[Target, ...] = ()
    made_secret: bool = False
    in_bucket: bool = False
    open_ms: int | None = None
    waiting_ms: int | None = None
    stirred: int = 0
    settled: int = 0

    @property
    def key(self) -> str:
        """The name of all that belongs to this schedule, and to none that had its name before: at most 62 characters."""
        return f"{self.name}-{self.created_ms}"

    @property
    def is_one_time(self) -> bool:
        return self.expression.startswith("at(")


@dataclass(frozen=True)
class Firing:
    """`at_ms` is the time it was due, which names it within its schedule. `schedule` is the schedule's key."""

    schedule: str
    at_ms: int
    by: Literal["schedule", "run-now"]
    state: FiringState = FiringState.DUE
    run_id: str | None = None
    outcome: str | None = None
    reason: str | None = None
    ended_ms: int | None = None
    tasks: int | None = None
    tasks_failed: int | None = None
    regression: tuple[str, ...] | None = None
    regressed: bool = False
    undelivered: tuple[str, ...] = ()

    def evolve(self, **changes: Any) -> Self:
        return replace(self, **changes)


def run_id_of(schedule: Schedule, firing: Firing) -> str:
    """The id of the run that this firing makes: always the same, so that there is one however often it is delivered."""
    at = datetime.fromtimestamp(firing.at_ms // 1000, UTC)
    part = f"{firing.at_ms % 1000:03d}" if firing.by == "run-now" else ""
    return f"{schedule.name}-{at:%Y%m%dT%H%M%S}{part}Z"


def origin_of(schedule: str) -> str:
    return ORIGIN + schedule


def schedule_of(origin: str) -> str | None:
    """The schedule that a run with this origin was made by, None for any other run."""
    return origin.removeprefix(ORIGIN) if origin.startswith(ORIGIN) else None


def events_of(firing: Firing) -> tuple[Event, ...]:
    """What an ended or failed firing is told as. A run with failed tasks has failed for who asked for `failure`."""
    failed = firing.outcome in (NOT_STARTED, "failed") or bool(firing.tasks_failed)
    told: Mapping[Event, bool] = {"end": True, "failure": failed, "regression": firing.regressed}
    return tuple(event for event, happened in told.items() if happened)


def targets_of(schedule: Schedule, firing: Firing) -> list[tuple[int, tuple[Event, ...]]]:
    """Which of the schedule's targets are told of this firing, by number, and of what."""
    happened = events_of(firing)
    told = [(i, tuple(event for event in target.on if event in happened)) for i, target in enumerate(schedule.notify)]
    return [(number, events) for number, events in told if events]


def why_skipped(schedule: Schedule, before: Firing | None) -> str:
    run = f"run {before.run_id}" if before and before.run_id else "the run before"
    if schedule.overlap == "skip":
        return f"{run} had not ended"
    return f"{run} had not ended, and another one waits already"


def needs_care(schedule: Schedule, *, now_ms: int, every_ms: int) -> bool:
    """Should the sweep, which comes every `every_ms`, have this schedule seen to?

    Once an hour each one is, whatever it says: who noted a firing may have died before it said so.
    """
    if schedule.state is ScheduleState.DELETING or schedule.stirred != schedule.settled:
        return True
    if schedule.state is ScheduleState.CREATING:
        return schedule.created_ms < now_ms - ABANDONED_MS
    return (now_ms - schedule.created_ms) % HOUR_MS < every_ms


def pack(body: Mapping[str, Any]) -> bytes:
    """The body of a run as it is kept."""
    return zlib.compress(json.dumps(body).encode(), 9)


def unpack(data: bytes) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(zlib.decompress(data))
    return body
