"""`benchfleet run` on a terminal of its own, with a keyboard: what is typed reaches it as it would reach a shell's child."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

COMMAND = (sys.executable, "-m", "benchfleet.cli.main", "run")
CTRL_C = "\x03"
WITHIN_S = 60.0
_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """stdin and stderr are the terminal, stdout is a file: as in `benchfleet run … > out`."""

    def __init__(self, folder: Path, *words: str, environment: dict[str, str] | None = None) -> None:
        self._folder = folder
        self._out = folder / "stdout"
        self._keyboard, screen = pty.openpty()
        self._said = ""
        with self._out.open("wb") as out:
            self.process = subprocess.Popen(
                [*COMMAND, *words],
                cwd=folder,
                stdin=screen,
                stdout=out,
                stderr=screen,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                env={**os.environ, "TERM": "xterm", "COLUMNS": "140", **(environment or {})},
            )
        os.close(screen)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self._keyboard)

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def wait_for(self, text: str, *, within_s: float = WITHIN_S) -> None:
        """Until the screen has shown `text`, counted from the last wait."""
        until = time.monotonic() + within_s
        while text not in self._said:
            assert time.monotonic() < until, self._said
            assert self._read(0.1) or self.process.poll() is None, self._said
        self._said = self._said.partition(text)[2]

    @staticmethod
    def until(true: Callable[[], object], *, within_s: float = WITHIN_S) -> None:
        deadline = time.monotonic() + within_s
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def wait_until(self, true: Callable[[], object], *, within_s: float = WITHIN_S) -> None:
        """Until `true` says so, while the screen is being read."""
        until = time.monotonic() + within_s
        while not true():
            assert time.monotonic() < until, self._said
            self._read(0.01)

    def end(self, *, within_s: float = WITHIN_S) -> tuple[int, str]:
        """(exit code, what was said since the last wait)."""
        until = time.monotonic() + within_s
        while self._read(0.1) or self.process.poll() is None:
            assert time.monotonic() < until, self._said
        return self.process.returncode, self._said

    @property
    def stdout(self) -> str:
        return self._out.read_text()

    def _read(self, seconds: float) -> bool:
        if not select.select([self._keyboard], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._keyboard, 65_536)
        except OSError:  # the other side is closed
            return False
        self._said += _CODES.sub("", data.decode(errors="replace")).replace("\r", "")
        return bool(data)


def orphans(folder: Path) -> list[str]:
    """Command lines of processes that were started by a command in `folder`, and still run."""
    found = []
    for path in Path("/proc").iterdir():
        if not path.name.isdigit() or int(path.name) == os.getpid():
            continue
        try:
            if Path(os.readlink(path / "cwd")) == folder and (line := (path / "cmdline").read_bytes()):
                found.append(line.replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found
