"""What a command says, kept in a file while it says it, so that a killed one leaves its words behind."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from runner_image.lines import raw_of

LAST_LINES = 5  # of an error message: enough to hold Ruby's and Python's last words
LAST_CHARS = 400  # an error message must leave room for the sentence around it (see limits.MAX_REASON_CHARS)


class Console:
    """A log of one command: its very bytes go to `path` at once, and each line, as text, to `on_line`."""

    def __init__(self, path: Path, *, on_line: Callable[[str], None] | None = None) -> None:
        self._file = os.fdopen(_own_file(path), "ab")
        self._on_line = on_line

    def __enter__(self) -> "Console":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, line: str) -> None:
        self._put(raw_of(line))
        if self._on_line:
            self._on_line(line.rstrip("\r\n"))

    def note(self, text: str) -> None:
        """Adds words of ours, which are nobody's output and no progress."""
        self._put(text.encode(errors="replace") + b"\n")

    def _put(self, raw: bytes) -> None:
        self._file.write(raw)
        self._file.flush()


def _own_file(path: Path) -> int:
    """Never through a link: an earlier command of the task may have put one there."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o644)


def shorten(text: str) -> str:
    """The end of `text`: errors stand last."""
    return text if len(text) <= LAST_CHARS else "…" + text[1 - LAST_CHARS :]


def header(command: list[str], *, version: str, now: datetime) -> str:
    at = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"Command: {' '.join(command)}\nVersion: {version}\nDate: {at}\n"


def footer(exit_code: int) -> str:
    return f"\n=== Exit Status: {exit_code} ==="
