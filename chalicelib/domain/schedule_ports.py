"""What the use cases of schedules ask of the world. `store/`, `archive/`, `provisioning/` and `notifying/` answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from benchfleet_contract.schedules import Event

from chalicelib.domain.scheduling import Firing, Schedule, Target


@dataclass(frozen=True)
class Delivery:
    """One message to one target about one firing, and how often it was tried before. `key`: the schedule's."""

    schedule: str
    key: str
    at_ms: int
    target: int
    events: tuple[Event, ...]
    tried: int = 0

    @property
    def id(self) -> str:
        """The same for each try, so that who receives it twice can tell."""
        return f"{self.key}-{self.at_ms}-{self.target}"


class NotDelivered(Exception):
    """The words say why. `forever`: no other try would end otherwise."""

    def __init__(self, words: str, *, forever: bool = False) -> None:
        super().__init__(words)
        self.forever = forever


class Schedules(Protocol):
    """Verbs that return False or None were refused: another writer was first."""

    def add(self, schedule: Schedule) -> bool: ...
    def get(self, name: str) -> Schedule | None: ...
    def all(self) -> list[Schedule]: ...
    def activate(self, schedule: Schedule) -> bool: ...
    def begin_deletion(self, schedule: Schedule) -> bool: ...
    def end(self, schedule: Schedule) -> None: ...
    def stir(self, name: str) -> Schedule | None: ...
    def settle(self, schedule: Schedule) -> None: ...
    def take_slot(self, schedule: Schedule, at_ms: int) -> bool: ...
    def wait(self, schedule: Schedule, at_ms: int) -> bool: ...
    def release(self, schedule: Schedule, at_ms: int) -> bool: ...


class Firings(Protocol):
    """Of the schedule with this key."""

    def add(self, firing: Firing) -> bool: ...
    def get(self, key: str, at_ms: int) -> Firing | None: ...
    def newest(self, key: str, *, limit: int) -> list[Firing]: ...
    def change(self, before: Firing, after: Firing) -> bool: ...
    def note_undelivered(self, key: str, at_ms: int, words: str) -> None: ...
    def drop(self, firings: list[Firing]) -> None: ...
    def time_of(self, key: str, token: str, *, now_ms: int) -> int: ...
    def erase(self, key: str) -> Iterator[int]: ...


class Bodies(Protocol):
    """The bodies of the runs that schedules make."""

    def keep(self, schedule: Schedule, body: Mapping[str, Any]) -> None: ...
    def read(self, schedule: Schedule) -> dict[str, Any] | None: ...
    def erase(self, schedule: Schedule) -> None: ...


class Timer(Protocol):
    """EventBridge Scheduler: what fires. Both verbs may be repeated."""

    def create(self, schedule: Schedule) -> None:
        """Raises InvalidSchedule for what it refuses for good, Unavailable for anything else."""

    def delete(self, schedule: Schedule) -> None: ...


class Secrets(Protocol):
    """Signing secrets, by the name of their parameter."""

    @property
    def below(self) -> str: ...
    def make(self, name: str) -> str: ...
    def read(self, name: str) -> str | None: ...
    def delete(self, name: str) -> None: ...


class ScheduleQueue(Protocol):
    def advance(self, name: str) -> None: ...
    def deliver(self, delivery: Delivery, *, delay_s: int = 0) -> None: ...


class Messenger(Protocol):
    def send(self, target: Target, *, delivery_id: str, subject: str, body: bytes) -> None:
        """Raises NotDelivered."""
