"""Ends a server that takes more memory than it may, before it takes the machine's."""

import contextlib
from collections.abc import Callable, Collection

import psutil

from runner_image.workloads.http.life.looking import EVERY_S, Looking
from runner_image.workloads.http.resources.memory import pss_bytes, rss_bytes

SHARE = 0.75  # of the machine's memory, where no limit is given


class MemoryCap(Looking):
    """Leaving the block stops looking. `over_bytes`: what the processes used when they were killed; None: they were not."""

    def __init__(
        self, pids: Callable[[], Collection[int]], *, most_bytes: int | None = None, every_s: float = EVERY_S
    ) -> None:
        self.most_bytes = most_bytes or int(psutil.virtual_memory().total * SHARE)
        super().__init__(every_s)
        self._pids = pids
        self.over_bytes: int | None = None

    def done(self) -> bool:
        return self.over_bytes is not None

    def look(self) -> None:
        """RSS is cheap and never less than PSS, which is asked for only where RSS is too much."""
        pids = self._pids()
        if rss_bytes(pids) <= self.most_bytes or (used := pss_bytes(pids) or 0) <= self.most_bytes:
            return
        self.over_bytes = used
        for pid in pids:
            with contextlib.suppress(psutil.Error):
                psutil.Process(pid).kill()
