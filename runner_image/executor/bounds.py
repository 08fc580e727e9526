"""Waiting for something that may hang."""

from collections.abc import Callable
from threading import Thread


def in_bounds(call: Callable[[], None], *, within_s: float) -> None:
    """Whoever hangs, hangs alone: a control plane that takes requests and answers none must not keep the process."""
    calling = Thread(target=call, daemon=True, name="leaving")
    calling.start()
    calling.join(within_s)
