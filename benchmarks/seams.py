"""CPU time of threads, told apart by what they are at: each seam charges its own time, without that of seams inside it."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any


class Seams:
    """`cut` puts a seam around a function of a module or class; `told` is CPU by cause, in seconds, so far."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self._thread = threading.local()
        self._spent: list[Counter[str]] = []  # one a thread: nobody waits for another to count

    def cut(self, owner: Any, name: str, *, cause: str) -> None:
        inner = getattr(owner, name)

        @wraps(inner)
        def measured(*args: Any, **kwargs: Any) -> Any:
            self._enter(cause)
            try:
                return inner(*args, **kwargs)
            finally:
                self._leave()

        setattr(owner, name, measured)

    def told(self) -> dict[str, float]:
        return dict(sum((Counter(dict(spent)) for spent in list(self._spent)), Counter()))

    def _enter(self, cause: str) -> None:
        here = self._thread
        if not hasattr(here, "causes"):
            here.causes, here.spent = [], Counter()
            self._spent.append(here.spent)
        self._charge()
        here.causes.append(cause)

    def _leave(self) -> None:
        self._charge()
        self._thread.causes.pop()

    def _charge(self) -> None:
        """What passed since the last seam belongs to the innermost cause; outside of all seams to none."""
        here, now = self._thread, self._clock()
        if here.causes:
            here.spent[here.causes[-1]] += now - here.since
        here.since = now
