"""`benchfleet run` and a world that breaks: control planes that die and come back, a disk that is full."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.proof.run_terminal import Terminal, orphans

pytestmark = [pytest.mark.proof, pytest.mark.timeout(240)]

BODY = {
    "workload": "mock",
    "workload_options": {"steps": 12, "step_s": 0.5},
    "lease_s": 10,
    "max_attempts": 3,
    "per_instance_type": {"tasks": 3},
    "local": [{"instance_type": "box", "alias": "b"}],
    "provision": {"local": {"isolation": "process"}},
}
FLAGS = ("-c", "config.json", "--run-id", "7", "--slots", "1")
READY_S = 60


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.json").write_text(json.dumps(BODY))
    yield home
    assert orphans(home) == []


def last_line(terminal: Terminal) -> Any:
    return json.loads(terminal.stdout.splitlines()[-1])


def own_emulator(folder: Path) -> int:
    state = json.loads((folder / ".benchfleet/runs/7.json").read_text())
    return int(state["emulator"]["process"]["pid"])


def test_an_emulator_that_is_killed_comes_back_and_nothing_is_lost(folder: Path) -> None:
    with Terminal(folder, *FLAGS, "--emulator") as terminal:
        terminal.wait_for("about")  # the first task has completed
        os.kill(own_emulator(folder), signal.SIGKILL)
        terminal.wait_for("The emulator has ended; starting it again")
        code, said = terminal.end(within_s=180)
    assert code == 0, said
    assert last_line(terminal)["tasks"] == {"total": 3, "completed": 3, "failed": 0, "cancelled": 0}


@pytest.mark.parametrize("resumes", [False, True])
def test_an_emulator_that_is_killed_before_it_has_kept_the_run_gets_it_again(folder: Path, resumes: bool) -> None:
    with Terminal(folder, *FLAGS, "--emulator") as terminal:
        terminal.wait_for("Run 7 with 3 tasks")
        if resumes:
            terminal.process.kill()
        os.kill(own_emulator(folder), signal.SIGKILL)
        if not resumes:
            code, said = terminal.end(within_s=180)
    if resumes:
        with Terminal(folder, "--resume", "7") as terminal:
            code, said = terminal.end(within_s=180)
    assert code == 0, said
    assert said.count("had not kept run 7 yet: creating it again") == 1
    assert last_line(terminal)["tasks"] == {"total": 3, "completed": 3, "failed": 0, "cancelled": 0}


class Plane:
    """A control plane that is not ours: an emulator on a fixed port, with a folder that it keeps."""

    def __init__(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        ready = self._home / "ready.json"
        ready.unlink(missing_ok=True)
        flags = ("--port", str(self._port), "--ready-file", str(ready), "--state", str(self._home / "state"))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local_emulator", *flags],
            cwd=self._home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        Terminal.until(ready.exists, within_s=READY_S)
        document: dict[str, Any] = json.loads(ready.read_text())
        return document

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    home = tmp_path / "plane"
    home.mkdir()
    found = Plane(home)
    yield found
    found.kill()


def test_a_control_plane_that_is_away_for_a_while_is_waited_for(folder: Path, plane: Plane) -> None:
    ready = plane.start()
    environment = {"BENCHFLEET_URL": ready["api_url"], "BENCHFLEET_API_KEY": ready["keys"]["admin"]}
    with Terminal(folder, *FLAGS, environment=environment) as terminal:
        terminal.wait_for("about")
        plane.kill()
        terminal.wait_for("No response from the control plane since")
        state = json.loads((folder / ".benchfleet/runs/7.json").read_text())
        assert (state["run_id"], state["phase"]) == ("7", "following")
        plane.start()
        terminal.wait_for("The control plane responds again")
        code, said = terminal.end(within_s=180)
    assert code == 0, said
    assert last_line(terminal)["tasks"]["completed"] == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_disk_that_is_full_is_one_line_and_resume_finishes_it(folder: Path) -> None:
    noise = {"argv": ["head", "-c", "300000", "/dev/urandom"], "benchmark": "noise"}
    (folder / "config.json").write_text(json.dumps({**BODY, "workload": "command", "workload_options": noise}))
    results = folder / "results"
    results.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(results)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs here: {mounted.stderr.decode().strip()}")
    try:
        with Terminal(folder, *FLAGS, "--emulator") as terminal:
            code, said = terminal.end(within_s=120)
        assert code == 3, said
        assert "No space left on device" in said
        assert "benchfleet run --resume 7" in said
        assert list(results.iterdir()) == []
        assert orphans(folder) == []
        subprocess.run(["mount", "-o", "remount,size=64m", str(results)], check=True)
        with Terminal(folder, "--resume", "7") as terminal:
            code, said = terminal.end(within_s=120)
        assert code == 0, said
        assert (results / "7" / "b-1" / "output.json").exists()
    finally:
        subprocess.run(["umount", str(results)], check=True)
