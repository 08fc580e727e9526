"""Ctrl-C, kill and a closed terminal: they end what waits, and never cut through what must be done whole."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal came. `by_keyboard` is True for Ctrl-C: a person may be asked what to do."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.by_keyboard = number == signal.SIGINT


class Interrupts:
    """`with interrupts.caught():` turns signals into Interrupted, but not inside `with interrupts.held():`."""

    def __init__(self) -> None:
        self._held = 0
        self._came: int | None = None

    @contextmanager
    def caught(self) -> Iterator[None]:
        """A SIGHUP that is ignored stays so: that is what nohup(1) is for."""
        numbers = [n for n in SIGNALS if n != signal.SIGHUP or signal.getsignal(n) != signal.SIG_IGN]
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal that comes inside is told when the outermost of these blocks ends, unless that fails anyway."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        self.check()

    @contextmanager
    def ignored(self) -> Iterator[None]:
        """What comes inside is forgotten: the work in there is bounded, and is what the signal asks for."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._came = None

    def check(self) -> None:
        if self._came is not None and not self._held:
            number, self._came = self._came, None
            raise Interrupted(number)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._came = number
        self.check()
