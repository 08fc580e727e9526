"""Ctrl-C at each stage of `benchfleet run`, on a real terminal: exit code 130, no process left, nothing half-written."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.proof.run_control_plane import ControlPlane
from tests.proof.run_terminal import CTRL_C, Terminal, orphans

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

BODY = {
    "workload": "mock",
    "workload_options": {"steps": 40, "step_s": 0.5},
    "lease_s": 8,  # a beat every two seconds: progress is seen soon
    "per_instance_type": {"tasks": 2},
    "local": [{"instance_type": "box", "alias": "b"}],
    "provision": {"local": {"isolation": "process"}},
}
FLAGS = ("-c", "config.json", "--run-id", "7")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "config.json").write_text(json.dumps(BODY))
    yield tmp_path
    assert orphans(tmp_path) == []


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with ControlPlane() as running:
        yield running


def last_line(terminal: Terminal) -> Any:
    return json.loads(terminal.stdout.splitlines()[-1])


def left(folder: Path) -> list[str]:
    """What is in the folder beside what the tests put there."""
    mine = {"config.json", "stdout"}
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name not in mine)


def test_while_the_emulator_starts(folder: Path) -> None:
    with Terminal(folder, *FLAGS, "--emulator") as terminal:
        terminal.wait_for("Starting the emulator")
        terminal.type(CTRL_C)
        code, said = terminal.end()
    assert (code, terminal.stdout) == (130, "")
    assert "benchfleet: interrupted" in said
    assert left(folder) == []


def test_while_runners_are_provisioned(folder: Path, plane: ControlPlane) -> None:
    body = {**BODY, "provision": {"local": {"isolation": "best"}}}
    (folder / "config.json").write_text(json.dumps(body))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # an engine that never answers
        environment = {"DOCKER_HOST": f"tcp://127.0.0.1:{silent.getsockname()[1]}"}
        with Terminal(folder, *FLAGS, "--api-url", plane.url, environment=environment) as terminal:
            silent.settimeout(60)
            asked = silent.accept()[0]
            terminal.type(CTRL_C)
            code, said = terminal.end()
            asked.close()
    assert (code, terminal.stdout) == (130, "")
    assert "benchfleet: interrupted" in said
    assert left(folder) == []


def test_while_the_run_is_created(folder: Path, plane: ControlPlane) -> None:
    """It may exist or not: the state file stays, and --resume sends the same request again."""
    plane.hangs = "POST /runs"
    with Terminal(folder, *FLAGS, "--api-url", plane.url) as terminal:
        plane.wait_until_it_hangs()
        terminal.type(CTRL_C)
        code, said = terminal.end()
    assert code == 130
    assert "benchfleet run --resume 7" in said
    assert last_line(terminal)["status"] is None
    assert orphans(folder) == []
    plane.hangs = None
    plane.finish(archive=plane.small_archive)
    with Terminal(folder, "--resume", "7", "--api-url", plane.url) as terminal:
        assert terminal.end()[0] == 0
    assert plane.created == 1


@pytest.mark.parametrize("answer", ["k\r", CTRL_C])
def test_while_it_is_followed_it_may_be_kept_and_resumed(folder: Path, answer: str) -> None:
    with Terminal(folder, *FLAGS, "--emulator") as terminal:
        terminal.wait_for("mock-")
        terminal.type(CTRL_C)
        terminal.wait_for("Choose k, s or c")
        terminal.type(answer)
        code, said = terminal.end()
    assert code == 130
    assert "Run 7 goes on. Go on with: benchfleet run --resume 7" in said
    assert (last_line(terminal)["status"], last_line(terminal)["exit_code"]) == ("running", 130)
    assert len([line for line in orphans(folder) if "benchfleet.cli.main emulator" in line]) == 1
    with Terminal(folder, "--resume", "7") as terminal:
        terminal.wait_for("mock-")
        terminal.type(CTRL_C)
        terminal.wait_for("Choose k, s or c")
        terminal.type("c\r")
        assert terminal.end()[0] == 130


def test_while_it_is_followed_the_run_may_be_stopped(folder: Path) -> None:
    with Terminal(folder, *FLAGS, "--emulator") as terminal:
        terminal.wait_for("mock-")
        terminal.type(CTRL_C)
        terminal.wait_for("Choose k, s or c")
        terminal.type("s\r")
        code, said = terminal.end()
    assert code == 130
    assert "Run 7 was stopped: " in said
    assert last_line(terminal)["status"] == "cancelled"
    assert (folder / "results" / "7" / "manifest.json").exists()


def test_while_it_is_followed_everything_may_be_cleaned_up(folder: Path) -> None:
    with Terminal(folder, *FLAGS, "--emulator") as terminal:
        terminal.wait_for("mock-")
        terminal.type(CTRL_C)
        terminal.wait_for("Choose k, s or c")
        terminal.type("c\r")
        code, said = terminal.end()
    assert code == 130
    assert "nothing of it is left here" in said
    told = last_line(terminal)
    assert (told["status"], told["status_file"], told["results_dir"]) == ("cancelled", None, None)
    assert left(folder) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_kill_asks_nothing_and_leaves_a_run_that_can_be_resumed(folder: Path, number: signal.Signals) -> None:
    with Terminal(folder, *FLAGS, "--emulator") as terminal:
        terminal.wait_for("mock-")
        terminal.process.send_signal(number)
        code, said = terminal.end()
    assert code == 130
    assert "benchfleet run --resume 7" in said
    assert orphans(folder) == []
    assert (folder / ".benchfleet" / "runs" / "7.json").exists()


def test_yes_asks_nothing(folder: Path) -> None:
    with Terminal(folder, *FLAGS, "--emulator", "--yes") as terminal:
        terminal.wait_for("mock-")
        terminal.type(CTRL_C)
        code, said = terminal.end()
    assert code == 130
    assert "runners and emulator of this command have ended" in said


def test_while_the_archive_is_downloaded(folder: Path, plane: ControlPlane) -> None:
    plane.finish(archive=plane.small_archive)
    plane.hangs = "GET /archive"
    with Terminal(folder, *FLAGS, "--api-url", plane.url) as terminal:
        plane.wait_until_it_hangs()
        terminal.type(CTRL_C)
        terminal.wait_for("Choose k, s or c")
        terminal.type("k\r")
        assert terminal.end()[0] == 130
    assert [path for path in left(folder) if path.startswith("results")] == []
    plane.hangs = None
    with Terminal(folder, "--resume", "7", "--api-url", plane.url) as terminal:
        assert terminal.end()[0] == 0
    assert (folder / "results" / "7" / "manifest.json").exists()


def test_while_the_archive_is_unpacked(folder: Path, plane: ControlPlane) -> None:
    plane.finish(archive=plane.large_archive)
    with Terminal(folder, *FLAGS, "--api-url", plane.url) as terminal:
        terminal.wait_until(lambda: list((folder / "results").glob(".7-*")))
        terminal.type(CTRL_C)
        terminal.wait_for("Choose k, s or c")
        terminal.type("k\r")
        assert terminal.end()[0] == 130
    assert [path for path in left(folder) if path.startswith("results")] == []
