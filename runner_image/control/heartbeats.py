"""Keeping a task's lease, in two small threads of its own.

One thread beats: at once at the start, at once on every change of status (each status is really sent, in order), soon
when another benchmark is at work, else when the server said that the next one is due. The other only watches the clock:
a lease that no successful beat renewed in time is lost, even while a request hangs.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from benchfleet_contract import limits
from benchfleet_contract.states import HeartbeatStatus
from benchfleet_contract.tasks import HeartbeatRequest

from runner_image.control.session import Beat, Busy, Refused, SessionError
from runner_image.logs import Log
from runner_image.stopping import Stop, StopReason

FIRST_RETRY_S = 1.0  # after a beat that failed; doubled up to the usual cadence
NEWS_AFTER_S = 5.0  # the shortest time between beats that only tell of another benchmark: each costs a write
CLOSE_S = 2.0  # how long an end waits for a beat that is on its way


@dataclass(frozen=True)
class Holder:
    """Who beats, and until when (local monotonic clock) the lease is good without a beat."""

    runner_id: str
    attempt: int
    lease_ends: float
    next_in_s: float


@dataclass(frozen=True)
class _Progress:
    """Where the task is. `percent` is 0 to 100."""

    percent: int
    benchmark: str | None = None
    message: str | None = None


@dataclass
class _State:
    """What the next beat tells. Guarded by the condition of its Heartbeats."""

    lease_ends: float
    unsent: deque[HeartbeatStatus] = field(default_factory=lambda: deque([HeartbeatStatus.BOOT]))
    status: HeartbeatStatus = HeartbeatStatus.BOOT
    progress: _Progress | None = None
    told: str | None = None  # the benchmark that the last beat named
    closed: bool = False


class Heartbeats:
    """A context manager: beats from enter to exit. Sets the stop when the lease is lost or the task is cancelled."""

    def __init__(
        self,
        send: Callable[[HeartbeatRequest], Beat],
        *,
        holder: Holder,
        stop: Stop,
        log: Log,
        clock: Callable[[], float] = time.monotonic,
        news_after_s: float = NEWS_AFTER_S,
    ) -> None:
        self._send, self._holder, self._stop, self._log, self._clock = send, holder, stop, log, clock
        self._news_after_s = news_after_s
        self._changed = threading.Condition()
        self._state = _State(lease_ends=holder.lease_ends)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._beat, self._watch)]

    def __enter__(self) -> "Heartbeats":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._state.closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(CLOSE_S)

    def status(self, status: HeartbeatStatus) -> None:
        """A change of status is told at once."""
        with self._changed:
            self._state.status = status
            self._state.unsent.append(status)
            self._changed.notify_all()

    def progress(self, percent: int, *, benchmark: str | None = None, message: str | None = None) -> None:
        """Told with the next beat; another benchmark does not wait for the one that is due. `percent` is 0 to 100."""
        with self._changed:
            self._state.progress = _Progress(percent, benchmark, message)
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> None:
        """Waits until every change of status was told, or the lease is lost, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: not self._state.unsent or self._over(), timeout_s)

    def check(self) -> None:
        """Raises Stopped once the task was stopped or its lease has run out, even if no thread came to notice it yet.

        After a SIGSTOP or a suspended machine every thread wakes at once; this one must not win against the watch.
        """
        with self._changed:
            ran_out = self._state.lease_ends <= self._clock()
        if ran_out:
            self._lose(StopReason.LEASE_LOST)
        self._stop.check()

    def _over(self) -> bool:
        return self._state.closed or self._stop.reason in {StopReason.CANCELLED, StopReason.LEASE_LOST}

    def _watch(self) -> None:
        with self._changed:
            while not self._over() and (left_s := self._state.lease_ends - self._clock()) > 0:
                self._changed.wait(min(left_s, threading.TIMEOUT_MAX))
            if self._over():
                return
        self._log.warning("lease_ran_out")
        self._lose(StopReason.LEASE_LOST)

    def _beat(self) -> None:
        failures = 0
        while (request := self._next_request()) is not None:
            try:
                due_s = self._accept(self._send(request), told=request.status)
                failures = 0
            except Refused as error:
                self._refused(error)
                return
            except SessionError as error:
                failures += 1
                due_s = self._retry_s(failures, error)
                self._log.warning("heartbeat_failed", error=str(error), retry_in_s=round(due_s, 1))
            self._pause(due_s, hasty=failures == 0)

    def _next_request(self) -> HeartbeatRequest | None:
        with self._changed:
            if self._over():
                return None
            state, progress = self._state, self._state.progress or _Progress(percent=0)
            state.told = progress.benchmark
            return HeartbeatRequest(
                runner_id=self._holder.runner_id,
                status=state.unsent[0] if state.unsent else state.status,
                message=(progress.message or "")[: limits.MAX_MESSAGE_CHARS] or None,
                current_benchmark=(progress.benchmark or "")[: limits.MAX_BENCHMARK_CHARS] or None,
                progress_pct=min(100, max(0, progress.percent)) if state.progress else None,
                attempt=self._holder.attempt,
            )

    def _accept(self, beat: Beat, *, told: HeartbeatStatus) -> float:
        """Notes a successful beat; returns in how many seconds the next is due.

        A status that was set while a regular beat was under way is still to be told.
        """
        with self._changed:
            if self._state.unsent and self._state.unsent[0] == told:
                self._state.unsent.popleft()
            self._state.lease_ends = beat.lease_ends
            self._changed.notify_all()
        if beat.reply.cancel:
            self._log.warning("cancelled")
            self._lose(StopReason.CANCELLED)
        return beat.reply.next_heartbeat_in_s

    def _refused(self, error: Refused) -> None:
        if self._state.closed:
            return  # the task has ended meanwhile, by our own doing
        self._log.warning("heartbeat_refused", error=str(error), code=error.code)
        self._lose(StopReason.CANCELLED if error.code == "task_cancelled" else StopReason.LEASE_LOST)

    def _lose(self, reason: StopReason) -> None:
        self._stop.set(reason)
        with self._changed:
            self._changed.notify_all()

    def _retry_s(self, failures: int, error: SessionError) -> float:
        backoff_s = min(self._holder.next_in_s, FIRST_RETRY_S * 2.0 ** min(failures - 1, 10))
        asked_s = error.retry_after_s if isinstance(error, Busy) else None
        return max(backoff_s, min(asked_s or 0.0, self._lease_left_s() / 2))

    def _lease_left_s(self) -> float:
        """Whatever a server asks for, a beat comes before the lease ends: it may be one proxy's word, once."""
        with self._changed:
            return self._state.lease_ends - self._clock()

    def _pause(self, seconds: float, *, hasty: bool) -> None:
        """Until the next beat is due. Unless the last one failed, a status to tell cuts it short, and after a while
        another benchmark does."""
        early_s = min(self._news_after_s, seconds)
        with self._changed:
            if not self._changed.wait_for(lambda: self._over() or (hasty and bool(self._state.unsent)), early_s):
                self._changed.wait_for(lambda: self._over() or (hasty and self._has_news()), seconds - early_s)

    def _has_news(self) -> bool:
        progress = self._state.progress
        return bool(self._state.unsent) or (progress is not None and progress.benchmark != self._state.told)
