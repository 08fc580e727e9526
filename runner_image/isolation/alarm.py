"""A clock beside a block."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def alarm(timeout_s: float | None, action: Callable[[], None]) -> Iterator[threading.Event]:
    """Acts once if the block takes longer than this; the event tells whether it did."""
    rang = threading.Event()

    def ring() -> None:
        rang.set()
        action()

    timer = threading.Timer(min(timeout_s, threading.TIMEOUT_MAX), ring) if timeout_s is not None else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield rang
    finally:
        if timer:
            timer.cancel()
