"""When to write a snapshot: every few seconds while something changes."""

import time
from collections.abc import Callable

REST = 20  # a snapshot holds everybody up, so the next waits twenty times as long as the last one took


class Keeper:
    """`save` writes a snapshot; `changes` counts what may have changed; `monotonic` tells seconds."""

    def __init__(
        self, save: Callable[[], None], *, changes: Callable[[], int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._save = save
        self._changes = changes
        self._monotonic = monotonic
        self._saved_at_change = -1
        self._not_before = 0.0

    def step(self) -> bool:
        changes, started = self._changes(), self._monotonic()
        if changes != self._saved_at_change and started >= self._not_before:
            self._save()
            self._saved_at_change = changes  # read before saving: what changed meanwhile is saved again
            ended = self._monotonic()
            self._not_before = ended + REST * (ended - started)
        return False
