"""`benchfleet fleet run --emulator`: one machine without any set-up; whatever is killed, the results come and nothing stays."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import psutil
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests.integration.api_client import Json
from tests.integration.fleet_project import KEYS, make_project
from tests.providers import Behaviour, Providers, serving

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]
COMMAND = [sys.executable, "-m", "benchfleet.cli.main", "fleet"]
ENDS_S = 180


@pytest.fixture
def providers() -> Iterator[Providers]:
    with serving(Providers(default=Behaviour(pieces=("well, ", "hello there")))) as server:
        yield server


@pytest.fixture
def folder(providers: Providers, tmp_path: Path) -> Iterator[Path]:
    made = make_project(tmp_path / "project", providers)
    yield made
    _, alive = psutil.wait_procs(processes_of(made), timeout=20)
    for process in alive:
        process.kill()
    assert alive == []
    assert list((made / ".benchfleet" / "fleets").glob("*")) == []


def processes_of(folder: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _is_of(process, folder)]


def _is_of(process: psutil.Process, folder: Path) -> bool:
    try:
        return str(folder) in " ".join([process.cwd(), *process.cmdline()])
    except psutil.Error:
        return False


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    hidden = {name: value for name, value in os.environ.items() if not name.startswith("BENCHFLEET_")}
    return subprocess.Popen(
        [*COMMAND, *words], cwd=folder, env=hidden | KEYS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def ended(process: subprocess.Popen[str], code: int = 0) -> str:
    out, err = process.communicate(timeout=ENDS_S)
    assert process.returncode == code, err
    return out


def run(folder: Path, *words: str) -> subprocess.Popen[str]:
    return started(folder, "run", "-m", "fleet-manifest.json", "--emulator", *words)


def until(found: Callable[[], object]) -> None:
    for _ in range(600):
        if found():
            return
        time.sleep(0.1)
    raise AssertionError("it never came")


def process_with(folder: Path, *words: str) -> psutil.Process:
    """The one whose command line has these words."""
    until(lambda: [one for one in processes_of(folder) if set(words) <= set(one.cmdline())])
    return next(one for one in processes_of(folder) if set(words) <= set(one.cmdline()))


def results(folder: Path, run_id: str) -> Json:
    found: Json = json.loads((folder / "fleet-results" / run_id / "fleet-results.json").read_text())
    return found


def test_one_machine_and_no_set_up(folder: Path) -> None:
    told = json.loads(ended(run(folder, "--wait", "--json", "--poll", "0.2", "--min-pass-rate", "1")))
    jsonschema.Draft202012Validator(schema_of("fleet run")).validate(told)
    assert (told["results"]["status"], told["results"]["fleet_summary"]["total_succeeded"]) == ("completed", 12)
    assert [path for path in told["metadata"]["expected_artifacts"] if not (folder / path).is_file()] == []


def test_its_collector_may_be_killed(folder: Path, providers: Providers) -> None:
    """Commands find the run's own control plane; `wait` takes up what goes on by itself, and ends it."""
    providers.default = Behaviour(ttft_s=0.5)
    run_id = ended(run(folder, "--format", "quiet", "--concurrency", "1")).strip()
    process_with(folder, "benchfleet.fleet.collect").send_signal(signal.SIGKILL)
    status = json.loads(ended(started(folder, "status", run_id, "--json")))
    assert status["status"] in ("queued", "running", "completed")
    assert "12 (100.0%)" in ended(started(folder, "wait", run_id, "--poll", "0.2"))
    assert results(folder, run_id)["status"] == "completed"
    assert len(providers.served) == 12


def test_its_runner_may_be_killed(folder: Path, providers: Providers) -> None:
    """What was answered before is not sent again, but for what was on its way."""
    providers.default = Behaviour(ttft_s=0.5)
    process = run(folder, "--wait", "--format", "quiet", "--concurrency", "1", "--slots", "1", "--poll", "0.2")
    until(lambda: len(providers.served) >= 4)
    process_with(folder, "runner_image").send_signal(signal.SIGKILL)
    run_id = ended(process).strip()
    assert results(folder, run_id)["fleet_summary"]["total_succeeded"] == 12


def test_ctrl_c_stops_it_and_keeps_what_was_answered(folder: Path, providers: Providers) -> None:
    providers.default = Behaviour(ttft_s=1.0)
    process = run(folder, "--wait", "--format", "quiet", "--concurrency", "1", "--slots", "1", "--poll", "0.2")
    until(lambda: len(providers.served) >= 2)
    process.send_signal(signal.SIGINT)
    run_id = ended(process, 130).strip()
    found = results(folder, run_id)
    assert found["status"] == "cancelled"
    assert found["fleet_summary"]["total_skipped"] > 0


def test_sigterm_of_its_collector_ends_everything_and_the_run_can_go_on(folder: Path, providers: Providers) -> None:
    providers.default = Behaviour(ttft_s=0.5)
    run_id = ended(run(folder, "--format", "quiet")).strip()
    until(lambda: len(providers.served) >= 1)
    process_with(folder, "benchfleet.fleet.collect").terminate()
    until(lambda: not processes_of(folder))
    assert not (folder / "fleet-results" / run_id / "fleet-results.json").exists()
    ended(started(folder, "wait", run_id, "--poll", "0.2"))
    assert results(folder, run_id)["fleet_summary"]["total_succeeded"] == 12
