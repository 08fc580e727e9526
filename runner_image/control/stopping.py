"""Telling a task to stop, and why. Nothing here polls: whoever must act at once registers a callback."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum


class StopReason(StrEnum):
    CANCELLED = "cancelled"  # the control plane asked for it
    LEASE_LOST = "lease_lost"  # somebody else may own the task by now
    RUNNER_STOPPED = "runner_stopped"  # this runner was told to end


class Stopped(Exception):
    """The task was stopped; whatever ran for it is dead already."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Stop:
    """Set at most once per task: the first reason stays."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._reason: StopReason | None = None
        self._callbacks: list[Callable[[], None]] = []

    @property
    def reason(self) -> StopReason | None:
        return self._reason

    def set(self, reason: StopReason) -> None:
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            callbacks = list(self._callbacks)
        self._event.set()
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Raises Stopped once the stop is set."""
        if self._reason is not None:
            raise Stopped(self._reason)

    def sleep(self, seconds: float) -> None:
        """Sleeps, but not past a stop: then it raises Stopped at once."""
        self._event.wait(seconds)
        self.check()

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Calls back (from the thread that sets the stop) if the stop comes inside the block, or has come before."""
        with self._lock:
            self._callbacks.append(callback)
            late = self._reason is not None
        try:
            if late:
                callback()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)


class Shutdown:
    """The whole runner's end: first drained (no new claims), then perhaps cancelled (running tasks are stopped).

    Between tasks a slot rests here, so that the end of another slot's task can wake it: what it waits for may be over.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._draining = False
        self._nudges = 0
        self._lock = threading.Lock()
        self._cancelled = False
        self._running: set[Stop] = set()

    @property
    def draining(self) -> bool:
        return self._draining

    @property
    def nudges(self) -> int:
        return self._nudges

    def drain(self) -> None:
        with self._changed:
            self._draining = True
            self._changed.notify_all()

    def nudge(self) -> None:
        """Wakes every slot that rests."""
        with self._changed:
            self._nudges += 1
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        """Raises Drained as soon as no new work may be claimed."""
        with self._changed:
            if self._changed.wait_for(lambda: self._draining, seconds):
                raise Drained

    def rest(self, seconds: float, *, since: int) -> None:
        """As sleep, but a nudge that came after number `since` ends it early."""
        with self._changed:
            self._changed.wait_for(lambda: self._draining or self._nudges > since, seconds)
            if self._draining:
                raise Drained

    def cancel(self) -> None:
        self.drain()
        with self._lock:
            self._cancelled = True
            running = list(self._running)
        for stop in running:
            stop.set(StopReason.RUNNER_STOPPED)

    @contextmanager
    def task(self) -> Iterator[Stop]:
        """The stop of one task, which a cancelled runner sets."""
        stop = Stop()
        with self._lock:
            self._running.add(stop)
            late = self._cancelled
        if late:
            stop.set(StopReason.RUNNER_STOPPED)
        try:
            yield stop
        finally:
            with self._lock:
                self._running.discard(stop)


class Drained(Exception):
    """The runner was asked to take no more work."""
