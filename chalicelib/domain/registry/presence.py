"""Is an executor there? Its lease and the time say so, at each look; a sweep only writes down what is so already."""

from dataclasses import dataclass
from enum import StrEnum

from benchfleet_contract.registry.limits import (
    MAX_INTERVAL_S,
    MIN_INTERVAL_S,
    REMOVED_AFTER_INTERVALS,
    STALE_AFTER_INTERVALS,
    STUCK_AFTER_S,
)

from chalicelib.domain.registry.records import Executor


class Presence(StrEnum):
    LIVE = "live"
    STALE = "stale"
    GONE = "gone"


@dataclass(frozen=True)
class Terms:
    """How long an executor may be silent. None: three, and ten, times the interval that it announced. In seconds."""

    stale_s: float | None = None
    removal_s: float | None = None

    def granted(self, interval_ms: int) -> tuple[int, int]:
        """After how much silence it is stale, and gone, in milliseconds. The second is never the shorter."""
        stale_ms = int(self.stale_s * 1000) if self.stale_s else STALE_AFTER_INTERVALS * interval_ms
        silence_ms = int(self.removal_s * 1000) if self.removal_s else REMOVED_AFTER_INTERVALS * interval_ms
        return stale_ms, max(stale_ms, silence_ms)


def interval_ms(asked_s: float) -> int:
    return int(1000 * min(max(asked_s, MIN_INTERVAL_S), MAX_INTERVAL_S))


def presence(executor: Executor, now_ms: int) -> Presence:
    if now_ms >= executor.removal_ms:
        return Presence.GONE
    return Presence.STALE if now_ms >= executor.lease_expires_ms else Presence.LIVE


def is_stuck(executor: Executor, now_ms: int, *, after_s: float = STUCK_AFTER_S) -> bool:
    """It beats, it says that it works, and its work loop has not moved for so long."""
    if executor.progress is None or executor.progress_ms is None or not executor.load.active:
        return False
    return now_ms - executor.progress_ms >= after_s * 1000


def next_generation(previous: int | None, now_ms: int) -> int:
    """Above all earlier ones, also where the tombstone that knew the last one has been deleted, or a clock was set back."""
    return max((previous or 0) + 1, now_ms)
