"""Kills the code under test after its k-th AWS call: that call arrives, nothing after it does."""

import threading
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


def watched_by_killer() -> Killer:
    """Watches every client that boto3's default session makes from now on, as the Lambdas make theirs.

    For use while an emulator runs: it puts the session of before back when it ends.
    """
    made = Killer()
    boto3.setup_default_session()
    assert boto3.DEFAULT_SESSION is not None
    boto3.DEFAULT_SESSION.events.register("before-call", made.before)
    boto3.DEFAULT_SESSION.events.register("after-call", made.after)
    return made
