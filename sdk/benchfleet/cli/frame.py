"""What is around every command: interrupts, broken pipes, and the tree of commands itself."""

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Annotated, TextIO

import typer

from benchfleet import exit_codes
from benchfleet.cli.commands import COMMANDS, COMPLETE
from benchfleet.cli.ending import words_of
from benchfleet.cli.lazy import lazy_group
from benchfleet.cli.sentences import warn
from benchfleet.exceptions import BenchfleetError
from benchfleet.version import __version__

HELP_OPTIONS = {"help_option_names": ["--help", "-h"]}


def run(words: Sequence[str]) -> None:
    """Runs one command line. Ends with SystemExit; its code is one of `exit_codes`."""
    if COMPLETE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()  # Typer knows no shell before
    _open_what_is_closed()
    stdout = sys.stdout
    for stream in (sys.stdout, sys.stderr):
        _print_whatever_comes(stream)
    try:
        with _terminated_as_interrupted():
            application()(list(words), prog_name="benchfleet")
    except SystemExit as end:
        if not _reader_gone(end, stdout):
            raise
        _write_no_more(stdout)
        sys.exit(exit_codes.BROKEN_PIPE)
    except OSError as error:  # a full disk where a text of help should go, or what `ending` had to say
        _write_no_more(stdout)
        with contextlib.suppress(OSError):
            warn(words_of(error))
        sys.exit(exit_codes.INFRASTRUCTURE)


def _open_what_is_closed() -> None:
    """A service or a cron job may start a command without streams. Whatever opens a file next would stand in their place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115


def _print_whatever_comes(stream: object) -> None:
    """A stream that cannot encode a character shows a `?` in its place, and ends no command."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):  # the C locale's
        stream.reconfigure(errors="replace")


def _reader_gone(end: SystemExit, stdout: TextIO) -> bool:
    """Did nobody read on? rich and Typer make exit code 1 of that, which says here that a run failed.

    A pipe that broke below one of our errors was another one: a connection to the API, say.
    """
    cause: BaseException | None = end
    while cause is not None and not isinstance(cause, BenchfleetError):
        if isinstance(cause, BrokenPipeError):
            return True
        cause = cause.__context__
    try:
        stdout.flush()  # what was printed last may still be on its way
    except BrokenPipeError:
        return True
    return False


def application() -> typer.Typer:
    """The tree of commands. Builds no command: those are loaded when they are called."""
    app = typer.Typer(
        cls=lazy_group(COMMANDS),
        help="Benchmarks on many machines: runs, tasks, runners anywhere, one archive.",
        epilog="Exit codes: 0 ok, 1 failed, 2 usage, 3 infrastructure, 4 auth, 5 invalid config, 124 timeout, 130 Ctrl-C.",
        no_args_is_help=True,
        add_completion=False,  # `benchfleet completion` prints the scripts
        pretty_exceptions_enable=False,  # a traceback must not print local variables: keys are among them
        context_settings=HELP_OPTIONS,
    )
    app.callback()(_options)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"benchfleet {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of every command."""


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does, unless somebody has other plans for it. Puts back what was there."""
    free = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    if free:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if free:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _write_no_more(stdout: TextIO) -> None:
    """Python flushes once more at its end, and would complain that nobody reads."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
