"""Asking for models and for executors that have them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from benchfleet_contract.document import Document
from benchfleet_contract.registry import limits
from benchfleet_contract.registry.descriptors import (
    BackendType,
    Capabilities,
    Feature,
    ModelDescriptor,
    ModelId,
    Performance,
    Pricing,
)
from benchfleet_contract.registry.executors import ExecutorEntry, ExecutorId, ExecutorStatus

Strategy = Literal["least_loaded", "cheapest", "fastest", "reliable", "balanced", "power_of_two", "pinned"]
QueryType = Literal["ListAllModels", "FindModel", "ExecutorInfo", "SearchByCapabilities", "GetStatistics"]


class _Sent(Document):
    model_config = ConfigDict(strict=True)


class Filters(_Sent):
    """What a model must have. `max_price` is decimal text for one token, and holds for input and output alike."""

    backend_type: BackendType | None = None
    min_context_length: Annotated[int, Field(ge=1, le=limits.MAX_CONTEXT_LENGTH)] | None = None
    required_features: list[Feature] = Field(default=[], max_length=limits.MAX_FEATURES)
    max_price: str | None = Field(default=None, pattern=r"^[0-9]{1,78}(\.[0-9]{1,40})?$")
    only_available: bool = True
    min_success_rate: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None


class ModelEntry(Document):
    """One model over all executors that have it now. `capabilities` tells the best of them; `min_context_length` the worst."""

    model_id: str
    executor_count: int
    executors: list[str]
    capabilities: Capabilities
    min_context_length: int
    avg_pricing: Pricing | None
    status: ExecutorStatus
    status_counts: dict[ExecutorStatus, int]
    details: list[ExecutorEntry] | None = None


class ModelList(Document):
    models: list[ModelEntry]
    total_count: int
    next_cursor: str | None = None
    registry_revision: int
    server_time: float


class RankedExecutor(Document):
    """An executor in the order of a strategy. `score` is lower for better; `score_parts` tells how it came about."""

    executor_id: str
    generation: int
    rank: int
    score: float
    score_parts: dict[str, float]
    status: ExecutorStatus
    is_connected: bool
    last_seen: float
    reliability_score: float | None
    utilization: float
    free_slots: int
    load_age_s: float
    pricing: Pricing | None
    performance: Performance | None
    descriptor_digest: str
    endpoint: str | None = None


class FoundModel(Document):
    """Reply of `GET /models/find`. `all_overloaded`: whoever has it is full just now."""

    model: ModelEntry
    executors: list[RankedExecutor]
    all_overloaded: bool
    strategy: Strategy
    server_time: float


class Reserve(_Sent):
    """`exclusive`: the whole executor, so that nobody disturbs what is measured."""

    slots: int = Field(default=1, ge=1, le=limits.MAX_CONCURRENT)
    ttl_s: float = Field(default=60.0, ge=1, le=limits.MAX_RESERVATION_S, allow_inf_nan=False)
    exclusive: bool = False


class SelectRequest(_Sent):
    """Body of `POST /models/select`. `executor_id` is for the strategy `pinned`."""

    model_id: ModelId
    strategy: Strategy = "least_loaded"
    filters: Filters = Filters()
    executor_id: ExecutorId | None = None
    fail_open: bool = False
    reserve: Reserve | None = None


class SelectReply(Document):
    executor: RankedExecutor
    model: ModelDescriptor
    reservation_id: str | None = None
    expires_at: float | None = None


class RegistryStats(Document):
    total_executors: int
    total_models: int
    connected_executors: int
    stale_executors: int
    overloaded_executors: int
    draining_executors: int
    total_requests: int
    uptime: float
    last_reset: float
    registry_revision: int
    server_time: float


class RegistryQuery(_Sent):
    """Body of `POST /models/query`: the five questions of the protocol that this registry continues, in one route."""

    query_type: QueryType
    model_id: ModelId | None = None
    executor_ids: list[ExecutorId] = Field(default=[], max_length=100)
    filters: Filters | None = None
    limit: int | None = Field(default=None, ge=1, le=limits.MAX_LIST_LIMIT)
    offset: int = Field(default=0, ge=0, le=1_000)
    query_id: str | None = Field(default=None, max_length=128)


class RegistryAnswer(Document):
    """`result` holds one key: `model_list`, `executor_list`, `executor_details` or `statistics`."""

    query_id: str | None
    result: dict[str, Any]
    total_count: int | None
    timestamp: float


class RunModel(_Sent):
    """The `model` of a run: its tasks go only to executors that have it now. `pin` to one executor, or to one descriptor."""

    model_id: ModelId
    filters: Filters = Filters()
    pin: "Pin | None" = None


class Pin(_Sent):
    executor_id: ExecutorId | None = None
    descriptor_digest: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
