"""A daemon thread that takes one step after another until it is stopped."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)
FIRST_RETRY_S, LAST_RETRY_S = 0.1, 5.0

Step = Callable[[], bool]  # True: there is more to do, come back at once


def retry_delay_s(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling from 0.1 to 5."""
    return min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(failures - 1, 10))


class Pump:
    """Calls `step` every `every_s` seconds. A step that raises is logged and taken again, ever more slowly."""

    def __init__(self, name: str, step: Step, *, every_s: float) -> None:
        self._step = step
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pump-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stop.set()

    def join(self, *, within_s: float) -> bool:
        """Whether the pump has ended."""
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                wait_s = 0.0 if self._step() else self._every_s
                failures = 0
            except Exception:
                failures += 1
                wait_s = retry_delay_s(failures)
                log.exception("%s failed, next try in %.1f s", self._thread.name, wait_s)
            self._stop.wait(wait_s)
