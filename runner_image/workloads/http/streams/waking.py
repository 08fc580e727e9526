"""Wakes many coroutines on time, by one timer: the loop's own timers are whole milliseconds."""

import asyncio
import heapq
import time

from runner_image.workloads.http.load.open_loop.timer import Timer


class Waking:
    """Times are those of `time.monotonic()`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer = Timer(self._loop, self._rang)
        self._due: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    async def at(self, at_s: float) -> None:
        """Returns then, or at once where it has passed."""
        if at_s <= time.monotonic():
            return
        self._count += 1
        woken = self._loop.create_future()
        heapq.heappush(self._due, (at_s, self._count, woken))
        self._timer.set(self._due[0][0])
        await woken

    def close(self) -> None:
        self._timer.close()

    def _rang(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            woken = heapq.heappop(self._due)[2]
            if not woken.done():
                woken.set_result(None)
        if self._due:
            self._timer.set(self._due[0][0])
