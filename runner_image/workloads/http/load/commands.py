"""Load tools run in the slot of the task, where the server is, pinned to cores of their own."""

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from runner_image import core_lists
from runner_image.isolation.protocol import TIMED_OUT, Slot
from runner_image.workloads.files import read_plain, write_plain
from runner_image.workloads.http.load import spent
from runner_image.workloads.http.load.driver import Ended, ToolFailed

LAST_LINES = 5


class SlotCommands:
    """Commands of a slot. `folder` (made if need be) is a folder of its work dir. `python` can import this package there."""

    def __init__(self, slot: Slot, folder: Path, *, python: str = sys.executable) -> None:
        self._slot, self._folder, self._python = slot, folder, python
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def python(self) -> str:
        return self._python

    def __call__(self, command: Sequence[str], *, timeout_s: float, cores: Sequence[int] = ()) -> Ended:
        """Raises ToolFailed where the command could not be started at all, such as on a core that is not ours."""
        for name in (spent.ENDED, spent.STDOUT, spent.STDERR):
            self.write(name, b"")
        lines: list[str] = []
        code = self._slot.run(
            spent.script(core_lists.write(cores) or spent.ANY_CORE, list(command)),
            cwd=self._folder,
            environment={},
            on_line=lines.append,
            timeout_s=timeout_s,
        )
        if code == TIMED_OUT:
            return Ended(TIMED_OUT, "", "")
        ended = self._text(spent.ENDED)
        if code or not ended:
            said = " | ".join(lines[-LAST_LINES:])
            raise ToolFailed(f"{command[0]} could not be started (exit code {code}): {said}")
        code, cpu_s = spent.told(ended)
        return Ended(code, self._text(spent.STDOUT), self._text(spent.STDERR), cpu_s)

    def write(self, name: str, content: bytes) -> None:
        write_plain(self._folder / name, content)

    def read(self, name: str) -> bytes:
        with contextlib.suppress(FileNotFoundError):
            return read_plain(self._folder / name)
        return b""

    def _text(self, name: str) -> str:
        return self.read(name).decode(errors="replace")
