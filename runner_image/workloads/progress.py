"""Progress that people can trust: it stays within 0 and 100 and never goes back."""

from collections.abc import Callable

from runner_image.workloads.protocol import Progress

SUITE = 5  # the suite is being brought here
START = 10  # the first benchmark is about to start
COLLECT = 90  # all benchmarks are done; results are gathered
SPAN = COLLECT - START  # what the benchmarks share among them


class Meter:
    """Reports to `report`, at most COLLECT: that a task is done, 100, is only known once its result is accepted."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self._report = report
        self._percent = 0

    def at(self, percent: int, *, benchmark: str | None = None, message: str | None = None) -> None:
        self._percent = max(self._percent, min(percent, COLLECT))
        self._report(Progress(self._percent, benchmark, message))

    def share(self, part: float, *, benchmark: str | None = None, message: str | None = None) -> None:
        """`part` (0 to 1) of the benchmarks is behind us."""
        self.at(START + int(part * SPAN), benchmark=benchmark, message=message)
