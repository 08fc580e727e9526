"""Keeps one executor announced: it beats on a thread of its own, so that no benchmark can keep it from beating.

Each step does what is due and says how long the next one may wait. Errors decide what follows:

    unknown or gone            announce again, from scratch, with the same id
    fenced                     another process has taken over: stop, do not announce (exit code 75)
    the key is refused         stop (exit code 77)
    busy, unreachable          back off with full jitter, up to the interval; keep working
"""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import (
    AnnounceReply,
    AnnounceRequest,
    Capacity,
    Command,
    DrainRequest,
    ExecutorHeartbeat,
    ExecutorHeartbeatReply,
    Load,
    ModelChange,
    UpdateModels,
)

from runner_image.control.session import Busy, Refused, SessionError, Unauthorized
from runner_image.executor.catalog import Change, changes, most
from runner_image.executor.control import Control, is_fenced, is_unknown
from runner_image.logs import Log

FENCED, REFUSED = 75, 77  # exit codes: EX_TEMPFAIL and EX_NOPERM of sysexits.h
MIN_GAP_S = 1.0  # between heartbeats, also those out of turn
JITTER = 0.1
FIRST_BACKOFF_S = 1.0
REMOVE_TRIES, REMOVE_WITHIN_S = 3, 5.0


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
    """What the executor is at: asked with each heartbeat."""

    load: Callable[[], Load] = Load
    progress: Callable[[], int] = lambda: 0
    on_drain: Callable[[], None] = lambda: None
    on_rediscover: Callable[[], None] = lambda: None


@dataclass
class _State:
    """Guarded by the agent's lock."""

    executor_id: str | None
    interval_s: float
    removal_s: float
    generation: int | None = None  # None: not announced
    sequence: int = 0
    catalog_sequence: int = 0
    told: dict[str, ModelDescriptor] = field(default_factory=dict)
    beaten_at: float | None = None
    answered_at: float | None = None
    failures: int = 0
    sent: int = 0
    code: int | None = None  # with which the process must end


