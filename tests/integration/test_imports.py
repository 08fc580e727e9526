"""What programs and packages import, as fresh processes show it: their start costs nearly nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest
from benchfleet.version import __version__

from local_emulator.stack import Emulator
from tests.variants import one_now

HEAVY = ("httpx", "boto3", "chalice", "moto", "docker", "jinja2")


def run_main(*argv: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, which tells last what it has imported."""
    code = f"""
import sys
from benchfleet.cli.main import main
try:
    main({argv!r})
finally:
    print("imported", *sys.modules)
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def imported(said: subprocess.CompletedProcess[str]) -> set[str]:
    word, *modules = said.stdout.splitlines()[-1].split()
    assert word == "imported", said
    return set(modules)


def test_the_version_is_told_without_importing_what_it_does_not_need() -> None:
    said = run_main("--version")
    assert (said.returncode, said.stdout.splitlines()[0]) == (0, f"benchfleet {__version__}")
    assert not imported(said) & {*HEAVY, "typer", "rich", "pydantic", "collections", "importlib.metadata"}


@pytest.mark.parametrize(
    "argv", one_now(["runs", "list", "--help"], ["--help"], ["runs", "--help"], ["runs", "stop", "-h"])
)
def test_help_imports_nothing_heavy(argv: list[str]) -> None:
    said = run_main(*argv)
    assert said.returncode == 0, said.stderr
    assert not imported(said) & set(HEAVY)


@pytest.mark.proof
def test_a_command_that_asks_the_api_does_not_bring_the_command_line_of_httpx(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCHFLEET_URL", emulator.ready.api_url)
    said = run_main("runs", "list", "--api-key", "unknown", "--status", "failed")
    assert "httpx" in imported(said), said
    assert not imported(said) & {"click", "pygments"}


def test_the_module_runs_as_the_program() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "benchfleet.cli.main", "--version"], capture_output=True, text=True, cwd=Path("/")
    )
    assert said.stdout == f"benchfleet {__version__}\n"


HEAVY_OF_A_CLIENT = {"httpx", "pydantic", "typing", "asyncio"}


def imported_by(statement: str) -> list[str]:
    """Modules that a fresh Python imports for it."""
    code = f"import sys; before = set(sys.modules)\n{statement}\nprint(*sorted(set(sys.modules) - before))"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True
    ).stdout.split()


def test_the_version_costs_nothing() -> None:
    assert imported_by("import benchfleet.version") == ["benchfleet", "benchfleet.version"]
    assert not HEAVY_OF_A_CLIENT & set(imported_by("import benchfleet; benchfleet.__version__"))


def test_an_error_can_be_caught_without_the_client() -> None:
    assert not HEAVY_OF_A_CLIENT & set(imported_by("from benchfleet import BenchfleetError"))


def test_the_client_brings_httpx_and_no_command_line() -> None:
    found = set(imported_by("from benchfleet import Client"))
    assert "httpx" in found
    assert not {"typer", "boto3", "chalice", "moto"} & found


def test_streams_that_a_daemon_has_closed_are_nobody_to_ask() -> None:
    code = "import sys; from benchfleet.cli.options import somebody_there; sys.exit(somebody_there())"
    said = subprocess.run(["sh", "-c", 'exec "$0" -c "$1" <&- 2>&-', sys.executable, code])
    assert said.returncode == 0
