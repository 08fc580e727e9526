"""What the registry remembers of executors and their models. Times are integer milliseconds since the epoch (`*_ms`)."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import Capacity, Command, EventType, Load

_MARK_CHARS = 6


class ExecutorState(StrEnum):
    """What was said of it. Whether it is heard of is a matter of its lease and the time."""

    SERVING = "serving"
    DRAINING = "draining"


def mark_of(name: str) -> str:
    """Six characters for a model's id, 36 bits of its SHA-256: two of fifty models share one in 1 of 10^7.5 catalogues."""
    return urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()[:_MARK_CHARS]


@dataclass(frozen=True)
class Executor:
    """`held` marks each task and reserved slot that the control plane handed out. `reliability`: (succeeded, ended) of tasks.

    Models are known by their marks (`mark_of`): the record has to stay small, because each heartbeat writes it. `absent` are
    those that a heartbeat called unavailable. `overloaded` is the flag of the pressure's hysteresis. `sequence` is the last
    heartbeat's, `catalog_sequence` the last catalogue change's, with the digest of its body.
    """

    executor_id: str
    principal: str | None
    instance_id: str
    generation: int
    interval_ms: int
    stale_ms: int
    silence_ms: int
    announced_ms: int
    last_seen_ms: int
    lease_expires_ms: int
    removal_ms: int
    capacity: Capacity = field(default_factory=Capacity)
    load: Load = field(default_factory=Load)
    state: ExecutorState = ExecutorState.SERVING
    held: frozenset[str] = frozenset()
    exclusive: str | None = None  # the reservation that has it for itself
    overloaded: bool = False
    marks: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    catalog: str | None = None  # the digest of its catalogue
    catalog_version: int = 1
    sequence: int = -1
    catalog_sequence: int = -1
    catalog_change: str | None = None
    progress: int | None = None
    progress_ms: int | None = None  # when the work loop's counter was last seen to move, to within MOVED_MS
    reliability: tuple[int, int] = (0, 0)
    commands: tuple[Command, ...] = ()
    noted: str | None = None  # what was written of its silence: stale

    @property
    def assigned(self) -> int:
        return len(self.held)

    def has(self, model_id: str) -> bool:
        """Does its catalogue name the model?"""
        return mark_of(model_id) in self.marks

    def evolve(self, **changes: Any) -> Self:
        return replace(self, **changes)


@dataclass(frozen=True)
class Tombstone:
    """What is left of an executor: late messages are answered with 410, and its generation is not forgotten."""

    executor_id: str
    principal: str | None
    generation: int
    ended_ms: int
    why: str  # removed or expired


@dataclass(frozen=True)
class Catalog:
    """The models of an executor, by id, its labels and where it answers. Never changed: other contents have another digest."""

    descriptors: Mapping[str, ModelDescriptor]
    digest: str
    labels: Mapping[str, str] = field(default_factory=dict)
    endpoint: str | None = None

    @property
    def marks(self) -> frozenset[str]:
        return frozenset(map(mark_of, self.descriptors))


@dataclass(frozen=True)
class Row:
    """A hint that an executor has a model: it counts while the executor is in this generation and still names the model."""

    executor_id: str
    generation: int
    descriptor: ModelDescriptor
    digest: str
    endpoint: str | None = None


@dataclass(frozen=True)
class Offer:
    """A model on an executor that names it now."""

    executor: Executor
    descriptor: ModelDescriptor
    digest: str
    endpoint: str | None = None

    @property
    def is_available(self) -> bool:
        """As the catalogue and the last heartbeat say; the executor's own status is another matter."""
        return self.descriptor.is_available and mark_of(self.descriptor.model_id) not in self.executor.absent


@dataclass(frozen=True)
class Beat:
    """A heartbeat. `absent` are marks. `principal` None: an admin's, who may speak for any executor."""

    executor_id: str
    principal: str | None
    generation: int
    sequence: int
    progress: int | None
    load: Load
    absent: frozenset[str]
    now_ms: int


@dataclass(frozen=True)
class Reservation:
    """Slots of an executor that are kept for somebody until `expires_ms`."""

    reservation_id: str
    executor_id: str
    generation: int
    marks: frozenset[str]
    exclusive: bool
    expires_ms: int


@dataclass(frozen=True)
class Event:
    """Something that happened to an executor. `revision` numbers changes of who is there."""

    executor_id: str
    at_ms: int
    type: EventType
    generation: int
    detail: Mapping[str, Any] = field(default_factory=dict)
    revision: int | None = None
