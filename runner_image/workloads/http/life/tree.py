"""The processes of a server, whatever it forks, and the ports on which they listen."""

import contextlib
from collections.abc import Iterator

import psutil


def processes(root: int) -> Iterator[psutil.Process]:
    """The root and all of its descendants that are alive."""
    with contextlib.suppress(psutil.Error):
        first = psutil.Process(root)
        for each in (first, *first.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                if each.status() != psutil.STATUS_ZOMBIE:
                    yield each


def listening(root: int) -> set[int]:
    """TCP ports on which a process of the tree listens."""
    found: set[int] = set()
    for each in processes(root):
        with contextlib.suppress(psutil.Error):
            found |= {one.laddr.port for one in each.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    return found
