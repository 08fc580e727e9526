"""The command line itself, in processes of its own: what it imports, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from benchfleet import exceptions, exit_codes
from benchfleet.cli.lazy import Entry, lazy_group
from benchfleet.cli.main import COMMANDS, app
from typer.testing import CliRunner

HEAVY = ("httpx", "boto3", "rich", "chalice", "moto", "docker", "pydantic")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL)


PRINT_VERSION = f"""
import json, sys
from benchfleet.cli.main import main
sys.argv = ["benchfleet", "--version"]
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


def test_version_imports_nothing_heavy() -> None:
    said = python(PRINT_VERSION)
    version, found = said.stdout.splitlines()
    assert version.startswith("benchfleet ")
    assert json.loads(found) == [0, []]


def test_help_lists_every_command_without_importing_one() -> None:
    said = CliRunner().invoke(app, ["--help"])
    assert said.exit_code == 0
    assert all(name in said.stdout for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["demo", "--slots", "0"], []])
def test_wrong_use_ends_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == exit_codes.USAGE


@pytest.mark.parametrize(
    ("name", "exit_code"),
    [
        ("BenchfleetError", 3),
        ("Unreachable", 3),
        ("ArchiveError", 3),
        ("ConfigError", 5),
        ("RunFailed", 1),
        ("TimedOut", 124),
    ],
)
def test_each_error_has_its_exit_code_and_one_line(name: str, exit_code: int) -> None:
    error: exceptions.BenchfleetError = getattr(exceptions, name)("the reason")
    said = CliRunner().invoke(group_of(raising(error)), ["act"])
    assert (said.exit_code, said.stderr) == (exit_code, "benchfleet: the reason\n")


def test_an_interrupt_ends_with_130() -> None:
    assert CliRunner().invoke(group_of(raising(KeyboardInterrupt())), ["act"]).exit_code == exit_codes.INTERRUPTED


def test_a_missing_extra_is_named() -> None:
    said = CliRunner().invoke(group_of(Entry("no_such_module:run", "Act.", "emulator")), ["act"])
    assert said.exit_code == exit_codes.INFRASTRUCTURE
    assert "no_such_module" in said.stderr
    assert "benchfleet[emulator]" in said.stderr


def test_every_command_can_be_imported() -> None:
    for name, entry in COMMANDS.items():
        assert entry.load(name).name == name


def test_the_module_runs_as_the_program() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "benchfleet.cli.main", "--version"], capture_output=True, text=True, cwd=Path("/")
    )
    assert said.stdout.startswith("benchfleet ")


def raising(error: BaseException) -> Entry:
    """A command that fails with `error`."""

    class Failing(Entry):
        def load(self, name: str) -> object:
            single = typer.Typer()

            @single.command(name)
            def act() -> None:
                raise error

            return typer.main.get_command(single)

    return Failing("", "Act.")


def group_of(entry: Entry) -> typer.Typer:
    group = typer.Typer(cls=lazy_group({"act": entry}), pretty_exceptions_enable=False)
    group.callback()(lambda: None)
    return group
