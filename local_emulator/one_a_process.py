"""moto's state is global to the process, so a process runs one emulated AWS at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from local_emulator.errors import AlreadyRunning

_ONE = threading.Lock()


@contextmanager
def one_a_process() -> Iterator[None]:
    """Raises AlreadyRunning."""
    if not _ONE.acquire(blocking=False):
        raise AlreadyRunning
    try:
        yield
    finally:
        _ONE.release()
