"""Keeps each outcome as it happens: in a file at once, at the control plane in chunks.

A chunk is kept again as it grows, under the same name, until it is full: so what was answered is safe within half a second, and a
long shard still has few chunks.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchfleet_contract.fleets.outcomes import Outcome, best

FILE = "journal.jsonl"
EVERY_S = 0.5
FULL, FULL_CHARS = 50, 1024 * 1024  # outcomes of a chunk; answers may have a megabyte each
MOST_UNKEPT_CHARS = 32 * 1024 * 1024  # then answers come faster than they can be kept


@dataclass
class _Chunk:
    """`fresh`: characters that are not kept yet."""

    number: int
    outcomes: list[Outcome] = field(default_factory=list)
    chars: int = 0
    fresh: int = 0

    @property
    def full(self) -> bool:
        return len(self.outcomes) >= FULL or self.chars >= FULL_CHARS


class Journal:
    """`kept` are the outcomes of earlier attempts. `keep` sends a chunk in place of what had its number (from 1), and raises
    what ends the task.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kept: Sequence[Outcome],
        keep: Callable[[int, Sequence[Outcome]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = (folder / FILE).open("a", encoding="utf-8")
        self._keep, self._clock = keep, clock
        self._lines: list[Outcome] = list(kept)
        self._open = [_Chunk(1)]
        self._sent_at = clock()
        self._lock = asyncio.Lock()

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Key → what counts."""
        return best(self._lines)

    @property
    def crowded(self) -> bool:
        return sum(chunk.fresh for chunk in self._open) > MOST_UNKEPT_CHARS

    def add(self, outcome: Outcome) -> None:
        line = outcome.line()
        self._file.write(line)
        self._file.flush()
        self._lines.append(outcome)
        if self._open[-1].full:
            self._open.append(_Chunk(self._open[-1].number + 1))
        chunk = self._open[-1]
        chunk.outcomes.append(outcome)
        chunk.chars += len(line)
        chunk.fresh += len(line)

    async def kept(self, *, now: bool = False) -> None:
        """Sends what is not kept yet, unless the last time is shorter ago than EVERY_S."""
        async with self._lock:
            if now or self._clock() - self._sent_at >= EVERY_S:
                await self._send()

    async def _send(self) -> None:
        self._sent_at = self._clock()
        for chunk in list(self._open):
            if chunk.fresh:
                chunk.fresh = 0  # what is added meanwhile is for the next time
                await asyncio.to_thread(self._keep, chunk.number, list(chunk.outcomes))
        self._open = [chunk for chunk in self._open if chunk.fresh or not chunk.full or chunk is self._open[-1]]

    def close(self) -> None:
        self._file.close()
