"""Repeating a call whose failure may pass: how long, and with what waits between."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Answer = TypeVar("Answer")
LONGEST_ASKED_S = 300.0  # a server, or a proxy in front of it, may ask for years


class Passing(Exception):
    """A fault that time may heal. `retry_after_s`: how long the other side wants to be left alone, if it says so."""

    retry_after_s: float | None = None


@dataclass(frozen=True)
class Policy:
    """Waits double from `first_s` to `most_s`, each cut by up to half at random; after `patience_s` it is enough."""

    patience_s: float
    first_s: float = 0.5
    most_s: float = 30.0

    def wait_s(self, failures: int, *, error: Exception, dice: float) -> float:
        """Seconds to wait after so many failures in a row. A server's Retry-After is kept up to five minutes."""
        backoff_s = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30)) * (0.5 + dice / 2)
        asked_s = error.retry_after_s if isinstance(error, Passing) else None
        return max(backoff_s, min(asked_s or 0.0, LONGEST_ASKED_S))


def passing(error: Exception) -> bool:
    return isinstance(error, Passing)


@dataclass(frozen=True)
class Retrier:
    """Repeats a call while its failures are worth it. `sleep` may raise, which ends the repeating with that error."""

    policy: Policy
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    dice: Callable[[], float] = random.random
    warn: Callable[[Exception, float], None] = lambda _error, _wait_s: None

    def __call__(self, call: Callable[[int], Answer], *, worth: Callable[[Exception], bool] = passing) -> Answer:
        """Calls with 0, 1, 2 … until it returns. Raises the last error when it is not worth another try."""
        started, failures = self.clock(), 0
        while True:
            try:
                return call(failures)
            except Exception as error:
                failures += 1
                wait_s = self.policy.wait_s(failures, error=error, dice=self.dice())
                if not worth(error) or self.clock() + wait_s - started > self.policy.patience_s:
                    raise
                self.warn(error, wait_s)
            self.sleep(wait_s)
