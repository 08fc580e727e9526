"""Keeps each outcome as it happens: in a file at once, at the control plane in chunks."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchfleet_contract.fleets.outcomes import Outcome, best

FILE = "journal.jsonl"
CHUNK, EVERY_S = 50, 2.0
MOST_CHUNK_CHARS = 8 * 1024 * 1024  # answers may have a megabyte each


class Journal:
    """`kept` are the outcomes of earlier attempts. `keep` sends a chunk, and raises what ends the task."""

    def __init__(
        self,
        folder: Path,
        *,
        kept: Sequence[Outcome],
        keep: Callable[[Sequence[Outcome]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = (folder / FILE).open("a", encoding="utf-8")
        self._keep, self._clock = keep, clock
        self._lines: list[Outcome] = list(kept)
        self._waiting: list[Outcome] = []
        self._chars = 0
        self._sent_at = clock()
        self._lock = asyncio.Lock()

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Key → what counts."""
        return best(self._lines)

    def add(self, outcome: Outcome) -> None:
        line = outcome.line()
        self._file.write(line)
        self._file.flush()
        self._lines.append(outcome)
        self._waiting.append(outcome)
        self._chars += len(line)

    async def kept(self, *, now: bool = False) -> None:
        """Sends what is waiting when it is enough, or old enough, or at once."""
        async with self._lock:
            full = len(self._waiting) >= CHUNK or self._chars >= MOST_CHUNK_CHARS
            if self._waiting and (now or full or self._clock() - self._sent_at >= EVERY_S):
                await self._send()

    async def _send(self) -> None:
        chunk, self._waiting, self._chars = self._waiting, [], 0
        self._sent_at = self._clock()
        await asyncio.to_thread(self._keep, chunk)

    def close(self) -> None:
        self._file.close()
