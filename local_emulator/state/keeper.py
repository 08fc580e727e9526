"""When to write a snapshot: every few seconds while something changes, and until it succeeds when it failed."""

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from local_emulator.errors import StateNotKept

REST = 20  # a snapshot holds everybody up, so the next waits twenty times as long as the last one took
log = logging.getLogger(__name__)


class Keeper:
    """`save` writes a snapshot; `changes` counts what may have changed; `monotonic` tells seconds.

    `lock` is held by whatever changes something: nothing may come between a failure and its being known. `trouble`
    says why the last snapshot failed; it is None again when one has succeeded.
    """

    def __init__(
        self,
        save: Callable[[], None],
        *,
        changes: Callable[[], int],
        lock: AbstractContextManager[object],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trouble: StateNotKept | None = None
        self._save = save
        self._lock = lock
        self._changes = changes
        self._monotonic = monotonic
        self._saved_at_change = -1
        self._not_before = 0.0

    def step(self) -> bool:
        changes, started = self._changes(), self._monotonic()
        if changes != self._saved_at_change and started >= self._not_before and self._try():
            self._saved_at_change = changes  # read before saving: what changed meanwhile is saved again
            ended = self._monotonic()
            self._not_before = ended + REST * (ended - started)
        return False

    def save(self) -> None:
        """Now, whatever changed. Raises StateNotKept."""
        with self._lock:
            try:
                self._save()
            except StateNotKept as trouble:
                self.trouble = trouble
                raise
            self.trouble = None

    def _try(self) -> bool:
        """Said once when it begins and once when it ends: a full disk often holds the log, too."""
        before = self.trouble
        try:
            self.save()
        except StateNotKept as trouble:
            if before is None:
                log.error("%s", trouble, exc_info=None if isinstance(trouble.__cause__, OSError) else trouble)
            return False
        if before is not None:
            log.warning("state folder %s is written again; requests are acknowledged again", before.folder)
        return True
