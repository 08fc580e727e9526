"""Says on standard error how far a room is, so that nobody waits for minutes in silence."""

import re
import sys
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

_EACH_S = 15.0
_COUNTED = re.compile(r"\d+/\d+  .*")  # mutmut's line of progress
_TAIL_BYTES = 4_096


class Progress:
    """Reads the tail of the log that the room's process writes, until the block is left."""

    def __init__(self, room: str, log: Path) -> None:
        self._room, self._log = room, log
        self._over = Event()
        self._thread = Thread(target=self._tell, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        while not self._over.wait(_EACH_S):
            print(f"{self._room}: {latest(self._log)}", file=sys.stderr, flush=True)


def latest(log: Path) -> str:
    """What the log said last of mutants tried; before the first, that it is preparing."""
    said = log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
    found = _COUNTED.findall(said.replace("\r", "\n"))
    return found[-1] if found else "making mutants, and running the tests without any"
