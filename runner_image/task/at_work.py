"""How many of a runner's slots work at one time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Watch:
    """`most`: the highest number of busy slots since it began."""

    most: int


class AtWork:
    """Shared by all slots of a runner."""

    def __init__(self, slots: int = 1) -> None:
        self.slots = slots
        self._lock = threading.Lock()
        self._busy = 0
        self._watches: list[Watch] = []

    @property
    def busy(self) -> int:
        return self._busy

    @contextmanager
    def task(self) -> Iterator[None]:
        """A slot has a task while this block lasts."""
        with self._lock:
            self._busy += 1
            for watch in self._watches:
                watch.most = max(watch.most, self._busy)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1

    @contextmanager
    def watched(self) -> Iterator[Watch]:
        """Counts while this block lasts, the slots that were busy at its start included."""
        with self._lock:
            watch = Watch(self._busy)
            self._watches.append(watch)
        try:
            yield watch
        finally:
            with self._lock:
                self._watches.remove(watch)
