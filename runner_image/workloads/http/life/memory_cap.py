"""Ends a server that takes more memory than it may, before it takes the machine's."""

import contextlib
import threading
from collections.abc import Callable, Collection

import psutil

from runner_image.workloads.http.resources.memory import pss_bytes, rss_bytes

SHARE = 0.75  # of the machine's memory, where no limit is given
EVERY_S = 0.5


class MemoryCap:
    """Leaving the block stops looking. `over_bytes`: what the processes used when they were killed; None: they were not."""

    def __init__(
        self, pids: Callable[[], Collection[int]], *, most_bytes: int | None = None, every_s: float = EVERY_S
    ) -> None:
        self.most_bytes = most_bytes or int(psutil.virtual_memory().total * SHARE)
        self._pids, self._every_s = pids, every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.over_bytes: int | None = None

    def __enter__(self) -> "MemoryCap":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while self.over_bytes is None and not self._over.wait(self._every_s):
            self.look()

    def look(self) -> None:
        """RSS is cheap and never less than PSS, which is asked for only where RSS is too much."""
        pids = self._pids()
        if rss_bytes(pids) <= self.most_bytes or (used := pss_bytes(pids) or 0) <= self.most_bytes:
            return
        self.over_bytes = used
        for pid in pids:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()
