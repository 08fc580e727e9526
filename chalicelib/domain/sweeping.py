"""Decides what a sweep does with the leases it sees; does nothing itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.domain.leases import expired
from chalicelib.domain.records import Task

MASS_EXPIRY_SHARE = 0.30  # more than this share expiring at once smells of our own brown-out, not of dead runners
MASS_EXPIRY_LEASES = 4  # fewer leases than this say nothing


@dataclass(frozen=True)
class Plan:
    """Tasks whose lease is extended, given to another runner, or failed for good."""

    extend: list[Task] = field(default_factory=list)
    requeue: list[Task] = field(default_factory=list)
    fail: list[Task] = field(default_factory=list)
    guarded: bool = False


def plan(leased: Iterable[Task], *, now_ms: int) -> Plan:
    """`leased` are all tasks in flight. A lease is extended once at most by the mass-expiry guard, then it expires."""
    seen = list(leased)
    over = [task for task in seen if expired(task, now_ms=now_ms)]
    fresh = [task for task in over if not task.extended]
    guarded = len(seen) >= MASS_EXPIRY_LEASES and len(over) > MASS_EXPIRY_SHARE * len(seen) and bool(fresh)
    result = Plan(extend=fresh if guarded else [], guarded=guarded)
    for task in over:
        if guarded and not task.extended:
            continue
        (result.requeue if task.attempt < task.max_attempts else result.fail).append(task)
    return result
