"""When and why a machine is to end: asked for now, or armed for later; the first that comes due counts."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """As EC2 and ECS show it. `to` is the state that follows."""

    code: str
    message: str
    to: str = "terminated"


BY_USER = Reason("Client.UserInitiatedShutdown", "User initiated shutdown")
BY_ITSELF = Reason("Client.InstanceInitiatedShutdown", "Instance initiated shutdown")
BY_SPOT = Reason("Server.SpotInstanceTermination", "Spot instance termination")


class Ending:
    """One machine's. `ask` may come from any thread; `wait` is for the machine's own."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._due: dict[str, tuple[float, Reason]] = {}

    def ask(self, reason: Reason, *, after_s: float = 0.0) -> None:
        """A later `ask` with the same code replaces the earlier one, as `shutdown` does."""
        with self._changed:
            self._due[reason.code] = (self._monotonic() + after_s, reason)
            self._changed.notify_all()

    def cancel(self, code: str) -> None:
        with self._changed:
            self._due.pop(code, None)
            self._changed.notify_all()

    def asked(self) -> bool:
        """Whether one is due by now."""
        with self._changed:
            return self._next()[0] <= 0

    def wait(self) -> Reason:
        """Sleeps until one is due."""
        with self._changed:
            while True:
                in_s, reason = self._next()
                if reason and in_s <= 0:
                    return reason
                self._changed.wait(in_s if reason else None)

    def _next(self) -> tuple[float, Reason | None]:
        if not self._due:
            return 1.0, None
        due, reason = min(self._due.values(), key=lambda each: each[0])
        return due - self._monotonic(), reason
