"""Keeps what only accompanies a run off the cores on which runners measure."""

import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LINUX = hasattr(os, "sched_setaffinity") and Path("/proc/locks").exists()
ALL_CORES = frozenset(os.sched_getaffinity(0)) if _LINUX else frozenset()  # before anything of ours was moved


def free_cores() -> frozenset[int]:
    """Those on which no runner of this user measures now; all where none does, or where every core is measured on."""
    if not _LINUX:
        return ALL_CORES
    from runner_image.machine.cores import beside, locks_folder, taken

    held = taken(locks_folder(Path(tempfile.gettempdir())), Path("/proc/locks").read_text(encoding="ascii"))
    return frozenset(beside(ALL_CORES, held))


class Aside:
    """Moves this process and others, with all of their threads. Does nothing on systems other than Linux."""

    def __init__(self, look: Callable[[], frozenset[int]] = free_cores) -> None:
        self._look = look
        self._bound: dict[int, frozenset[int]] = {}

    def keep(self, pids: Collection[int]) -> None:
        """Call it again and again: runners come and go. Cheap where nothing has changed."""
        cores = self._look()
        for pid in {os.getpid(), *pids}:
            if self._bound.get(pid, ALL_CORES) != cores:
                bind(pid, cores)
                self._bound[pid] = cores

    def back(self) -> None:
        """This process may use all its cores again."""
        if self._bound.pop(os.getpid(), ALL_CORES) != ALL_CORES:
            bind(os.getpid(), ALL_CORES)


def bind(pid: int, cores: Collection[int]) -> None:
    """Every thread of a process; those that it starts later inherit. Nothing happens if it has ended, or is another user's."""
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError):
                os.sched_setaffinity(int(thread), cores)


@contextmanager
def on_all_cores() -> Iterator[None]:
    """What this thread starts inside inherits all cores, however few it has itself."""
    own = os.sched_getaffinity(0) if _LINUX else ALL_CORES
    if own == ALL_CORES:
        yield
        return
    os.sched_setaffinity(0, ALL_CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, own)
