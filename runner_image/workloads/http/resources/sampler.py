"""Samples a server's process tree between two moments: CPU seconds, memory, and what else the machine was busy with.

CPU is read from counters, so nothing between samples is lost but what a process used after its last sample before it ended.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable

import psutil
from benchfleet_contract.http_results import Resources

from runner_image.workloads.http.resources.memory import pss_bytes

EVERY_S = 0.25


class Sampler:
    """`pids` gives the server's processes at each look. `start`, then once `stop`."""

    def __init__(
        self,
        pids: Callable[[], set[int]],
        *,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pids, self._every_s, self._clock = pids, every_s, clock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._first: dict[tuple[int, float], float] = {}
        self._last: dict[tuple[int, float], float] = {}
        self._memory: list[int] = []
        self._began = self._busy_s = self._own_s = 0.0

    def start(self) -> None:
        self._began, self._busy_s, self._own_s = self._clock(), _busy_s(), _own_s()
        self._first = self._look()
        self._last = dict(self._first)
        self._thread.start()

    def stop(self) -> Resources:
        self._over.set()
        self._thread.join()
        self._last |= self._look()
        took_s = max(self._clock() - self._began, 1e-9)
        used_s = sum(now - self._first.get(key, 0.0) for key, now in self._last.items())
        own_s = _own_s() - self._own_s
        foreign = (_busy_s() - self._busy_s - used_s - own_s) / took_s
        known = bool(self._last)
        return Resources(
            cpu_s=used_s if known else None,
            cpu_share=used_s / took_s if known else None,
            memory_mean_bytes=sum(self._memory) // len(self._memory) if self._memory else None,
            memory_peak_bytes=max(self._memory, default=None),
            generator_cpu_s=own_s,
            foreign_cpu_cores=max(0.0, foreign),
            samples=len(self._memory),
            source="proc",
        )

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            self._last |= self._look()

    def _look(self) -> dict[tuple[int, float], float]:
        """CPU seconds of each process so far; its id alone may be given to another one."""
        pids = self._pids()
        memory = pss_bytes(pids)
        if memory is not None:
            self._memory.append(memory)
        found: dict[tuple[int, float], float] = {}
        for pid in pids:
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(pid)
                times = process.cpu_times()
                found[pid, process.create_time()] = times.user + times.system
        return found


def _busy_s() -> float:
    """CPU seconds of all cores so far that were not idle."""
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice + getattr(times, "irq", 0) + getattr(times, "softirq", 0))


def _own_s() -> float:
    """Of this process and of tools that it has waited for: the load generator, and the harness itself."""
    return sum(os.times()[:4])
