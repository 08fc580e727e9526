"""What a command says, kept in a file while it says it, so that a killed one leaves its words behind."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from runner_image.isolation.lines import raw_of

LAST_LINES = 5  # of an error message: enough to hold Ruby's and Python's last words
LINE_CHARS = 4096  # of a long line that comes in pieces: its end, where a suite's own words stand behind a benchmark's
LAST_CHARS = 400  # an error message must leave room for the sentence around it (see limits.MAX_REASON_CHARS)


class Console:
    """A log: its very bytes go to `path` at once, and each line, as text, to `on_line`; of a long one its end."""

    def __init__(self, path: Path, *, on_line: Callable[[str], None] | None = None) -> None:
        self._file = os.fdopen(_own_file(path), "ab")
        self._on_line = on_line
        self._text = ""  # of the line that has not ended yet
        self._ended = True

    def __enter__(self) -> "Console":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and not self._ended:
                self._tell()
        finally:
            self._file.close()

    def write(self, line: str) -> None:
        raw = raw_of(line)
        self._put(raw)
        self._text = (self._text + line.rstrip("\r\n"))[-LINE_CHARS:]
        self._ended = raw.endswith(b"\n")
        if self._ended:
            self._tell()

    def begin(self, title: str, *, on_line: Callable[[str], None]) -> None:
        """The next command's words, under `title`, go to `on_line`: behind no line that the last one left open."""
        if not self._ended:
            self.write("")
        self._on_line = on_line
        self.note(title)

    def _tell(self) -> None:
        text, self._text = self._text, ""
        if self._on_line:
            self._on_line(text)

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
