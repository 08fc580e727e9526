"""What clients of the API saw, as one history: the material of `history.py`.

Every `at` and `lease_until` is seconds since the epoch; clients and server share one machine and so one clock.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["completed", "failed"]


@dataclass(frozen=True)
class ClaimInvoked:
    at: float
    runner: str
    token: str


@dataclass(frozen=True)
class ClaimReturned:
    """`task` None: the server said `wait` or `done`."""

    at: float
    runner: str
    token: str
    task: str | None = None
    attempt: int = 0
    lease_until: float = 0.0


@dataclass(frozen=True)
class Renewed:
    at: float
    runner: str
    task: str
    attempt: int
    lease_until: float


@dataclass(frozen=True)
class EndInvoked:
    at: float
    runner: str
    task: str
    attempt: int
    outcome: Outcome
    key: str | None = None


@dataclass(frozen=True)
class EndAcknowledged:
    at: float
    runner: str
    task: str
    attempt: int
    outcome: Outcome
    key: str | None = None


@dataclass(frozen=True)
class Refused:
    """A heartbeat, complete or fail was told no; `code` is the server's word for why."""

    at: float
    runner: str
    task: str
    attempt: int
    code: str


@dataclass(frozen=True)
class Dropped:
    """A connection broke: whether the server acted is unknown, so nothing may be concluded from it."""

    at: float
    runner: str
    what: str


Event = ClaimInvoked | ClaimReturned | Renewed | EndInvoked | EndAcknowledged | Refused | Dropped


@dataclass(frozen=True)
class FinalTask:
    """A task as the server tells it when every client has stopped."""

    task: str
    status: str
    attempt: int
    runner: str | None = None
    key: str | None = None


class Recorder:
    """Collects events of many threads. `now` is read inside the lock, so that the list is in order of time."""

    def __init__(self, *, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._events: list[Event] = []

    def record(self, event: Callable[[float], Event]) -> None:
        with self._lock:
            self._events.append(event(self._now()))

    def events(self) -> list[Event]:
        with self._lock:
            return list(self._events)
