"""A daemon thread that takes one step after another until it is stopped, and sleeps while there is nothing to do."""

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
    """Calls a step every `every_s` seconds. A step that raises is logged and taken again, ever more slowly.

    `make` is called once, in the pump's own thread: making an AWS client there keeps the start short. While `held`
    says so no step is taken. Where nothing is `pending` after a step, the next waits for `ring`; a ring is answered after
    `every_s`, with whatever else has come by then.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Step],
        *,
        every_s: float,
        held: Callable[[], object] = lambda: False,
        pending: Callable[[], bool] = lambda: True,
    ) -> None:
        self._held = held
        self._make = make
        self._every_s = every_s
        self._pending = pending
        self._stop = threading.Event()
        self._rung = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pump-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ring(self) -> None:
        """There is something to do."""
        self._rung.set()

    def ask_to_stop(self) -> None:
        self._stop.set()
        self._rung.set()

    def join(self, *, within_s: float) -> bool:
        """Whether the pump has ended."""
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failures, wait_s = 0, self._every_s
        step: Step | None = None
        while not self._stop.wait(wait_s):
            self._rung.clear()  # before the step: what rings meanwhile may have come too late for it
            try:
                step = step or self._make()
                wait_s = self._after(step)
                failures = 0
            except Exception:
                failures += 1
                wait_s = retry_delay_s(failures)
                log.exception("%s failed, next try in %.1f s", self._thread.name, wait_s)

    def _after(self, step: Step) -> float:
        """Takes the step, if it may; how many seconds to wait before the next."""
        if self._held():
            return self._every_s
        if step():
            return 0.0
        if not self._pending() and not self._stop.is_set():
            self._rung.wait()
        return self._every_s


def stop_all(pumps: list[Pump], *, within_s: float) -> None:
    """Ask all, then wait for each for up to `within_s` seconds."""
    for pump in pumps:
        pump.ask_to_stop()
    for pump in pumps:
        if not pump.join(within_s=within_s):
            log.warning("a function is still running; it ends with this process")
