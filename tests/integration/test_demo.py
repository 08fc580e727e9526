"""`benchfleet demo` as a person runs it: a process, real tasks, exit codes, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests import prepared_start
from tests.prepared_start import EMULATOR, RUNNER, forking

pytestmark = pytest.mark.system

DEMO = [sys.executable, "-m", "benchfleet.cli.main", "demo"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    return tmp_path


def config(folder: Path, *argv: str, **more: Any) -> Path:
    body = {
        "workload": "command",
        "workload_options": {"argv": list(argv), "benchmark": "act", "repeats": 2},
        "per_instance_type": {"tasks": 2},
        "local": [{"instance_type": "this-machine", "alias": "local"}],
    }
    path = folder / "config.json"
    path.write_text(json.dumps(body | more))
    return path


def start(folder: Path, config: Path, *more: str, forks: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    return (prepared_start.Popen if forks else subprocess.Popen)(
        [*DEMO, "--config", str(config), "--results", str(folder / "results"), *more],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(folder / "tmp"), **(forking(*forks) if forks else {})},
    )


def demo(folder: Path, config: Path, *more: str, forks: tuple[str, ...] = ()) -> tuple[int, str, str]:
    with start(folder, config, *more, forks=forks) as process:
        out, err = process.communicate(timeout=90)
    return process.returncode, out, err


def test_ends_with_numbers_in_a_folder(folder: Path) -> None:
    code, out, err = demo(folder, config(folder, "true"), "--json", forks=(RUNNER, EMULATOR))
    assert code == 0, err
    document = json.loads(out)
    jsonschema.Draft202012Validator(schema_of("demo")).validate(document)
    results = Path(document["results"])
    assert results == folder / "results" / document["run_id"]
    assert sorted(path.name for path in results.iterdir()) == ["local-1", "local-2", "manifest.json", "run.json"]
    (row,) = document["measurements"]
    assert (row["benchmark"], row["tasks"], row["samples"], row["ci95_over"]) == ("act", 2, 4, "tasks")
    assert row["ci95"][0] < row["mean"] < row["ci95"][1]
    assert [path.name for path in (folder / "results").iterdir()] == [document["run_id"]]
    assert list((folder / "tmp").glob("benchfleet-demo-*")) == []


@pytest.mark.proof
def test_prints_a_table_and_plain_lines_in_a_pipe(folder: Path) -> None:
    code, out, err = demo(folder, config(folder, "true"))
    assert code == 0, err
    assert "95 % confidence interval" in out
    assert "act" in out
    assert "archive: ready" in err
    assert "\x1b" not in out + err


@pytest.mark.proof
def test_a_failed_task_is_exit_code_1_and_its_reason_is_told(folder: Path) -> None:
    code, _, err = demo(folder, config(folder, "false"))
    assert code == 1, err
    assert "benchfleet: 2 of 2 tasks of run" in err
    assert "failed: The command failed with exit code 1" in err


@pytest.mark.proof
def test_a_config_that_the_api_refuses_is_exit_code_5(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text('{"workload": "mock"}')
    code, _, err = demo(folder, path)
    assert (code, "At least one instance type" in err) == (5, True), err


@pytest.mark.proof  # `make test` does it with `benchfleet run`, of which the demo is a thin use
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_everything_with_130(folder: Path, number: signal.Signals) -> None:
    marker = folder / "pid"
    path = config(folder, "sh", "-c", f"echo $$ > {marker}; exec sleep 60", per_instance_type={"tasks": 1})
    with start(folder, path) as process:
        wait_for(marker)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert not Path(f"/proc/{marker.read_text().strip()}").exists()
    assert not (folder / "results").exists()


@pytest.mark.proof
def test_time_allowed_is_kept(folder: Path) -> None:
    code, _, err = demo(folder, config(folder, "sleep", "60"), "--timeout", "2")
    assert (code, "after 2 s" in err) == (124, True), err


def wait_for(path: Path) -> None:
    until = time.monotonic() + 60
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < until
        time.sleep(0.05)
