"""A thread that looks at something again and again, for as long as a block lasts."""

import threading
from abc import ABC, abstractmethod
from typing import Self

EVERY_S = 0.5


class Looking(ABC):
    """Leaving the block stops it. A subclass says what a look does, and may say that there is nothing more to look for."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @abstractmethod
    def look(self) -> None: ...

    def done(self) -> bool:
        return False

    def _look(self) -> None:
        while not self.done() and not self._over.wait(self._every_s):
            self.look()
