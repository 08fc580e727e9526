"""The frame of the command line: what it imports, how it helps, and how it ends."""

import errno
import io
import os
import signal
from typing import Annotated, Any

import pytest
import typer
from benchfleet import exceptions, exit_codes
from benchfleet.cli.commands import COMMANDS, RUNS
from benchfleet.cli.frame import _reader_gone, application
from benchfleet.cli.lazy import Entry, Group, lazy_group, unwrapped
from benchfleet.cli.main import main
from benchfleet.version import __version__
from typer.testing import CliRunner

from tests.each_case import each_case


def test_the_version_beside_other_options_is_told_too() -> None:
    said = CliRunner().invoke(application(), ["--version", "runs"])
    assert (said.exit_code, said.stdout) == (0, f"benchfleet {__version__}\n")


def test_help_lists_every_command() -> None:
    for argv, names in (([], COMMANDS), (["runs"], RUNS)):
        said = CliRunner().invoke(application(), [*argv, "--help"])
        assert said.exit_code == 0
        assert [line.split()[1] for line in said.stdout.splitlines() if line[2:].split(" ")[0] in names] == [*names]


@each_case("argv", [["nonsense"], ["--nonsense"], ["demo", "--slots", "0"], [], ["runs"], ["runs", "show"]])
def test_wrong_use_ends_with_2_and_says_nothing_on_stdout(argv: list[str]) -> None:
    said = CliRunner().invoke(application(), argv)
    assert said.exit_code == exit_codes.USAGE
    assert not argv or said.stderr or "Usage" in said.stdout


@each_case(("argv", "meant"), [(["reprot"], "report"), (["runs", "lits"], "list")])
def test_a_mistyped_command_is_guessed(argv: list[str], meant: str) -> None:
    assert f"Did you mean '{meant}'?" in CliRunner().invoke(application(), argv).stderr


def test_flags_take_no_value_in_help() -> None:
    said = CliRunner().invoke(application(), ["demo", "--help"], env={"COLUMNS": "120"})
    assert "bool" not in said.stdout
    assert "--json" in said.stdout
    assert "--slots" in said.stdout


@pytest.mark.parametrize(
    ("argv", "defaults"),
    [
        (["run"], ["no limit", "results", "1", "the time in seconds"]),
        (["runs", "watch"], ["no limit"]),
        (["runner"], ["benchfleet-runner:latest", "as --debug"]),
    ],
)
def test_help_tells_defaults_that_are_found_out_later(argv: list[str], defaults: list[str]) -> None:
    """In square brackets they would be taken as markup, and vanish."""
    said = CliRunner().invoke(application(), [*argv, "--help"], env={"COLUMNS": "200"})
    assert [default for default in defaults if f"(default: {default})" not in said.stdout] == []


def test_help_fits_a_narrow_terminal() -> None:
    said = CliRunner().invoke(application(), ["runs", "watch", "--help"], env={"COLUMNS": "40"})
    assert max(map(len, said.stdout.splitlines())) <= 40


@each_case(
    ("name", "exit_code"),
    [
        ("BenchfleetError", 3),
        ("Unreachable", 3),
        ("ArchiveError", 3),
        ("ConfigError", 5),
        ("UsageError", 2),
        ("RunFailed", 1),
        ("TimedOut", 124),
    ],
)
@each_case("argv", [["act"], ["inner", "act"]])
def test_each_error_has_its_exit_code_and_one_line(argv: list[str], name: str, exit_code: int) -> None:
    error: exceptions.BenchfleetError = getattr(exceptions, name)("the reason")
    said = CliRunner().invoke(group_of(raising(error)), argv)
    assert (said.exit_code, said.stdout, said.stderr) == (exit_code, "", "benchfleet: the reason\n")


@each_case("argv", [["act"], ["inner", "act"]])
def test_an_interrupt_ends_with_130(argv: list[str]) -> None:
    said = CliRunner().invoke(group_of(raising(KeyboardInterrupt())), argv)
    assert (said.exit_code, said.stderr) == (exit_codes.INTERRUPTED, "benchfleet: interrupted\n")


def test_a_full_disk_is_one_line() -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "results/7")
    said = CliRunner().invoke(group_of(raising(error)), ["act"])
    assert (said.exit_code, said.stderr) == (3, "benchfleet: No space left on device: results/7\n")


def test_a_mistake_of_ours_is_no_failed_run() -> None:
    said = CliRunner().invoke(group_of(raising(ZeroDivisionError("by zero"))), ["act"])
    assert said.exit_code == exit_codes.INFRASTRUCTURE
    assert "Traceback" in said.stderr
    assert said.stderr.splitlines()[-1].startswith("benchfleet: this should not have happened (ZeroDivisionError)")


def test_a_missing_extra_is_named() -> None:
    said = CliRunner().invoke(group_of(Entry("no_such_module:run", "Act.", "emulator")), ["act"])
    assert said.exit_code == exit_codes.INFRASTRUCTURE
    assert "no_such_module" in said.stderr
    assert "benchfleet[emulator]" in said.stderr


@each_case("name", COMMANDS)
def test_every_command_can_be_loaded(name: str) -> None:
    assert COMMANDS[name].load(name).name == name


def test_help_text_is_wrapped_by_the_terminal_and_not_by_us() -> None:
    assert unwrapped("One\n    two.\n\n    Three\n    four.\n    ") == "One two.\n\nThree four."


def test_sigterm_is_as_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit):
        main(["runs", "--help"])
    assert signal.getsignal(signal.SIGTERM) == before


def raising(error: BaseException) -> Entry:
    """A command that fails with `error`."""

    class Failing(Entry):
        def load(self, name: str) -> Any:
            single = typer.Typer()

            @single.command(name)
            def act() -> None:
                raise error

            return typer.main.get_command(single)

    return Failing("", "Act.")


def group_of(entry: Entry) -> typer.Typer:
    """`act`, and a group `inner` with an `act` of its own."""
    table: dict[str, Entry | Group] = {"act": entry, "inner": Group("Inside.", {"act": entry})}
    group = typer.Typer(cls=lazy_group(table), pretty_exceptions_enable=False)
    group.callback()(lambda: None)
    return group


def flagged(sure: Annotated[bool, typer.Option("--sure")] = False) -> None:
    """Target of the entry below."""


def test_a_flag_keeps_its_name_in_errors() -> None:
    said = CliRunner().invoke(group_of(Entry(f"{__name__}:flagged", "Act.")), ["act", "--sure=x"])
    assert (said.exit_code, "--sure" in said.stderr) == (exit_codes.USAGE, True)


def test_a_pipe_that_broke_below_an_error_of_ours_is_not_stdout() -> None:
    """A connection to the API, say: the command failed, and its reader is still there."""
    broken = raised(exceptions.Unreachable("no answer"), because_of=BrokenPipeError(32, "Broken pipe"))
    assert not _reader_gone(raised(SystemExit(3), because_of=broken), io.StringIO())
    assert _reader_gone(raised(SystemExit(1), because_of=BrokenPipeError(32, "Broken pipe")), io.StringIO())


def raised(error: Any, *, because_of: BaseException) -> Any:
    try:
        try:
            raise because_of
        except BaseException:
            raise error  # noqa: B904
    except BaseException as caught:
        return caught
