"""How a command ends that did not simply return: one line on stderr and an exit code."""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from benchfleet import exit_codes
from benchfleet.cli.sentences import warn
from benchfleet.exceptions import BenchfleetError

POSIX_ONLY = frozenset({"fcntl", "termios", "pwd", "grp", "resource"})


def general(error: BaseException) -> int:
    """An error's exit code; what is no error of ours is infrastructure."""
    return error.exit_code if isinstance(error, BenchfleetError) else exit_codes.INFRASTRUCTURE


@contextmanager
def ending(code_of: Callable[[BaseException], int] = general) -> Iterator[None]:
    """Raises typer.Exit for whatever goes wrong inside; lets through what Typer ends by itself, and a broken pipe.

    `code_of` is for commands with exit codes of their own.
    """
    try:
        yield
    except (typer.Exit, TyperException, BrokenPipeError):
        raise
    except BenchfleetError as error:
        _end(str(error), code_of(error))
    except (KeyboardInterrupt, typer.Abort):  # Abort: Ctrl-C or the end of input at a question
        _end("interrupted", exit_codes.INTERRUPTED)
    except OSError as error:  # a full disk, a folder that may not be written
        _end(words_of(error), code_of(error))
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name in POSIX_ONLY:
            _end(f"this command needs Linux or macOS: this system has no {error.name}", exit_codes.USAGE)
        traceback.print_exc()
        _end(f"this should not have happened ({type(error).__name__}); please report it", code_of(error))


def words_of(error: OSError) -> str:
    """What the system says, and of which file. It names none where it was asked for the working folder."""
    if isinstance(error, FileNotFoundError) and not error.filename and _folder_is_gone():
        return "the working folder is gone: change to one that is there"
    return f"{error.strerror or error}: {error.filename}" if error.filename else str(error.strerror or error)


def _folder_is_gone() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _end(words: str, exit_code: int) -> NoReturn:
    with suppress(OSError):  # a log on a full disk: the exit code still tells what happened
        warn(words)
    raise typer.Exit(exit_code)
