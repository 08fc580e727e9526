"""Warnings and errors: wrapped to a terminal, one line in a pipe."""

import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest
from benchfleet.cli.sentences import columns, fitted, say

from tests.each_case import each_case

WORDS = (
    "benchfleet: All tasks of local this-machine ran on one instance: differences are not in its intervals of 12.5 ms."
)


@contextmanager
def terminal(width: int) -> Iterator[TextIO]:
    keyboard, screen = pty.openpty()
    try:
        fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        with os.fdopen(screen, "w", closefd=False) as stream:
            yield stream
    finally:
        os.close(screen)
        os.close(keyboard)


def test_lines_end_between_words_at_any_width() -> None:
    for width in range(30, 121):
        lines = fitted(WORDS, width).split("\n")
        assert all(len(line) <= width for line in lines)
        assert " ".join(line.strip() for line in lines) == WORDS
        assert all(line.startswith("  ") for line in lines[1:])
        assert any("12.5 ms" in line for line in lines)


@each_case(
    ("words", "expected"),
    [
        ("see /a/very/long/path/that/has/no/blank", "see\n  /a/very/long/path/that/has/no/blank"),
        ("to see it, `benchfleet runs show`", "to see it,\n  `benchfleet runs show`"),
        ("two problems:\n  line 3: this is too much", "two problems:\n  line 3: this is too\n    much"),
    ],
)
def test_what_is_copied_is_not_cut(words: str, expected: str) -> None:
    assert fitted(words, 24) == expected


def test_a_pipe_gets_one_line_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    pipe = io.StringIO()
    say(WORDS, pipe)
    assert pipe.getvalue() == f"{WORDS}\n"


def test_the_width_is_the_terminals_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    with terminal(72) as stream:
        assert columns(stream) == 72
    with terminal(0) as stream:
        assert columns(stream) is None
    monkeypatch.setenv("COLUMNS", "50")
    with terminal(72) as stream:
        assert columns(stream) == 50
