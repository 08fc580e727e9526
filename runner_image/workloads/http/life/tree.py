"""The processes of a server, whatever it forks, and the ports on which they listen."""

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from runner_image.isolation.protocol import Running

_REPORTED_S, _POLL_S = 10.0, 0.02


def processes(root: int) -> Iterator[psutil.Process]:
    """The root and all of its descendants that are alive."""
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(root)
        for each in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                if each.status() != psutil.STATUS_ZOMBIE:
                    yield each


def measured(root: int, pattern: str | None) -> set[int]:
    """Ids of the tree's processes whose command line `pattern` matches; of all where it is None or matches none."""
    tree = list(_watched(root))
    chosen = [each for each in tree if pattern and re.search(pattern, _command_line(each))]
    return {each.pid for each in chosen or tree}


def _watched(root: int) -> Iterator[psutil.Process]:
    """As `processes`, at a tenth of its cost, which is in what is measured: the kernel names the children of each thread.

    It may leave one out where another ends meanwhile (proc(5)); the next look has it.
    """
    if not Path(f"/proc/{root}/task/{root}/children").exists():  # CONFIG_PROC_CHILDREN
        yield from processes(root)
        return
    left = [root]
    while left:
        pid = left.pop()
        with contextlib.suppress(psutil.Error):
            each = psutil.Process(pid)
            if each.status() != psutil.STATUS_ZOMBIE:
                yield each
        left += _children(pid)


def _children(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                yield from map(int, (thread / "children").read_bytes().split())


def _command_line(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def exit_code(running: Running) -> int | None:
    """None while it runs. A process that is gone is waited for until its slot knows of it."""
    end = time.monotonic() + _REPORTED_S
    while (code := running.poll()) is None and time.monotonic() < end and not _runs(running.pid):
        time.sleep(_POLL_S)
    return code


def _runs(pid: int) -> bool:
    try:
        return is_alive(psutil.Process(pid))
    except psutil.Error:
        return False


def listening(root: int) -> set[int]:
    """TCP ports on which a process of the tree listens."""
    found: set[int] = set()
    for each in processes(root):
        with contextlib.suppress(psutil.Error):
            found |= {one.laddr.port for one in each.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    return found
