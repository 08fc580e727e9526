"""What an agent knows of its executor: its generation, its counters, and when it was last heard."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import AnnounceReply, ExecutorHeartbeat, ExecutorHeartbeatReply, Load

from runner_image.control.session import Busy, SessionError

MIN_GAP_S = 1.0  # between heartbeats, also those out of turn
FIRST_BACKOFF_S = 1.0
_RIDE_AFTER = 0.5  # of an interval: sooner, a heartbeat that rides along would only cost a write


@dataclass
class State:
    """Guarded by the agent's lock. Times are seconds of the agent's clock."""

    executor_id: str | None
    interval_s: float
    removal_s: float
    generation: int | None = None  # None: not announced
    sequence: int = 0
    catalog_sequence: int = 0
    told: Mapping[str, ModelDescriptor] = field(default_factory=dict)
    beaten_at: float | None = None
    carried_at: float | None = None  # when a heartbeat that rode along was answered
    answered_at: float | None = None
    failures: int = 0
    sent: int = 0
    code: int | None = None  # with which the process must end

    @property
    def ticket(self) -> tuple[str, int] | None:
        return (self.executor_id, self.generation) if self.executor_id and self.generation is not None else None

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "executor_id": self.executor_id, "generation": self.generation, "models": len(self.told),
            "heartbeats_sent": self.sent, "heartbeat_interval_s": self.interval_s, "failures": self.failures,
        }  # fmt: skip

    def announced(self, reply: AnnounceReply, told: Mapping[str, ModelDescriptor]) -> None:
        if self.generation != reply.generation:
            self.sequence = self.catalog_sequence = 0
        self.executor_id, self.generation, self.told = reply.executor_id, reply.generation, told
        self.interval_s, self.removal_s = reply.lease.heartbeat_interval_s, reply.lease.removal_after_s

    def next_beat(self, now: float, *, load: Load, progress: int) -> ExecutorHeartbeat:
        self.sequence += 1
        self.sent += 1
        self.beaten_at = now
        return ExecutorHeartbeat(generation=self.generation or 0, sequence=self.sequence, progress=progress, load=load)

    def heard(self, reply: ExecutorHeartbeatReply, now: float) -> None:
        self.interval_s, self.removal_s = reply.lease.heartbeat_interval_s, reply.lease.removal_after_s
        self.answered(now)

    def answered(self, now: float) -> None:
        self.failures, self.answered_at = 0, now

    def forget(self) -> None:
        """The control plane knows it no more."""
        self.generation, self.told, self.carried_at = None, {}, None

    def rest_s(self, now: float) -> float:
        """How long no heartbeat may be sent."""
        return 0.0 if self.beaten_at is None else max(0.0, self.beaten_at + MIN_GAP_S - now)

    def takes_passenger(self, now: float) -> bool:
        rested = self.beaten_at is None or now - self.beaten_at >= max(MIN_GAP_S, _RIDE_AFTER * self.interval_s)
        return self.ticket is not None and self.code is None and rested

    def carried_for_s(self, now: float) -> float:
        """How long none of its own is needed, because one rode along."""
        return 0.0 if self.carried_at is None else max(0.0, self.carried_at + self.interval_s - now)

    def backed_off(self, error: SessionError, now: float, dice: Callable[[], float]) -> float:
        """One more failure: how many seconds to wait. After as long a silence as removes it, it is to announce again."""
        self.failures += 1
        if self.answered_at is not None and now - self.answered_at > self.removal_s:
            self.generation = None
        most_s = min(self.interval_s, FIRST_BACKOFF_S * 2.0 ** min(self.failures - 1, 20))
        asked_s = error.retry_after_s if isinstance(error, Busy) else None
        return max(most_s * dice(), min(asked_s or 0.0, self.removal_s))
