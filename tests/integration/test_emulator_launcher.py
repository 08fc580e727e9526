"""Local runners are real processes: they get their key through a pipe and end with their launcher."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchfleet.exceptions import BenchfleetError

from local_emulator.launch_local import local_groups
from local_emulator.launcher import LocalLauncher

# Stands where `python -m runner_image` would: tells what it was given, then waits to be ended.
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
TELLS = """
import json, os, sys, time
print(json.dumps([sys.argv[1:], dict(os.environ), sys.stdin.read()]), flush=True)
time.sleep(60)
"""
WITHIN_S = 30


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[LocalLauncher]:
    with make(tmp_path, TELLS) as made:
        yield made


def make(tmp_path: Path, program: str) -> LocalLauncher:
    return LocalLauncher(
        api_url="http://127.0.0.1:1",
        api_key="secret-key",
        slots=2,
        log_dir=tmp_path,
        runner=(sys.executable, "-c", program),
        environment={"PATH": "/usr/bin", "AWS_SECRET_ACCESS_KEY": "hidden", "BENCHFLEET_TABLE": "hidden"},
    )


def told(log: Path) -> Any:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        if log.exists() and log.read_text().endswith("\n"):
            return json.loads(log.read_text())
        time.sleep(0.02)
    raise AssertionError("the runner said nothing")


def test_a_runner_a_group_with_its_flags(launcher: LocalLauncher, tmp_path: Path) -> None:
    launcher.launch("7", [("local", "small"), ("local", "big")])
    argv, _, _ = told(tmp_path / "7-local-big.log")
    flags = dict(zip(argv[::2], argv[1::2], strict=True))
    assert flags == {
        "--orchestrator-url": "http://127.0.0.1:1",
        "--run-id": "7",
        "--provider": "local",
        "--instance-type": "big",
        "--slots": "2",
        "--isolation": "process",
        "--api-key-file": "-",
    }
    assert launcher.alive() == 2


def test_the_key_comes_through_a_pipe_and_is_nowhere_else(launcher: LocalLauncher, tmp_path: Path) -> None:
    launcher.launch("7", [("local", "small")])
    argv, environment, key = told(tmp_path / "7-local-small.log")
    assert key == "secret-key"
    assert "secret-key" not in " ".join([*argv, *environment.values()])
    assert "hidden" not in environment.values()


def test_stopping_ends_them(launcher: LocalLauncher, tmp_path: Path) -> None:
    (runner,) = launcher.launch("7", [("local", "small")])
    told(tmp_path / "7-local-small.log")
    launcher.stop()
    assert runner.exit_code == -15
    assert launcher.alive() == 0


def test_one_that_will_not_end_is_killed(tmp_path: Path) -> None:
    launcher = make(tmp_path, STUBBORN + TELLS)
    (runner,) = launcher.launch("7", [("local", "small")])
    told(tmp_path / "7-local-small.log")
    launcher.stop(grace_s=0.1)
    assert runner.exit_code == -9


def test_only_local_groups_with_waiting_tasks_are_ours() -> None:
    groups = [
        {"provider": "local", "instance_type": "a", "subject": "one", "pending": 2},
        {"provider": "local", "instance_type": "a", "subject": "two", "pending": 1},
        {"provider": "local", "instance_type": "b", "pending": 0},
        {"provider": "aws", "instance_type": "c", "pending": 2},
    ]
    assert local_groups({"groups": groups}) == [("local", "a")]


def test_those_that_were_started_end_although_the_next_one_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "7-local-second.log").mkdir()
    with make(tmp_path, TELLS) as launcher:
        with pytest.raises(BenchfleetError, match="cannot start"):
            launcher.launch("7", [("local", "first"), ("local", "second")])
        assert launcher.alive() == 1
    assert launcher.alive() == 0
