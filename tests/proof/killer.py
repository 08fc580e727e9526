"""Kills the code under test after its k-th AWS call: that call arrives, nothing after it does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3


class Killed(BaseException):
    """Not an Exception: code that cleans up after errors must not get to clean up after its own death."""


class Killer:
    """Counts calls while armed. Threads of a killed function share its fate."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: int | None = None
        self.calls: list[str] = []

    def arm(self, *, after: int) -> None:
        """The `after`-th call from now on is the last (1, 2, …)."""
        with self._lock:
            self._left, self.calls = after, []

    def disarm(self) -> None:
        with self._lock:
            self._left = None

    def before(self, **_: Any) -> None:
        with self._lock:
            if self._left is not None and self._left <= 0:
                raise Killed

    def after(self, model: Any, **_: Any) -> None:
        with self._lock:
            if self._left is None:
                return
            self._left -= 1
            self.calls.append(model.name)
            if self._left <= 0:
                raise Killed


@contextmanager
def killer() -> Iterator[Killer]:
    """Watches every client made by boto3's default session, as the Lambdas make theirs, while the block lasts."""
    made = Killer()
    boto3.setup_default_session()
    session = boto3.DEFAULT_SESSION
    assert session is not None
    session.events.register("before-call", made.before)
    session.events.register("after-call", made.after)
    try:
        yield made
    finally:
        boto3.DEFAULT_SESSION = None
