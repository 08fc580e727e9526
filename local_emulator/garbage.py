"""What is loaded once and stays: the garbage collector need not look at it, neither meanwhile nor later."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def staying() -> Iterator[None]:
    """What is made meanwhile is never collected, so that nothing large should be thrown away in it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
