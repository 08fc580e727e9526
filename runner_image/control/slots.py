"""All slots of a runner: N threads that claim for themselves, and the main thread that listens to signals.

SIGTERM drains: running tasks end, no new ones are claimed. A second SIGTERM, or SIGINT, cancels: running tasks are
stopped and reported as failed. Signal handlers only put a number into a queue; everything else happens outside them.
"""

import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from runner_image.control.session import Refused, SessionError, Unauthorized
from runner_image.control.shutdown import Shutdown
from runner_image.logs import Log

DONE, GAVE_UP, UNREACHABLE, UNAUTHORIZED, BROKEN = 0, 1, 3, 4, 5
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class SlotBroken(Exception):
    """The slot has failed so many tasks in a row by its own fault that it leaves."""


@dataclass
class Listener:
    """Slots and signals, as they end and come. The exit code of the whole is the gravest."""

    shutdown: Shutdown
    log: Log
    events: "queue.SimpleQueue[int | None]" = field(default_factory=queue.SimpleQueue)
    codes: list[int] = field(default_factory=list)
    signalled: int | None = None

    def wait_for(self, slots: int) -> int:
        left = slots
        while left:
            number = self.events.get()
            if number is None:
                left -= 1
            else:
                self._signalled(number)
        return 128 + self.signalled if self.signalled else max(self.codes, default=DONE)

    def _signalled(self, number: int) -> None:
        if number == signal.SIGINT or self.shutdown.draining:
            self.log.warning("cancelling", signal=number)
            self.signalled = self.signalled or number
            self.shutdown.cancel()
        else:
            self.log.warning("draining", signal=number)
            self.shutdown.drain()


def run_slots(slots: Sequence[Callable[[], None]], *, shutdown: Shutdown, log: Log) -> int:
    """Runs every slot in a thread of its own; returns the exit code. Call it from the main thread."""
    listener = Listener(shutdown=shutdown, log=log)
    with _listening(listener.events):
        threads = [threading.Thread(target=_guarded, args=(slot, listener, log)) for slot in slots]
        for thread in threads:
            thread.start()
        code = listener.wait_for(len(threads))
        for thread in threads:
            thread.join()
    return code


def _guarded(slot: Callable[[], None], listener: Listener, log: Log) -> None:
    code = GAVE_UP
    try:
        slot()
        code = DONE
    except SessionError as error:
        code = code_of(error)
        log.error("gave_up", error=str(error), exit_code=code)
    except SlotBroken as broken:
        code = BROKEN
        log.error("gave_up", error=str(broken), exit_code=code)
    except Exception as error:  # of whatever kind: a thread that dies unseen would look like one that had ended well
        log.error("gave_up", error=f"{type(error).__name__}: {error}", exit_code=code)
    finally:
        listener.codes.append(code)
        listener.events.put(None)


def code_of(error: SessionError) -> int:
    if isinstance(error, Unauthorized):
        return UNAUTHORIZED
    return GAVE_UP if isinstance(error, Refused) else UNREACHABLE


@contextmanager
def _listening(events: "queue.SimpleQueue[int | None]") -> Iterator[None]:
    before = {number: signal.signal(number, lambda got, _frame: events.put(got)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
