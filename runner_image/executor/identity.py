"""Who an executor is, and what it is at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchfleet_contract.registry.executors import Capacity, Load

FENCED, REFUSED = 75, 77  # exit codes: EX_TEMPFAIL and EX_NOPERM of sysexits.h


@dataclass(frozen=True)
class Identity:
    """Who announces. `instance_id` names this process."""

    executor_id: str | None
    instance_id: str
    interval_s: float
    capacity: Capacity
    labels: Mapping[str, str] = field(default_factory=dict)
    endpoint: str | None = None


@dataclass(frozen=True)
class Work:
    """What the executor is at: asked with each heartbeat. `on_announced` is told id, generation and number of models."""

    load: Callable[[], Load] = Load
    progress: Callable[[], int] = lambda: 0
    on_drain: Callable[[], None] = lambda: None
    on_rediscover: Callable[[], None] = lambda: None
    on_announced: Callable[[str, int, int], None] = lambda _id, _generation, _models: None
