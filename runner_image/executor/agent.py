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
from typing import Any

from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import (
    AnnounceRequest,
    Command,
    DrainRequest,
    ExecutorHeartbeat,
    ExecutorHeartbeatReply,
    ModelChange,
    UpdateModels,
)

from runner_image.control.session import Refused, SessionError, Unauthorized
from runner_image.executor.catalog import Change, changes, most
from runner_image.executor.control import Control, is_fenced, is_unknown
from runner_image.executor.identity import FENCED, REFUSED, Identity, Work
from runner_image.executor.state import State
from runner_image.logs import Log

JITTER = 0.1
REMOVE_TRIES, REMOVE_WITHIN_S = 3, 5.0


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
        self._closed = self._hurried = self._drain_wanted = False
        self._state = State(identity.executor_id, identity.interval_s, identity.interval_s * 10)
        self._thread = threading.Thread(target=self._run, daemon=True, name="executor")

    @property
    def facts(self) -> dict[str, Any]:
        """For people and for its health endpoint."""
        with self._lock:
            return self._state.facts

    @property
    def ticket(self) -> tuple[str, int] | None:
        """(executor id, generation) for claims; None while it is not announced."""
        with self._lock:
            return self._state.ticket

    @property
    def code(self) -> int | None:
        """With which exit code the process must end, where the control plane will not have it."""
        return self._state.code

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
                self._tell()
                if not self._hurried and (left_s := self._state.carried_for_s(self._clock())) > 0:
                    return left_s * self._jitter()
                self._beat()
        except SessionError as error:
            return self._failed(error)
        with self._lock:
            self._state.answered(self._clock())
            return self._state.interval_s * self._jitter()

    def passenger(self) -> ExecutorHeartbeat | None:
        """The next heartbeat, for a request of another kind to take along; None where one was sent not long ago."""
        with self._lock:
            return self._next_beat() if self._state.takes_passenger(self._clock()) else None

    def arrived(self, answer: Mapping[str, Any]) -> None:
        """What the heartbeat that was taken along was answered with. Its own is not sent for an interval."""
        self._heard(ExecutorHeartbeatReply.model_validate(answer))
        with self._lock:
            self._state.carried_at = self._clock()

    def refused(self, error: Refused) -> None:
        """What another request of this process was told: fenced, or unknown by now."""
        with self._lock:
            if is_fenced(error):
                self._end(FENCED, error)
            elif self._state.generation is not None:
                self._state.forget()
                self.hurry()

    def draining(self) -> None:
        """Tells the control plane, with the next step, which is at once, that nothing new is wanted."""
        with self._lock:
            self._drain_wanted = True
            self.hurry()

    def leave(self, *, drained: Callable[[], None] = lambda: None) -> None:
        """Drains, waits for `drained`, and removes the executor; expiry is the backstop, so no failure matters."""
        if self._state.code is None:
            self._quietly(self._drain)
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
            self._state.announced(reply, {model.model_id: model for model in wanted})
        self._log.info("announced", executor_id=reply.executor_id, generation=reply.generation, models=len(wanted))
        self._work.on_announced(reply.executor_id, reply.generation, len(wanted))

    def _tell(self) -> None:
        """What differs from what was told."""
        if self._drain_wanted:
            self._drain()
        self._tell_changes()

    def _tell_changes(self) -> None:
        """Each change is known to be told only once it was answered: what was lost is told again, alike."""
        with self._lock:
            wanted = {model.model_id: model for model in most(self._wanted)[0]}
            todo = changes(self._state.told, wanted)
        for change in todo:
            self._tell_change(change)
        with self._lock:
            self._state.told = wanted

    def _tell_change(self, change: Change) -> None:
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

    def _drain(self) -> None:
        if ticket := self.ticket:
            self._drain_wanted = False
            try:
                self._control.drain(ticket[0], DrainRequest(generation=ticket[1], reason="shutdown"))
            except SessionError:
                self._drain_wanted = True
                raise

    def _beat(self) -> None:
        ticket = self.ticket
        if ticket is None or self._rest_s() > 0:
            return
        with self._lock:
            beat = self._next_beat()
        self._heard(self._control.beat(ticket[0], beat))

    def _next_beat(self) -> ExecutorHeartbeat:
        return self._state.next_beat(self._clock(), load=self._work.load(), progress=self._work.progress())

    def _heard(self, reply: ExecutorHeartbeatReply) -> None:
        with self._lock:
            self._state.heard(reply, self._clock())
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
                state.forget()
                return 0.0
            if isinstance(error, Refused) and state.generation is None:
                return self._end(REFUSED, error)
            if isinstance(error, Refused):  # a change that it will not have: all is announced anew
                state.generation = None
            wait_s = state.backed_off(error, self._clock(), self._dice)
        self._log.warning("heartbeat_failed", error=str(error), failures=state.failures, wait_s=round(wait_s, 2))
        return wait_s

    def _end(self, code: int, error: SessionError) -> float:
        if self._state.code is None:
            self._state.code = code
            self._log.error("executor_ended", error=str(error), exit_code=code)
            self._ended(code)
        return 0.0

    def _rest_s(self) -> float:
        return self._state.rest_s(self._clock())

    def _jitter(self) -> float:
        return 1 - JITTER + 2 * JITTER * self._dice()

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
