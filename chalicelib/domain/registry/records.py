"""What the registry remembers of executors and their models. Times are integer milliseconds since the epoch (`*_ms`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import Capacity, Command, EventType, Load


class ExecutorState(StrEnum):
    """What was said of it. Whether it is heard of is a matter of its lease and the time."""

    SERVING = "serving"
    DRAINING = "draining"
    REMOVED = "removed"  # a tombstone: late messages of it are answered with 410, and its generation is not forgotten


@dataclass(frozen=True)
class Executor:
    """`assigned` are tasks and reservations that the control plane handed out. `reliability`: (succeeded, ended) of those.

    `absent` are models that a heartbeat called unavailable. `overloaded` is the flag of the pressure's hysteresis.
    `sequence` is the last heartbeat's, `catalog_sequence` the last catalogue change's, with the digest of its body.
    """

    executor_id: str
    principal: str
    instance_id: str
    generation: int
    interval_ms: int
    announced_ms: int
    last_seen_ms: int
    lease_expires_ms: int
    removal_ms: int
    capacity: Capacity = field(default_factory=Capacity)
    load: Load = field(default_factory=Load)
    state: ExecutorState = ExecutorState.SERVING
    assigned: int = 0
    exclusive: str | None = None  # the reservation that has it for itself
    overloaded: bool = False
    model_ids: tuple[str, ...] = ()
    absent: frozenset[str] = frozenset()
    catalog_version: int = 1
    sequence: int = -1
    catalog_sequence: int = -1
    catalog_digest: str | None = None
    progress: int | None = None
    progress_ms: int | None = None  # when the work loop's counter last moved, or began to matter
    reliability: tuple[int, int] = (0, 0)
    labels: Mapping[str, str] = field(default_factory=dict)
    endpoint: str | None = None
    commands: tuple[Command, ...] = ()
    noted: str | None = None  # the event of its lease's end that was written: stale

    def evolve(self, **changes: Any) -> Self:
        return replace(self, **changes)


@dataclass(frozen=True)
class Offer:
    """A model on an executor. It counts only while the executor, in this very generation, still names the model."""

    executor: Executor
    descriptor: ModelDescriptor
    digest: str

    @property
    def is_available(self) -> bool:
        """As the catalogue and the last heartbeat say; the executor's own status is another matter."""
        model_id = self.descriptor.model_id
        return self.descriptor.is_available and model_id not in self.executor.absent


@dataclass(frozen=True)
class Event:
    """Something that happened to an executor. `revision` numbers changes of who is there."""

    executor_id: str
    at_ms: int
    type: EventType
    generation: int
    detail: Mapping[str, Any] = field(default_factory=dict)
    revision: int | None = None
