"""Once a minute: writes down which executors have fallen silent, and collects what they leave.

Nobody needs it to know who is there: that follows from the leases. A heartbeat that comes meanwhile wins.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from chalicelib.domain.ports import Clock
from chalicelib.domain.registry import expiring
from chalicelib.domain.registry.ports import ExecutorRefused, Executors, RegistryLog, Reservations
from chalicelib.domain.registry.records import Event, Executor
from chalicelib.services.registry.leave import Leave

_log = logging.getLogger(__name__)


class HandBack(Protocol):
    """Gives the tasks behind marks to others, before their leases end."""

    def __call__(self, marks: frozenset[str]) -> int: ...

    def is_held(self, mark: str) -> bool: ...


@dataclass(frozen=True)
class Swept:
    scanned: int = 0
    stale: int = 0
    expired: int = 0
    guard: bool = False


@dataclass(frozen=True)
class SweepExecutors:
    executors: Executors
    log: RegistryLog
    reservations: Reservations
    leave: Leave
    hand_back: HandBack
    clock: Clock

    def __call__(self) -> Swept:
        now_ms, counts, found = self.clock(), self.log.counts(), self.executors.all()
        if not found and not counts.executors and counts.last_sweep_ms is None:
            return Swept()  # nobody ever announced anything: there is nothing to keep count of
        todo = expiring.plan(
            found, now_ms, last_sweep_ms=counts.last_sweep_ms, guarded_until_ms=counts.guarded_until_ms
        )
        self._guard(todo, now_ms)
        stale = sum(self._note_stale(one, now_ms) for one in todo.stale)
        expired = sum(self._expire(one, now_ms) for one in todo.expired)
        self._release(now_ms)
        for one in found:
            self._count_again(one)
        self.log.swept(now_ms=now_ms, guarded_until_ms=todo.guarded_until_ms)
        left = len(found) - expired
        if counts.executors != left and expired == 0:
            self.log.recount(left, counts.executors)
        return Swept(len(found), stale, expired, todo.guarded_until_ms is not None)

    def _guard(self, todo: expiring.Plan, now_ms: int) -> None:
        if todo.suspects:
            _log.warning("many executors fell silent at once: nothing is removed until %s", todo.guarded_until_ms)
            first = todo.suspects[0]
            detail = {"silent": len(todo.suspects), "until": (todo.guarded_until_ms or now_ms) / 1000}
            self.log.note(Event(first.executor_id, now_ms, "guarded", first.generation, detail), changes=False)

    def _note_stale(self, executor: Executor, now_ms: int) -> bool:
        with suppress(ExecutorRefused):
            self.executors.note_stale(executor)
            self.log.note(Event(executor.executor_id, now_ms, "stale", executor.generation), changes=True)
            return True
        return False

    def _expire(self, executor: Executor, now_ms: int) -> bool:
        with suppress(ExecutorRefused):
            self.executors.remove(executor, why="expired", now_ms=now_ms, seen=True)
            self.hand_back(executor.held)
            self.leave.forgotten(executor)
            self.log.note(Event(executor.executor_id, now_ms, "expired", executor.generation), changes=True)
            return True
        return False

    def _count_again(self, executor: Executor) -> None:
        """Tasks that ended or went elsewhere while nobody took them off, as where a process died in between."""
        over = frozenset(mark for mark in executor.held if not self.hand_back.is_held(mark))
        for mark in over:
            with suppress(ExecutorRefused):
                self.executors.release(executor.executor_id, frozenset({mark}))

    def _release(self, now_ms: int) -> None:
        for one in self.reservations.due(now_ms=now_ms):
            with suppress(ExecutorRefused):
                exclusive = one.reservation_id if one.exclusive else None
                self.executors.release(one.executor_id, one.marks, exclusive=exclusive)
            self.reservations.drop(one.reservation_id)
