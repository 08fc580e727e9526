"""What a sweep of the registry has to write down.

Where many executors fall silent at once, it is more likely that we did not hear them: then nothing is removed for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.registry.presence import Presence, presence
from chalicelib.domain.registry.records import Executor

MASS, FEW = 0.5, 4  # more than half of at least four
LATE_MS = 3 * 60_000  # a sweep that comes so late shows that we were down


@dataclass(frozen=True)
class Plan:
    """`guarded_until_ms`: until then nothing is removed; None: nothing is guarded. `suspects`: whose silence begins a guard."""

    stale: tuple[Executor, ...] = ()
    expired: tuple[Executor, ...] = ()
    guarded_until_ms: int | None = None
    suspects: tuple[Executor, ...] = ()


def plan(
    executors: Sequence[Executor], now_ms: int, *, last_sweep_ms: int | None, guarded_until_ms: int | None
) -> Plan:
    """`executors` are all that have not been removed."""
    silent = [one for one in executors if presence(one, now_ms) is not Presence.LIVE]
    gone = [one for one in silent if presence(one, now_ms) is Presence.GONE]
    stale = tuple(one for one in silent if one.noted != "stale")
    if guarded_until_ms is not None and now_ms < guarded_until_ms:
        return Plan(stale, (), guarded_until_ms)
    if guarded_until_ms is None and _is_suspect(executors, gone, now_ms, last_sweep_ms):
        return Plan(stale, (), now_ms + max(one.silence_ms for one in gone), suspects=tuple(gone))
    return Plan(stale, tuple(gone), None)


def _is_suspect(there: Sequence[Executor], gone: Sequence[Executor], now_ms: int, last_sweep_ms: int | None) -> bool:
    if not gone:
        return False
    if last_sweep_ms is not None and now_ms - last_sweep_ms > LATE_MS:
        return True
    return len(there) >= FEW and len(gone) > MASS * len(there)
