"""What executors say to the control plane, and what they are told."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from benchfleet_contract.document import Document
from benchfleet_contract.registry import limits
from benchfleet_contract.registry.descriptors import ModelDescriptor, ModelId

ExecutorStatus = Literal["draining", "stale", "unavailable", "overloaded", "busy", "available"]
Pressure = Literal["idle", "normal", "high", "overloaded"]
UpdateType = Literal["AddModels", "RemoveModels", "UpdateCapabilities", "UpdatePricing", "UpdateAvailability"]
CommandWord = Literal["drain", "reannounce", "rediscover", "set_interval"]
EventType = Literal[
    "announced", "updated", "recovered", "stale", "expired", "draining", "removed", "fenced", "overloaded", "load_normal",
    "rejected", "guarded",
]  # fmt: skip

ExecutorId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
InstanceId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
_Label = Annotated[
    str, StringConstraints(min_length=1, max_length=limits.MAX_LABEL_CHARS, pattern=r"^[^\x00-\x1f\x7f]+$")
]
_Count = Annotated[int, Field(ge=0, le=2**53)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Sent(Document):
    model_config = ConfigDict(strict=True)


class Capacity(_Sent):
    """`max_concurrent` is how many requests or tasks at a time; one, where a second would disturb what is measured."""

    max_concurrent: int = Field(default=1, ge=1, le=limits.MAX_CONCURRENT)
    max_queue: int = Field(default=5, ge=0, le=limits.MAX_QUEUE)


class ModelLoad(_Sent):
    active: _Count = 0
    queued: _Count = 0
    is_available: bool | None = None


class Load(_Sent):
    """What an executor does now. The totals count since the process started; utilizations are shares of 1."""

    active: _Count = 0
    queued: _Count = 0
    kv_cache_utilization: _Share | None = None
    gpu_utilization: _Share | None = None
    memory_utilization: _Share | None = None
    requests_total: _Count | None = None
    failures_total: _Count | None = None
    tokens_total: _Count | None = None
    models: dict[ModelId, ModelLoad] = Field(default={}, max_length=limits.MAX_MODELS)


class AnnounceRequest(_Sent):
    """Body of `POST /executors`. `instance_id` names the process: another one takes the executor over.

    `takeover` false: refuse while another process holds it. `timestamp`: Unix seconds, checked against the server's time.
    """

    executor_id: ExecutorId | None = None
    instance_id: InstanceId
    takeover: bool = True
    protocol_version: int = limits.PROTOCOL_VERSION
    heartbeat_interval_s: float = Field(
        default=limits.DEFAULT_INTERVAL_S, ge=limits.MIN_INTERVAL_S, le=limits.MAX_INTERVAL_S, allow_inf_nan=False
    )
    timestamp: float | None = Field(default=None, allow_inf_nan=False)
    labels: dict[_Label, _Label] = Field(default={}, max_length=limits.MAX_LABELS)
    capacity: Capacity = Capacity()
    endpoint: str | None = Field(default=None, max_length=2_048, pattern=r"^https?://[!-~]+$")
    models: list[ModelDescriptor] = []


class Lease(Document):
    """Until when an executor is heard of. Its status is a function of these and the time, whatever has been swept."""

    heartbeat_interval_s: float
    stale_after_s: float
    removal_after_s: float
    lease_expires_at: float
    removal_at: float


class AnnounceReply(Document):
    executor_id: str
    generation: int
    catalog_version: int
    accepted_models: int
    lease: Lease
    server_time: float
    registry_revision: int


class ExecutorHeartbeat(_Sent):
    """Body of `POST /executors/{id}/heartbeat`. `progress` counts what the work loop has done: a hung one stands still."""

    generation: int = Field(ge=0, le=2**53)
    sequence: int = Field(ge=0, le=2**53)
    progress: int | None = Field(default=None, ge=0, le=2**53)
    timestamp: float | None = Field(default=None, allow_inf_nan=False)
    load: Load = Load()


class Command(Document):
    """Something that an executor is told to do, with its next heartbeat."""

    command: CommandWord
    heartbeat_interval_s: float | None = None
    reason: str | None = None


class CommandRequest(_Sent):
    """Body of `POST /executors/{id}/commands`."""

    command: CommandWord
    heartbeat_interval_s: float | None = Field(
        default=None, ge=limits.MIN_INTERVAL_S, le=limits.MAX_INTERVAL_S, allow_inf_nan=False
    )
    reason: str | None = Field(default=None, max_length=500)


class ExecutorHeartbeatReply(Document):
    lease: Lease
    status: ExecutorStatus
    recovered: bool = False
    ignored: bool = False
    commands: list[Command] = []
    server_time: float


class ReplaceModels(_Sent):
    """Body of `PUT /executors/{id}/models`."""

    generation: int = Field(ge=0, le=2**53)
    sequence: int = Field(ge=0, le=2**53)
    timestamp: float | None = Field(default=None, allow_inf_nan=False)
    models: list[ModelDescriptor]


class ModelChange(_Sent):
    """`descriptor` is what adds and updates need; of it only the part is taken that the update's type names."""

    model_id: ModelId
    descriptor: ModelDescriptor | None = None
    reason: str | None = Field(default=None, max_length=500)


class UpdateModels(_Sent):
    """Body of `POST /executors/{id}/models`."""

    generation: int = Field(ge=0, le=2**53)
    sequence: int = Field(ge=0, le=2**53)
    timestamp: float | None = Field(default=None, allow_inf_nan=False)
    update_type: UpdateType
    updates: list[ModelChange] = Field(min_length=1, max_length=limits.MAX_MODELS)


class CatalogReply(Document):
    catalog_version: int
    added: list[str]
    removed: list[str]
    changed: list[str]


class DrainRequest(_Sent):
    """Body of `POST /executors/{id}/drain` and `/undrain`. An admin may leave the generation out."""

    generation: int | None = Field(default=None, ge=0, le=2**53)
    reason: str | None = Field(default=None, max_length=500)


class Reliability(Document):
    """Of results that the control plane saw itself; `score` is (succeeded + 1) / (total + 2)."""

    total: int
    succeeded: int
    score: float


class ExecutorEntry(Document):
    """One executor in a list. `utilization` counts what was handed out since its last heartbeat."""

    executor_id: str
    generation: int
    status: ExecutorStatus
    pressure: Pressure
    is_connected: bool
    stuck: bool
    last_seen: float
    load_age_s: float
    utilization: float
    active: int
    queued: int
    free_slots: int
    capacity: Capacity
    labels: dict[str, str]
    model_ids: list[str]
    reliability: Reliability | None
    endpoint: str | None = None


class ExecutorList(Document):
    executors: list[ExecutorEntry]
    total_count: int
    next_cursor: str | None = None
    server_time: float


class ExecutorEvent(Document):
    at: float
    type: EventType
    executor_id: str
    generation: int
    revision: int | None = None
    detail: dict[str, Any] = {}


class EventList(Document):
    events: list[ExecutorEvent]
    next_cursor: str | None = None
    registry_revision: int | None = None


class ExecutorDetail(Document):
    """Reply of `GET /executors/{id}`: the entry, its models as announced, its last load and lease, its last events."""

    executor: ExecutorEntry
    instance_id: str
    catalog_version: int
    sequence: int
    models: list[ModelDescriptor]
    descriptor_digests: dict[str, str]
    load: Load
    lease: Lease
    events: list[ExecutorEvent]
    server_time: float
