"""Keeps a server's logs from filling the disk: what is beyond the cap is dropped, and that is told."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from runner_image.workloads.http.life.looking import EVERY_S, Looking

MOST_BYTES = 8 * 1024**2


class LogCap(Looking):
    """Leaving the block stops looking. `cut_bytes`: how much was dropped."""

    def __init__(self, paths: Sequence[Path], *, most_bytes: int = MOST_BYTES, every_s: float = EVERY_S) -> None:
        super().__init__(every_s)
        self._paths, self._most = paths, most_bytes
        self.cut_bytes = 0

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)
        self.look()

    def look(self) -> None:
        """Empties a log that has grown beyond the cap, but for its end."""
        for path in self._paths:
            with contextlib.suppress(OSError):
                stored = os.stat(path).st_blocks * 512
                if stored > self._most:
                    self._keep_end(path, stored)

    def _keep_end(self, path: Path, stored: int) -> None:
        """`stored`: bytes on the disk. A writer goes on where it was, so the file has a hole for what was dropped before."""
        keep = min(64 * 1024, self._most // 2)
        with path.open("r+b") as opened:
            size = opened.seek(0, 2)
            opened.seek(max(0, size - keep))
            end = opened.read(keep)
            opened.truncate(0)
            opened.seek(0)
            opened.write(b"(the beginning of this log was dropped)\n" + end)
        self.cut_bytes += max(0, min(stored, size) - keep)
