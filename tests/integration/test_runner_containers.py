"""Docker isolation against a real engine, with an image made of this machine's own shell."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runner_image.containers import DockerIsolation, Limits, connect
from runner_image.stopping import Stop, Stopped, StopReason
from runner_image.workloads.protocol import TIMED_OUT, Execute, WorkloadError
from tests.engine_policy import lacking

pytestmark = [pytest.mark.needs_docker, pytest.mark.xdist_group("docker")]
TOOLS = ("sh", "cat", "sleep", "id", "ls", "setsid", "touch", "nproc")


def tiny_root() -> bytes:
    """A root file system of a shell and a few tools, with the libraries that they are linked to."""
    paths = {f"bin/{tool}": shutil.which(tool) or "" for tool in TOOLS}
    for tool in list(paths.values()):
        linked = subprocess.run(["ldd", tool], capture_output=True, text=True, check=True).stdout.split()
        paths.update({word.lstrip("/"): word for word in linked if word.startswith("/")})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, path in sorted(paths.items()):
            archive.add(os.path.realpath(path), arcname=name)
    return out.getvalue()


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    name = f"benchfleet-test-tiny:{os.getpid()}"
    engine = connect(5)
    if engine is None:
        lacking("needs_docker", "no Docker engine answers")
    with closing(engine):
        repository, _, tag = name.partition(":")
        engine.api.import_image_from_data(tiny_root(), repository=repository, tag=tag)
        yield name
        engine.images.remove(name, force=True)


@pytest.fixture
def isolation(image: str) -> Iterator[DockerIsolation]:
    engine = connect()
    assert engine is not None
    with closing(engine):
        labels = {"benchfleet.test": str(os.getpid())}
        yield DockerIsolation(engine, image, limits=Limits(memory_bytes=128 * 1024**2), labels=labels)


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    for directory in (tmp_path, *tmp_path.parents[:2]):
        directory.chmod(0o755)
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def containers() -> list[str]:
    listed = ["docker", "ps", "-aq", "--filter", f"label=benchfleet.test={os.getpid()}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()


def run(execute: Execute, line: str, work_dir: Path, *, timeout_s: float | None = None) -> tuple[int, list[str]]:
    said: list[str] = []
    command = ["/bin/sh", "-c", line]
    code = execute(command, cwd=work_dir, environment={"GREETING": "hello"}, on_line=said.append, timeout_s=timeout_s)
    return code, said


def test_commands_of_a_task_share_one_unprivileged_container(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, core=0, stop=Stop()) as execute:
        code, said = run(
            execute, f"echo $GREETING; id -u; ls / ; nproc; touch {work_dir}/made; echo late >&2; exit 3", work_dir
        )
        assert code == 3
        assert said[0] == "hello"
        assert said[1] != "0"
        assert said[-2:] == ["1", "late"]
        assert (work_dir / "made").exists()
        run(execute, "touch /work/second", work_dir)
        assert len(containers()) == 1
    assert (work_dir / "second").exists()
    assert containers() == []


def test_a_stop_kills_everything_and_removes_the_container(isolation: DockerIsolation, work_dir: Path) -> None:
    stop = Stop()
    threading.Timer(1, lambda: stop.set(StopReason.CANCELLED)).start()
    with isolation.open(work_dir, core=None, stop=stop) as execute, pytest.raises(Stopped):
        run(execute, "setsid sleep 100 & sleep 100", work_dir)
    assert containers() == []


def test_a_timeout_ends_the_command_and_the_next_one_runs(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, core=None, stop=Stop()) as execute:
        assert run(execute, "echo begun; sleep 100", work_dir, timeout_s=1) == (TIMED_OUT, ["begun"])
        assert run(execute, "echo again", work_dir) == (0, ["again"])


def test_a_program_that_is_not_there(isolation: DockerIsolation, work_dir: Path) -> None:
    with isolation.open(work_dir, core=None, stop=Stop()) as execute:
        code = execute(["nonesuch"], cwd=work_dir, environment={}, on_line=lambda _line: None)
    assert code == 127


def test_an_engine_without_the_image_is_our_fault(work_dir: Path, image: str) -> None:
    engine = connect()
    assert engine is not None
    with closing(engine):
        missing = DockerIsolation(engine, "localhost:1/no/such:image", limits=Limits(), labels={})
        with missing.open(work_dir, core=None, stop=Stop()) as execute, pytest.raises(WorkloadError) as raised:
            run(execute, "true", work_dir)
    assert raised.value.failure_class == "infrastructure"


def test_the_container_does_not_outlive_a_runner_that_is_killed(
    isolation: DockerIsolation, work_dir: Path, image: str
) -> None:
    script = f"""
import sys
from pathlib import Path
from runner_image.containers import DockerIsolation, Limits, connect
from runner_image.stopping import Stop
isolation = DockerIsolation(connect(), {image!r}, limits=Limits(), labels={{"benchfleet.test": "{os.getpid()}"}})
work_dir = Path({str(work_dir)!r})
command = ["/bin/sh", "-c", "echo begun; sleep 100"]
with isolation.open(work_dir, core=None, stop=Stop()) as execute:
    execute(command, cwd=work_dir, environment={{}}, on_line=lambda line: print(line, flush=True))
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as runner:
        assert runner.stdout
        assert runner.stdout.readline() == b"begun\n"
        assert len(containers()) == 1
        runner.kill()
    ends = time.monotonic() + 15
    while containers() and time.monotonic() < ends:
        time.sleep(0.1)
    assert containers() == []
