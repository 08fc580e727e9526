"""How long to retry, and how politely. The session asks once; this decides what a refusal means."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from runner_image.control.session import Busy, NotFound, SessionError, Unreachable

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Policy:
    """Waits double from `first_s` to `most_s`, each cut by up to half at random; after `patience_s` it is enough."""

    patience_s: float
    first_s: float = 0.5
    most_s: float = 30.0

    def wait_s(self, failures: int, *, error: SessionError, dice: float) -> float:
        """Seconds to wait after so many failures in a row. A server's Retry-After is never undercut."""
        backoff_s = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30)) * (0.5 + dice / 2)
        asked_s = error.retry_after_s if isinstance(error, Busy) else None
        return max(backoff_s, asked_s or 0.0)


def passing(error: SessionError) -> bool:
    """Faults that time may heal."""
    return isinstance(error, Unreachable | Busy)


def claimable_later(error: SessionError) -> bool:
    """For claims: a runner often boots before its run exists."""
    return passing(error) or isinstance(error, NotFound)


@dataclass(frozen=True)
class Retrier:
    """Repeats a call while its failures are worth it. `sleep` may raise, which ends the insisting with that error."""

    policy: Policy
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    dice: Callable[[], float] = random.random
    warn: Callable[[SessionError, float], None] = lambda _error, _wait_s: None

    def __call__(self, call: Callable[[int], Answer], *, worth: Callable[[SessionError], bool] = passing) -> Answer:
        """Calls with 0, 1, 2 … until it returns. Raises the last SessionError when it is not worth another try."""
        started, failures = self.clock(), 0
        while True:
            try:
                return call(failures)
            except SessionError as error:
                failures += 1
                wait_s = self.policy.wait_s(failures, error=error, dice=self.dice())
                if not worth(error) or self.clock() + wait_s - started > self.policy.patience_s:
                    raise
                self.warn(error, wait_s)
            self.sleep(wait_s)
