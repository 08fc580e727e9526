"""The end of a whole runner: draining it, cancelling it, and the rest of its slots between tasks."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runner_image.stopping import Stop, StopReason


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
        self._lost = False
        self._running: set[Stop] = set()
        self._told: list[Callable[[], None]] = []

    @property
    def draining(self) -> bool:
        return self._draining

    @property
    def nudges(self) -> int:
        return self._nudges

    def when_draining(self, call: Callable[[], None]) -> None:
        """Called once, as soon as no new work is to be claimed."""
        self._told.append(call)

    def drain(self) -> None:
        with self._changed:
            told = [] if self._draining else list(self._told)
            self._draining = True
            self._changed.notify_all()
        for call in told:
            call()

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

    def abandon(self) -> None:
        """Somebody else has this runner's tasks: they are dropped, without a word to the control plane."""
        self.drain()
        with self._lock:
            self._lost = True
            running = list(self._running)
        for stop in running:
            stop.set(StopReason.LEASE_LOST)

    @contextmanager
    def task(self) -> Iterator[Stop]:
        """The stop of one task, which a cancelled runner sets."""
        stop = Stop()
        with self._lock:
            self._running.add(stop)
            lost, late = self._lost, self._cancelled
        if lost or late:
            stop.set(StopReason.LEASE_LOST if lost else StopReason.RUNNER_STOPPED)
        try:
            yield stop
        finally:
            with self._lock:
                self._running.discard(stop)


class Drained(Exception):
    """The runner was asked to take no more work."""
