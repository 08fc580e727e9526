"""The image for real: built offline from a wheelhouse, run as a container, one task from claim to archive."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchfleet.cli.progress import PlainLines
from benchfleet.client import Client
from benchfleet.results.fetch import fetch
from benchfleet.watch.polling import watch_run
from rich.console import Console

from local_emulator.stack import Emulator
from runner_image.image import build_image, debian_base
from tests.engine_policy import lacking

TAG = f"benchfleet-runner:test-{os.getpid()}"
PULLED_BASE = "python:3.11-bookworm"  # where there is a registry but no debootstrap: python, git and nothing to install

# Building it costs 8 CPU seconds; `make test` has containers in test_runner_containers.py, and reads the Dockerfile.
pytestmark = [pytest.mark.proof, pytest.mark.needs_docker, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def base_image() -> str:
    if shutil.which("debootstrap") and os.geteuid() == 0:
        return debian_base.ensure(debian_base.cache_dir())
    if docker("pull", PULLED_BASE, check=False).returncode != 0:
        lacking("needs_docker", f"neither debootstrap as root nor {PULLED_BASE} from a registry")
    return PULLED_BASE


@pytest.fixture(scope="module")
def image(base_image: str) -> Iterator[str]:
    build_image.build(build_image.Plan(tag=TAG, base=base_image, system_packages=""))
    yield TAG
    docker("image", "rm", "--force", TAG)


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], check=check, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def container(image: str, *arguments: str) -> list[str]:
    """The key comes by its name in the environment, never as an argument."""
    return ["docker", "run", "--rm", "--init", "--network", "host", "--env", "BENCHFLEET_API_KEY", image, *arguments]


def work(command: list[str], emulator: Emulator, run_id: str) -> None:
    """Runs a runner until the run has nothing left for it."""
    told = ["--orchestrator-url", emulator.ready.api_url, "--run-id", run_id]
    where = ["--provider", "docker", "--instance-type", "container", "--slots", "1"]
    ended = subprocess.run(
        [*command, *told, *where],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "BENCHFLEET_API_KEY": emulator.ready.keys.runner},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def archive_of(client: Client, run_id: str, results: Path) -> Path:
    lines = PlainLines(Console(stderr=True))
    run = watch_run(client, run_id, display=lines, timeout_s=60)
    assert (run.status, run.tasks.completed) == ("completed", 1)
    return fetch(client, run_id, results) / "box-1"


PRINT_USER = "import os, platform; print('uid', os.getuid(), 'python', platform.python_version())"
BODY = {
    "workload": "command",
    "workload_options": {"argv": ["python3", "-c", PRINT_USER], "benchmark": "start-python", "repeats": 3},
    "per_instance_type": {"tasks": 1},
    "docker": [{"instance_type": "container", "alias": "box"}],
}


def require_result(folder: Path) -> None:
    """Three samples, and a provenance that names the image and the real machine."""
    output = json.loads((folder / "output.json").read_bytes())
    assert [len(found["samples"]) for found in output["measurements"]] == [3]
    machine = json.loads((folder / "metadata.json").read_bytes())["provenance"]["machine"]
    assert machine["container_image"].startswith(TAG)
    assert machine["kernel"] == os.uname().release


def test_a_runner_in_a_container_completes_a_real_task(image: str, emulator: Emulator, tmp_path: Path) -> None:
    with Client(emulator.ready.api_url, key=emulator.ready.keys.admin) as client:
        run_id = client.create_run(BODY).run_id
        work(container(image), emulator, run_id)
        folder = archive_of(client, run_id, tmp_path)
    assert "uid 10001" in (folder / "output.txt").read_text()
    require_result(folder)


def test_a_runner_outside_gives_each_task_a_container(image: str, emulator: Emulator, tmp_path: Path) -> None:
    isolated = [sys.executable, "-m", "runner_image", "--isolation", "docker", "--image", image]
    with Client(emulator.ready.api_url, key=emulator.ready.keys.admin) as client:
        run_id = client.create_run(BODY).run_id
        work(isolated, emulator, run_id)
        folder = archive_of(client, run_id, tmp_path)
    require_result(folder)
    assert docker("ps", "--all", "--quiet", "--filter", f"label=benchfleet.run={run_id}").stdout == ""


def test_the_image_needs_no_root_and_no_network(image: str) -> None:
    said = docker("run", "--rm", "--network", "none", "--entrypoint", "python", image, "-m", "runner_image", "--help")
    assert "--orchestrator-url" in said.stdout
    config = json.loads(docker("image", "inspect", image).stdout)[0]["Config"]
    assert (config["User"], config["StopSignal"]) == ("benchfleet", "SIGTERM")
    assert not [line for line in config["Env"] if "KEY" in line]


def test_the_image_says_which_ruby_is_in_it(image: str) -> None:
    """So that a runner knows without a pull whether it serves for a run's ruby_version."""
    line = "ruby --version 2>/dev/null || true"
    said = docker("run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", line).stdout
    config = json.loads(docker("image", "inspect", image).stdout)[0]["Config"]
    label = config["Labels"].get("benchfleet.ruby", "")
    assert said.startswith(f"ruby {label}" if label else "")
    assert bool(label) == bool(said)
