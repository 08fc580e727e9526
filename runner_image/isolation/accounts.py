"""What a runner's containers have used, those that are gone included."""

import threading

from runner_image.isolation.containers import Box
from runner_image.isolation.protocol import Used


class Accounts:
    """Of all containers since the runner's start. The engine forgets what it knew of one when it removes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: set[Box] = set()
        self._ended = Used()

    def open(self, box: Box) -> None:
        with self._lock:
            self._live.add(box)

    def close(self, box: Box) -> None:
        """Before the container is killed or removed; the second call counts nothing. One that somebody else killed cannot be
        asked any more."""
        with self._lock:
            if box not in self._live:
                return
            self._live.discard(box)
        last = box.used()
        with self._lock:
            self._ended = _plus(self._ended, last or Used(unread=1))

    def used(self) -> Used:
        with self._lock:
            total, live = self._ended, list(self._live)
        for box in live:
            total = _plus(total, box.used() or Used())
        return total


def _plus(one: Used, other: Used) -> Used:
    return Used(one.cpu_s + other.cpu_s, one.throttled_s + other.throttled_s, one.unread + other.unread)
