"""The runner's key: read once, and then where no benchmark of the same user can find it.

A process that was started with the key in its environment, or on its command line, shows it to its user as long as it
lives: `/proc/<pid>/environ` is the block of its start, whatever it forgets later. So such a runner starts itself anew, under
the same pid, with the key in a pipe as its standard input.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

VARIABLE, FILE_VARIABLE = "BENCHFLEET_API_KEY", "BENCHFLEET_API_KEY_FILE"
OPTION, FILE_OPTION = "--api-key", "--api-key-file"
STDIN = Path("-")
MOST_CHARS = 4096  # a pipe takes as many at once; no key has more
_PR_SET_DUMPABLE = 4


def read_key(file: Path) -> str:
    """`-` is standard input, which is empty afterwards. Raises OSError, UnicodeDecodeError."""
    if file != STDIN:
        return file.read_text(encoding="utf-8").strip()
    with open(0, "rb", closefd=False) as stdin:
        key = stdin.read(MOST_CHARS).decode().strip()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return key


def is_on_show(
    arguments: Sequence[str], *, block: Path = Path("/proc/self/environ"), variables: Sequence[str] = (VARIABLE,)
) -> bool:
    """Does this process show a key, in one of these variables, to whoever reads what it was started with?"""
    try:
        names = {entry.partition(b"=")[0] for entry in block.read_bytes().split(b"\0") if b"=" in entry}
        shown = any(name.encode() in names for name in variables)
    except OSError:  # no such system, or shut already
        shown = False
    return shown or len(without(OPTION, arguments)) < len(arguments)


def without(option: str, arguments: Sequence[str]) -> list[str]:
    """The command line without `OPTION VALUE` and `OPTION=VALUE`."""
    kept: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == option:
            next(rest, None)
        elif not word.startswith(f"{option}="):
            kept.append(word)
    return kept


def start_anew(key: str, *, environment: Mapping[str, str], command: Sequence[str] = ()) -> NoReturn:
    """Becomes the same command with the key on standard input. Raises OSError; ValueError for what cannot be a key."""
    if len(key.encode()) > MOST_CHARS:
        raise ValueError(f"the key has more than {MOST_CHARS} characters")
    readable, writable = os.pipe()
    os.write(writable, key.encode())
    os.close(writable)
    os.dup2(readable, 0)
    os.close(readable)
    kept = {name: value for name, value in environment.items() if name != VARIABLE}
    argv = [sys.executable, *without(OPTION, without(FILE_OPTION, command or sys.orig_argv[1:]))]
    os.execve(argv[0], argv, {**kept, FILE_VARIABLE: str(STDIN)})  # noqa: S606  the same program: no shell is wanted


def shut() -> bool:
    """Memory and `/proc/<pid>/environ` of this process are closed to others of its user; root still reads them.

    False where the system has no such thing.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    return bool(ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