class Agent:
    """`start`, then `leave`. `ended` is called once, with an exit code, where the control plane will not have it."""

    def __init__(
        self,
        control: Control,
        identity: Identity,
        models: Mapping[str, ModelDescriptor],
        *,
        work: Work,
        log: Log,
        ended: Callable[[int], None] = lambda _code: None,
        clock: Callable[[], float] = time.monotonic,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._control, self._identity, self._work, self._log = control, identity, work, log
        self._ended, self._clock, self._dice = ended, clock, dice
        self._wanted = dict(models)
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._closed = self._hurried = False
        self._state = _State(identity.executor_id, identity.interval_s, identity.interval_s * 10)
        self._thread = threading.Thread(target=self._run, daemon=True, name="executor")

    @property
    def facts(self) -> dict[str, Any]:
        """For people and for its health endpoint."""
        with self._lock:
            state = self._state
            return {
                "executor_id": state.executor_id, "generation": state.generation, "models": len(state.told),
                "heartbeats_sent": state.sent, "heartbeat_interval_s": state.interval_s, "failures": state.failures,
            }  # fmt: skip

    @property
    def ticket(self) -> tuple[str, int] | None:
        """(executor id, generation) for claims; None while it is not announced."""
        with self._lock:
            state = self._state
            return (state.executor_id, state.generation) if state.executor_id and state.generation is not None else None

    def start(self) -> None:
        self._thread.start()

    def offer(self, models: Mapping[str, ModelDescriptor]) -> None:
        """The catalogue as it is now; what differs is told with the next step, which is at once."""
        with self._lock:
            if self._wanted != models:
                self._wanted = dict(models)
                self.hurry()

    def hurry(self) -> None:
        """Beats out of turn, at most once a second: overload has begun or ended."""
        with self._wake:
            self._hurried = True
            self._wake.notify_all()

    def step(self) -> float:
        """Does what is due. How many seconds the next step may wait."""
        try:
            if self.ticket is None:
                self._announce()
            else:
                self._tell_changes()
                self._beat()
        except SessionError as error:
            return self._failed(error)
        with self._lock:
            self._state.failures, self._state.answered_at = 0, self._clock()
            return self._state.interval_s * (1 - JITTER + 2 * JITTER * self._dice())

    def passenger(self) -> dict[str, Any] | None:
        """The next heartbeat, for a request of another kind to take along; None where one was sent just now."""
        with self._lock:
            if self.ticket is None or not self._is_rested():
                return None
            return self._next_beat().model_dump(mode="json", exclude_none=True)

    def arrived(self, answer: Mapping[str, Any]) -> None:
        """What the heartbeat that was taken along was answered with."""
        self._heard(ExecutorHeartbeatReply.model_validate(answer))

    def leave(self, *, drained: Callable[[], None] = lambda: None) -> None:
        """Drains, waits for `drained`, and removes the executor; expiry is the backstop, so no failure matters."""
        ticket = self.ticket
        if ticket and self._state.code is None:
            executor_id, generation = ticket
            request = DrainRequest(generation=generation, reason="shutdown")
            self._quietly(lambda: self._control.drain(executor_id, request))
        drained()
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(REMOVE_WITHIN_S)
        ticket = self.ticket
        if ticket and self._state.code is None:
            self._remove(*ticket)

    def _run(self) -> None:
        while not self._over():
            wait_s = self.step()
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._hurried, wait_s)
                if self._hurried and not self._closed:
                    self._wake.wait_for(lambda: self._closed, self._rest_s())
                self._hurried = False

    def _over(self) -> bool:
        return self._closed or self._state.code is not None

    def _announce(self) -> None:
        wanted, left_out = most(self._wanted)
        if left_out:
            self._log.warning("models_left_out", count=left_out, meaning="an executor announces fifty models at most")
        identity = self._identity
        request = AnnounceRequest(
            executor_id=self._state.executor_id, instance_id=identity.instance_id, models=wanted,
            heartbeat_interval_s=identity.interval_s, capacity=identity.capacity, labels=dict(identity.labels),
            endpoint=identity.endpoint,
        )  # fmt: skip
        reply = self._control.announce(request)
        with self._lock:
            self._announced(reply, {model.model_id: model for model in wanted})
        self._log.info("announced", executor_id=reply.executor_id, generation=reply.generation, models=len(wanted))

    def _announced(self, reply: AnnounceReply, told: dict[str, ModelDescriptor]) -> None:
        state = self._state
        if state.generation != reply.generation:
            state.sequence = state.catalog_sequence = 0
        state.executor_id, state.generation, state.told = reply.executor_id, reply.generation, told
        state.interval_s, state.removal_s = reply.lease.heartbeat_interval_s, reply.lease.removal_after_s

    def _tell_changes(self) -> None:
        """Each change is known to be told only once it was answered: what was lost is told again, alike."""
        with self._lock:
            wanted = {model.model_id: model for model in most(self._wanted)[0]}
            todo = changes(self._state.told, wanted)
        for change in todo:
            self._tell(change)
        with self._lock:
            self._state.told = wanted

    def _tell(self, change: Change) -> None:
        ticket = self.ticket
        if ticket is None:
            return
        needs = change.type != "RemoveModels"
        with self._lock:
            self._state.catalog_sequence += 1
            updates = [ModelChange(model_id=one.model_id, descriptor=one if needs else None) for one in change.models]
            request = UpdateModels(
                generation=ticket[1], sequence=self._state.catalog_sequence, update_type=change.type, updates=updates
            )
        self._control.update(ticket[0], request)
        self._log.info("models_changed", type=change.type, models=[one.model_id for one in change.models])

    def _beat(self) -> None:
        ticket = self.ticket
        if ticket is None or not self._is_rested():
            return
        with self._lock:
            beat = self._next_beat()
        self._heard(self._control.beat(ticket[0], beat))

    def _next_beat(self) -> ExecutorHeartbeat:
        state = self._state
        state.sequence += 1
        state.sent += 1
        state.beaten_at = self._clock()
        return ExecutorHeartbeat(
            generation=state.generation or 0,
            sequence=state.sequence,
            progress=self._work.progress(),
            load=self._work.load(),
        )

    def _heard(self, reply: ExecutorHeartbeatReply) -> None:
        with self._lock:
            self._state.interval_s = reply.lease.heartbeat_interval_s
            self._state.removal_s = reply.lease.removal_after_s
            self._state.failures, self._state.answered_at = 0, self._clock()
        for command in reply.commands:
            self._obey(command)

    def _obey(self, command: Command) -> None:
        self._log.info("told", command=command.command, reason=command.reason)
        if command.command == "drain":
            self._work.on_drain()
        elif command.command == "rediscover":
            self._work.on_rediscover()
        elif command.command == "reannounce":
            with self._lock:
                self._state.generation = None
                self.hurry()
        elif command.heartbeat_interval_s:
            with self._lock:
                self._state.interval_s = command.heartbeat_interval_s

    def _failed(self, error: SessionError) -> float:
        with self._lock:
            state = self._state
            if is_fenced(error):
                return self._end(FENCED, error)
            if isinstance(error, Unauthorized):
                return self._end(REFUSED, error)
            if is_unknown(error) and state.generation is not None:
                self._log.warning("unknown", error=str(error), meaning="the control plane knows this executor no more")
                state.generation, state.told = None, {}
                return 0.0
            if isinstance(error, Refused) and state.generation is None:
                return self._end(REFUSED, error)
            if isinstance(error, Refused):  # a change that it will not have: all is announced anew
                state.generation = None
            return self._back_off(error)

    def _back_off(self, error: SessionError) -> float:
        state = self._state
        state.failures += 1
        if state.answered_at is not None and self._clock() - state.answered_at > state.removal_s:
            state.generation = None  # it is gone by now
        most_s = min(state.interval_s, FIRST_BACKOFF_S * 2.0 ** min(state.failures - 1, 20))
        asked_s = error.retry_after_s if isinstance(error, Busy) else None
        wait_s = max(most_s * self._dice(), min(asked_s or 0.0, state.removal_s))
        self._log.warning("heartbeat_failed", error=str(error), failures=state.failures, wait_s=round(wait_s, 2))
        return wait_s

    def _end(self, code: int, error: SessionError) -> float:
        if self._state.code is None:
            self._state.code = code
            self._log.error("executor_ended", error=str(error), exit_code=code)
            self._ended(code)
        return 0.0

    def _is_rested(self) -> bool:
        return self._rest_s() <= 0

    def _rest_s(self) -> float:
        last = self._state.beaten_at
        return 0.0 if last is None else max(0.0, last + MIN_GAP_S - self._clock())

    def _remove(self, executor_id: str, generation: int) -> None:
        until = self._clock() + REMOVE_WITHIN_S
        for _ in range(REMOVE_TRIES):
            if self._quietly(lambda: self._control.remove(executor_id, generation)) or self._clock() > until:
                return

    def _quietly(self, call: Callable[[], None]) -> bool:
        try:
            call()
        except SessionError as error:
            self._log.warning("not_told", error=str(error))
            return isinstance(error, Refused)
        return True
