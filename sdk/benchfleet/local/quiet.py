"""Is this machine busy with other work? What is measured beside it is slower, and less steady."""

import os
from collections.abc import Callable
from dataclasses import dataclass

BUSY_PER_CORE = 0.25  # the load of a machine on which somebody else works

Average = Callable[[], tuple[float, float, float]]


@dataclass(frozen=True)
class Noise:
    """The load of the last minute: threads that ran or wanted to, on average."""

    load: float
    cores: int

    @property
    def quiet_below(self) -> float:
        return BUSY_PER_CORE * self.cores

    @property
    def is_busy(self) -> bool:
        return self.load > self.quiet_below

    def __str__(self) -> str:
        return f"load {self.load:.2f} on {self.cores} core{'s' if self.cores != 1 else ''}"


def noise(average: Average = os.getloadavg, *, cores: int | None = None) -> Noise:
    """Now. A system that does not tell its load passes for quiet."""
    try:
        one = average()[0]
    except OSError:
        one = 0.0
    return Noise(one, cores or os.cpu_count() or 1)
