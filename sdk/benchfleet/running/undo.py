"""How a command undoes what it has made for a run. What makes a thing registers its end here, on the stack of its kind."""

from contextlib import ExitStack
from typing import Self

from benchfleet.running.interrupts import Interrupts


class Undo:
    """Three stacks, closed last first when the command ends: `work` (emulator, runners), `state`, `lock`.

    What is to stay is taken off by `pop_all()` before: `state` when the run may exist, `work` when the run is left.
    A signal that comes while they are closed is forgotten.
    """

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self._all = ExitStack()
        self.lock = self._all.enter_context(ExitStack())
        self.state = self._all.enter_context(ExitStack())
        self.work = self._all.enter_context(ExitStack())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._interrupts.ignored():
            self._all.close()

    def end_work(self) -> None:
        """Ends it now and waits for it; nothing is left to end later."""
        with self._interrupts.ignored():
            self.work.close()
