"""How busy an executor is: idle, normal, high, overloaded.

An executor that was overloaded stays so until it is well below: else one request more or less would flip it with each beat.
"""

from benchfleet_contract.registry.executors import ExecutorStatus, Pressure

from chalicelib.domain.registry.presence import Presence, presence
from chalicelib.domain.registry.records import Executor, ExecutorState

HIGH, FULL = 0.80, 1.00
CACHE_HIGH, CACHE_FULL = 0.80, 0.95


def active(executor: Executor) -> int:
    """What it says it does, or what was handed to it, whichever is more: between two heartbeats only we know."""
    return max(executor.load.active, executor.assigned)


def utilization(executor: Executor) -> float:
    """Work at hand over slots; above 1 while requests queue."""
    return (active(executor) + executor.load.queued) / executor.capacity.max_concurrent


def free_slots(executor: Executor) -> int:
    if executor.exclusive:
        return 0
    return max(0, executor.capacity.max_concurrent - active(executor) - executor.load.queued)


def is_overloaded(executor: Executor) -> bool:
    """The flag as it should be kept now."""
    load, used = executor.load, utilization(executor)
    cache = load.kv_cache_utilization or 0.0
    if used >= FULL or load.queued > executor.capacity.max_queue or cache >= CACHE_FULL:
        return True
    return executor.overloaded and not (used < HIGH and load.queued == 0 and cache < CACHE_FULL)


def pressure(executor: Executor) -> Pressure:
    if is_overloaded(executor):
        return "overloaded"
    if utilization(executor) >= HIGH or (executor.load.kv_cache_utilization or 0.0) >= CACHE_HIGH:
        return "high"
    return "idle" if utilization(executor) == 0 else "normal"


def status(executor: Executor, now_ms: int, *, is_available: bool = True) -> ExecutorStatus:
    """One word, of the first rule that holds. `is_available`: of the model that is asked for. Never of one that is gone."""
    if executor.state is ExecutorState.DRAINING:
        return "draining"
    if presence(executor, now_ms) is not Presence.LIVE:
        return "stale"
    if not is_available:
        return "unavailable"
    words: dict[Pressure, ExecutorStatus] = {"overloaded": "overloaded", "high": "busy"}
    return words.get(pressure(executor), "available")


ORDER: tuple[ExecutorStatus, ...] = ("available", "busy", "overloaded", "unavailable", "draining", "stale")
ELIGIBLE: frozenset[ExecutorStatus] = frozenset({"available", "busy"})


def best(statuses: list[ExecutorStatus]) -> ExecutorStatus:
    """The best of several; `unavailable` of none."""
    return min(statuses, key=ORDER.index, default="unavailable")
