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
