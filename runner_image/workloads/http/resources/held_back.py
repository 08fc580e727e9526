"""How long others kept a server from running: the least of what it waited for a core, and of what others used of its cores.

The kernel tells how long each thread was ready to run and had no core (the second number of schedstat). A server's own
threads wait for each other, too, so what others used of the same cores bounds it. With real-time priority (`chrt`) others hold
it back for no more than the share that the kernel keeps for them (sched_rt_runtime_us, usually 5 %).
"""

import contextlib
import os
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
        kept = kept_for_others(self._proc) if has_priority(self._pids()) else 1.0
        return min(max(0.0, min(waited, foreign)) / took_s, kept * max(1, len(self._cores)))


def waits(pids: Iterable[int], proc: Path) -> dict[Thread, float]:
    """Seconds that each thread has waited for a core so far."""
    found: dict[Thread, float] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for thread in (proc / str(pid) / "task").iterdir():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    found[pid, thread.name] = int((thread / "schedstat").read_text().split()[1]) / _NS
    return found


def has_priority(pids: Iterable[int]) -> bool:
    """Do all of these run before anything that has no real-time priority?"""
    policies = []
    for pid in pids:
        with contextlib.suppress(OSError):
            policies.append(os.sched_getscheduler(pid))
    return bool(policies) and all(policy in (os.SCHED_FIFO, os.SCHED_RR) for policy in policies)


def kept_for_others(proc: Path) -> float:
    """The share of a core that real-time work leaves to the rest; none where it may take all."""
    try:
        runtime, period = (
            int((proc / "sys" / "kernel" / f"sched_rt_{name}_us").read_text()) for name in ("runtime", "period")
        )
    except (OSError, ValueError):
        return 1.0
    return 0.0 if runtime < 0 else max(0.0, 1 - runtime / period)


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
