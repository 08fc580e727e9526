"""A copy of the project that is laid out as it is imported, so that a module's path is its name: nothing stands in `sdk/`."""

import json
import shutil
import tomllib
from pathlib import Path

from tests.mutation.rooms import Room

ROOT = Path(__file__).parents[2]
OUTCOMES = "outcomes.json"  # of a workspace, when its mutants were tried
_ABOVE = ("chalicelib", "local_emulator", "runner_image", "benchmarks", "tests", "configs", "docs", ".chalice")
_FILES = ("app.py", "conftest.py", "requirements.txt", "Makefile", "README.md")
_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", ".mypy_cache", "deployments", "deployed")

# Seconds of the tests are taken from a run without a mutant; a mutant gets far more. A busy machine is no verdict.
_TIMES, _PLUS_S = 20.0, 1.0

# No limit of its own to a test, and of the contract's DynamoDBs those in this process.
_PYTEST = ["--timeout", "0", "-m", "not proof", "-k", "not http"]
_PYTEST += [f"-ptests.mutation.{plugin}" for plugin in ("quick_first", "fresh_caches")]
_PYTEST += [f"-pno:{plugin}" for plugin in ("cacheprovider", "xdist", "cov")]


def build(folder: Path, room: Room) -> None:
    """Makes `folder` anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in _ABOVE:
        shutil.copytree(ROOT / name, folder / name, ignore=_IGNORED)
    for name in ("benchfleet", "benchfleet_contract", "benchfleet_results"):
        shutil.copytree(ROOT / "sdk" / name, folder / name, ignore=_IGNORED)
    for name in _FILES:
        shutil.copy(ROOT / name, folder / name)
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text() + "\n" + settings(folder, room))
    tomllib.loads((folder / "pyproject.toml").read_text())


def settings(folder: Path, room: Room) -> str:
    """mutmut's table of `pyproject.toml`, for the room whose package and tests lie in `folder`."""
    others = sorted(path.name for path in folder.iterdir() if path.name not in (room.package, "pyproject.toml"))
    tests = sorted(str(path.relative_to(folder)) for pattern in room.tests for path in folder.glob(pattern))
    table = {
        "source_paths": [room.package],
        "only_mutate": list(room.sources),
        "also_copy": others,
        "pytest_add_cli_args_test_selection": tests,
        "pytest_add_cli_args": _PYTEST,
        "timeout_multiplier": _TIMES,
        "timeout_constant": _PLUS_S,
        "do_not_mutate_patterns": [r"\b_log\."],
        "use_git_change_detection": False,
        "track_dependencies": False,
        "use_setproctitle": False,
    }  # fmt: skip
    return "[tool.mutmut]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
