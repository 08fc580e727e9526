"""How long others kept a server from running: the least of what it waited for a core, and of what others used of its cores.

The kernel tells how long each thread was ready to run and had no core (the second number of schedstat). A server's own
threads wait for each other, too, so what others used of the same cores bounds it.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import psutil
from benchfleet_contract.http_results import Resources

_NS = 1e9
Thread = tuple[int, str]


class HeldBack:
    """`cores`: those of the server; empty: all. `alone`: nothing but the server is meant to run there."""

    def __init__(
        self, pids: Callable[[], set[int]], cores: Sequence[int], *, alone: bool, proc: Path = Path("/proc")
    ) -> None:
        self._pids, self._cores, self._alone, self._proc = pids, cores, alone, proc

    def start(self) -> None:
        self._began, self._busy = time.monotonic(), busy_s(self._cores)
        self._waited = waits(self._pids(), self._proc)

    def stop(self, used: Resources) -> float | None:
        """Cores: seconds for each second. `used` is of the same time. None where the system does not tell."""
        after = waits(self._pids(), self._proc)
        took_s = max(time.monotonic() - self._began, 1e-9)
        if not after or used.cpu_s is None:
            return None
        waited = sum(now - self._waited.get(thread, 0.0) for thread, now in after.items())
        ours = used.cpu_s + (0.0 if self._alone else used.generator_cpu_s or 0.0)
        foreign = busy_s(self._cores) - self._busy - ours
        return max(0.0, min(waited, foreign)) / took_s


def waits(pids: Iterable[int], proc: Path) -> dict[Thread, float]:
    """Seconds that each thread has waited for a core so far."""
    found: dict[Thread, float] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for thread in (proc / str(pid) / "task").iterdir():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    found[pid, thread.name] = int((thread / "schedstat").read_text().split()[1]) / _NS
    return found


def busy_s(cores: Sequence[int]) -> float:
    """CPU seconds so far that these cores were not idle; all cores where none is named."""
    told = psutil.cpu_times(percpu=True)
    mine = [told[core] for core in cores if core < len(told)] if cores else told
    return sum(one.user + one.system + one.nice + getattr(one, "irq", 0) + getattr(one, "softirq", 0) for one in mine)


class Sampling(Protocol):
    def start(self) -> None: ...

    def stop(self) -> Resources: ...


class Watching:
    """A watch that tells of being held back, too."""

    def __init__(self, watch: Sampling, held: HeldBack) -> None:
        self._watch, self._held = watch, held

    def start(self) -> None:
        self._watch.start()
        self._held.start()

    def stop(self) -> Resources:
        used = self._watch.stop()
        return used.model_copy(update={"held_back_cores": self._held.stop(used)})
