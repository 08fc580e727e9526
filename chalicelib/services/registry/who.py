"""Who speaks, what was refused, and how a lease is told."""

from dataclasses import dataclass

from benchfleet_contract.registry.codes import RegistryCode
from benchfleet_contract.registry.executors import Lease
from benchfleet_contract.registry.limits import MAX_CLOCK_SKEW_S

from chalicelib.domain.registry.errors import ExecutorNotFound, Fenced, Gone, Malformed, NotOwner
from chalicelib.domain.registry.ports import Executors
from chalicelib.domain.registry.presence import Presence, presence
from chalicelib.domain.registry.records import Executor


@dataclass(frozen=True)
class Caller:
    """`principal` is the id of the caller's key; an admin may speak for every executor."""

    principal: str
    is_admin: bool = False

    @property
    def bound(self) -> str | None:
        """What an executor's principal must be, if it has one; None: whatever."""
        return None if self.is_admin else self.principal

    def owns(self, executor: Executor) -> bool:
        return self.is_admin or executor.principal in (None, self.principal)


def seconds(at_ms: int) -> float:
    return at_ms / 1000


def lease_of(executor: Executor) -> Lease:
    return Lease(
        heartbeat_interval_s=seconds(executor.interval_ms),
        stale_after_s=seconds(executor.stale_ms),
        removal_after_s=seconds(executor.silence_ms),
        lease_expires_at=seconds(executor.lease_expires_ms),
        removal_at=seconds(executor.removal_ms),
    )


def check_time(timestamp: float | None, now_ms: int) -> None:
    """Raises Malformed (1003) for a clock that differs too much from ours."""
    if timestamp is not None and abs(timestamp - seconds(now_ms)) > MAX_CLOCK_SKEW_S:
        off_s = timestamp - seconds(now_ms)
        words = f"timestamp is {off_s:+.0f} s from the server's time, at most {MAX_CLOCK_SKEW_S:.0f} s are taken"
        raise Malformed(f"{words}: set this machine's clock", number=RegistryCode.EXPIRED_MESSAGE)


def present(executors: Executors, executor_id: str, now_ms: int) -> Executor:
    """An executor that is live or stale. Raises ExecutorNotFound, Gone."""
    executor = executors.get(executor_id)
    if executor is None:
        raise absent(executors, executor_id)
    if presence(executor, now_ms) is Presence.GONE:
        raise Gone(executor_id, "expired")
    return executor


def absent(executors: Executors, executor_id: str) -> ExecutorNotFound | Gone:
    """Why there is no such executor."""
    tombstone = executors.tombstone(executor_id)
    return Gone(executor_id, tombstone.why) if tombstone else ExecutorNotFound(executor_id)


def own(executors: Executors, executor_id: str, generation: int | None, caller: Caller, now_ms: int) -> Executor:
    """The caller's own executor in its present generation. Raises ExecutorNotFound, Gone, NotOwner, Fenced."""
    executor = present(executors, executor_id, now_ms)
    if not caller.owns(executor):
        raise NotOwner(executor_id)
    if generation is None and caller.is_admin:
        return executor
    if generation != executor.generation:
        raise Fenced(executor_id, executor.generation)
    return executor
