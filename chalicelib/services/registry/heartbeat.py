"""A heartbeat: one conditional write, one write unit.

A second one only where something turned: overload begins or ends, or the work loop's counter is seen to move after a while.
"""

from contextlib import suppress
from dataclasses import dataclass

from benchfleet_contract.registry.executors import EventType, ExecutorHeartbeat, ExecutorHeartbeatReply, Load
from benchfleet_contract.registry.limits import STUCK_AFTER_S

from chalicelib.domain.ports import Clock
from chalicelib.domain.registry.errors import Fenced, Gone, NotOwner, TooOften
from chalicelib.domain.registry.ports import Beaten, ExecutorRefused, Executors, RegistryLog
from chalicelib.domain.registry.presence import Presence, presence
from chalicelib.domain.registry.pressure import is_overloaded, status
from chalicelib.domain.registry.records import Beat, Event, Executor, mark_of
from chalicelib.services.registry.who import Caller, absent, check_time, lease_of, seconds

MOVED_MS = int(
    STUCK_AFTER_S * 250
)  # so exactly it is known when a work loop last moved: a quarter of what counts as stuck


@dataclass(frozen=True)
class Heartbeat:
    executors: Executors
    log: RegistryLog
    clock: Clock

    def __call__(self, executor_id: str, request: ExecutorHeartbeat, caller: Caller) -> ExecutorHeartbeatReply:
        """Raises ExecutorNotFound, Gone, Fenced, NotOwner, TooOften, Malformed."""
        now_ms = self.clock()
        check_time(request.timestamp, now_ms)
        beat = Beat(
            executor_id, caller.bound, request.generation, request.sequence, request.progress, request.load,
            _absent(request.load), now_ms,
        )  # fmt: skip
        try:
            beaten = self.executors.beat(beat)
        except ExecutorRefused as refused:
            return self._ignored(self._understood(refused.executor, beat, caller), now_ms)
        executor = self._turned(beaten, now_ms)
        recovered = beaten.lease_was_ms <= now_ms
        if recovered:
            self.log.note(Event(executor_id, now_ms, "recovered", executor.generation), changes=True)
        reply = _reply(executor, now_ms, recovered=recovered)
        self._delivered(executor)
        return reply

    def _understood(self, executor: Executor | None, beat: Beat, caller: Caller) -> Executor:
        """The executor of a heartbeat that is old, which does no harm. Raises what else can be wrong."""
        if executor is None:
            raise absent(self.executors, beat.executor_id)
        if not caller.owns(executor):
            raise NotOwner(beat.executor_id)
        if presence(executor, beat.now_ms) is Presence.GONE:
            raise Gone(beat.executor_id, "expired")
        if executor.generation != beat.generation:
            raise Fenced(beat.executor_id, executor.generation)
        if beat.sequence > executor.sequence:
            raise TooOften(f"{beat.executor_id} beats more than twice a second", retry_after_s=1)
        return executor

    def _ignored(self, executor: Executor, now_ms: int) -> ExecutorHeartbeatReply:
        return _reply(executor, now_ms, ignored=True)

    def _turned(self, beaten: Beaten, now_ms: int) -> Executor:
        """What follows from the new load, where it is another than before. Lost to a race, the next heartbeat does it."""
        executor = beaten.executor
        with suppress(ExecutorRefused):
            overloaded = is_overloaded(executor)
            if overloaded != executor.overloaded:
                self.executors.flag(executor, overloaded=overloaded)
                word: EventType = "overloaded" if overloaded else "load_normal"
                self.log.note(Event(executor.executor_id, now_ms, word, executor.generation), changes=False)
                executor = executor.evolve(overloaded=overloaded)
            if _has_moved(beaten, now_ms):
                self.executors.moved(executor, now_ms=now_ms)
                executor = executor.evolve(progress_ms=now_ms)
        return executor

    def _delivered(self, executor: Executor) -> None:
        """What was told once is told no more, but that it drains."""
        kept = tuple(one for one in executor.commands if one.command == "drain")
        if kept != executor.commands:
            with suppress(ExecutorRefused):
                self.executors.command(executor, kept)


def _absent(load: Load) -> frozenset[str]:
    return frozenset(mark_of(model_id) for model_id, one in load.models.items() if one.is_available is False)


def _has_moved(beaten: Beaten, now_ms: int) -> bool:
    executor = beaten.executor
    if executor.progress is None or (executor.progress_ms or 0) > now_ms - MOVED_MS:
        return False
    return executor.progress_ms is None or beaten.progress_was != executor.progress or not executor.load.active


def _reply(
    executor: Executor, now_ms: int, *, recovered: bool = False, ignored: bool = False
) -> ExecutorHeartbeatReply:
    return ExecutorHeartbeatReply(
        lease=lease_of(executor),
        status=status(executor, now_ms),
        recovered=recovered,
        ignored=ignored,
        commands=list(executor.commands),
        server_time=seconds(now_ms),
    )
