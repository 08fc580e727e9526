"""Executors and models for tests of the registry."""

from typing import Any

from benchfleet_contract.registry.descriptors import ModelDescriptor, descriptor_digest
from benchfleet_contract.registry.executors import Capacity, Load

from chalicelib.domain.registry.presence import Terms
from chalicelib.domain.registry.records import Executor, Offer, mark_of

NOW_MS = 1_800_000_000_000
INTERVAL_MS = 10_000


def a_model(model_id: str = "gpt-4", **changes: Any) -> dict[str, Any]:
    """A descriptor as it is sent; `capabilities` are merged."""
    capabilities = {"max_context_length": 8192, "features": ["chat"], **changes.pop("capabilities", {})}
    return {"model_id": model_id, "backend_type": "openai", "capabilities": capabilities, **changes}


def an_executor(
    executor_id: str = "host-a", *, active: int = 0, queued: int = 0, slots: int = 10, **changes: Any
) -> Executor:
    seen_ms = changes.pop("last_seen_ms", NOW_MS)
    stale_ms, silence_ms = Terms().granted(INTERVAL_MS)
    held = frozenset(f"task-{number}" for number in range(changes.pop("assigned", 0)))
    executor = Executor(
        executor_id=executor_id, principal="key", instance_id="process", generation=seen_ms, interval_ms=INTERVAL_MS,
        announced_ms=seen_ms, last_seen_ms=seen_ms, lease_expires_ms=seen_ms + stale_ms, removal_ms=seen_ms + silence_ms,
        stale_ms=stale_ms, silence_ms=silence_ms, capacity=Capacity(max_concurrent=slots), held=held,
        load=Load(active=active, queued=queued), marks=frozenset({mark_of("gpt-4")}),
    )  # fmt: skip
    return executor.evolve(**changes)


def an_offer(executor: Executor | str = "host-a", model_id: str = "gpt-4", **changes: Any) -> Offer:
    descriptor = ModelDescriptor.model_validate(a_model(model_id, **changes))
    one = an_executor(executor) if isinstance(executor, str) else executor
    return Offer(one, descriptor, descriptor_digest(descriptor))
