"""Which blocks a claimer looks into, and in which order.

Where a group's tasks live never changes, so it may be remembered; which blocks are empty does, so that is a hint which
only puts a block last. Runners start at different blocks: their ids decide.
"""

import threading
import zlib
from collections.abc import Set

from chalicelib.domain.records import ClaimRequest, Demand

EMPTY_FOR_MS = 60_000  # how long a block that had nothing pending is asked last
_MOST = 10_000  # routes remembered in one process

BlockAddress = tuple[str, Demand, int]  # run, group, block


class Routes:
    """`learning` is held while a route is found out, so that the threads of one process do not all ask for it at once."""

    def __init__(self) -> None:
        self.learning = threading.Lock()
        self._blocks: dict[tuple[str, Demand], tuple[int, ...]] = {}
        self._empty_until_ms: dict[BlockAddress, int] = {}

    def learn(self, run_id: str, demand: Demand, blocks: tuple[int, ...]) -> None:
        if len(self._blocks) >= _MOST:
            self._blocks.clear()
        self._blocks[run_id, demand] = blocks

    def known(self, run_id: str, demand: Demand) -> tuple[int, ...] | None:
        return self._blocks.get((run_id, demand))

    def next(self, run_id: str, request: ClaimRequest, visited: Set[int]) -> int | None:
        """The block to ask next; the first one where nothing is known, None when all were visited."""
        blocks = self._blocks.get((run_id, request.demand), (0,))
        start = zlib.crc32(request.runner_id.encode()) % len(blocks)
        order = [block for block in blocks[start:] + blocks[:start] if block not in visited]
        return min(
            order, key=lambda block: self._is_empty((run_id, request.demand, block), request.now_ms), default=None
        )

    def mark_empty(self, place: BlockAddress, *, now_ms: int) -> None:
        if len(self._empty_until_ms) >= _MOST:
            self._empty_until_ms.clear()
        self._empty_until_ms[place] = now_ms + EMPTY_FOR_MS

    def _is_empty(self, place: BlockAddress, now_ms: int) -> bool:
        return self._empty_until_ms.get(place, 0) > now_ms
