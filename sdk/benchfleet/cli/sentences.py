"""Sentences: on a terminal their lines end between words; in a pipe each stays one line, to be searched and counted."""

import os
import re
import sys
import textwrap
from typing import TextIO

from benchfleet.report.unparted import unparted

_HELD = "\ue000"  # stands between a number and its unit until the lines are broken; in no name that is printed
_INDENT = "  "
_COMMAND = re.compile(r"`[^`\n]{1,60}`")


def warn(words: str) -> None:
    say(f"benchfleet: {words}")


def say(words: str, stream: TextIO | None = None) -> None:
    """On stderr unless a stream is named."""
    stream = stream or sys.stderr
    if stream is None:  # a daemon closed it
        return
    print(fitted(words, columns(stream)), file=stream)


def columns(stream: TextIO) -> int | None:
    """How wide a terminal is; None for what is none, or does not know."""
    try:
        if not stream.isatty():
            return None
        asked = os.environ.get("COLUMNS", "")
        return int(asked) if asked.isdecimal() and int(asked) else os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):
        return None


def fitted(words: str, width: int | None) -> str:
    """No word, path, address or command is cut, and no number parted from its unit; what goes on is indented."""
    if width is None:
        return words
    return "\n".join(_broken(line, width) for line in words.split("\n"))


def _broken(line: str, width: int) -> str:
    indent = line[: len(line) - len(line.lstrip(" "))]
    held = _COMMAND.sub(lambda found: found[0].replace(" ", _HELD), unparted(line, _HELD))
    broken = textwrap.wrap(
        held, max(width, 20), subsequent_indent=indent + _INDENT, break_long_words=False,
        break_on_hyphens=False, drop_whitespace=True,
    )  # fmt: skip
    return "\n".join(broken).replace(_HELD, " ")
