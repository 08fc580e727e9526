"""Memory of a process tree: PSS, so that pages that processes share are counted once."""

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

import psutil

_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)


def pss_bytes(pids: Iterable[int], *, proc: Path = Path("/proc")) -> int | None:
    """None where the system tells of no process. A process whose PSS is not to be read counts with its RSS."""
    found = [size for pid in pids if (size := _of(pid, proc)) is not None]
    return sum(found) if found else None


def rss_bytes(pids: Iterable[int]) -> int:
    """Pages that processes share count for each of them. A process that is gone counts nothing."""
    total = 0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            total += psutil.Process(pid).memory_info().rss
    return total


def _of(pid: int, proc: Path) -> int | None:
    with contextlib.suppress(OSError):
        told = _PSS.search((proc / str(pid) / "smaps_rollup").read_bytes())
        if told:
            return int(told[1]) * 1024
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return None
