"""The kind `http` through command line, emulator and a real runner: the same files as the direct command leaves."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from benchfleet.report.analysis import analyse
from benchfleet.report.reading import read_runs
from benchfleet_contract.http_results import HttpResult

from local_emulator.stack import Emulator
from tests import prepared_start
from tests.integration.http.right_app import SHORT, WORKLOADS, right_app
from tests.prepared_start import RUNNER, forking

pytestmark = [pytest.mark.system, pytest.mark.needs_load_tools]
BENCHFLEET = [sys.executable, "-m", "benchfleet.cli.main"]


def config(folder: Path) -> Path:
    subjects = [{"name": name, "app": {"path": str(right_app(folder / name, name))}} for name in ("first", "second")]
    body = {
        "workload": "http", "workload_options": {**SHORT, "tries": 1, "workloads": WORKLOADS[:1]}, "subjects": subjects,
        "order": "abba", "per_instance_type": {"tasks": 1}, "local": [{"instance_type": "box"}],
    }  # fmt: skip
    path = folder / "config.json"
    path.write_text(json.dumps(body))
    return path


def ran(folder: Path, plane: Emulator) -> Any:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BENCHFLEET_")}
    done = prepared_start.run(
        [*BENCHFLEET, "run", "-c", str(config(folder)), "--run-id", "h1"],
        cwd=folder, capture_output=True, text=True, timeout=90,
        env={**environment, "XDG_CACHE_HOME": str(folder / "cache"), "BENCHFLEET_URL": plane.ready.api_url,
             "BENCHFLEET_API_KEY": plane.ready.keys.admin, **forking(RUNNER)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def test_frameworks_are_compared_by_a_run_as_by_the_direct_command(tmp_path: Path, emulator: Emulator) -> None:
    done = ran(tmp_path, emulator)
    assert "isolation process" in done.stderr
    folders = sorted((tmp_path / "results" / "h1").glob("*/"))
    results = [HttpResult.model_validate_json((folder / "http.json").read_bytes()) for folder in folders]
    assert [(one.subject, one.repeat, one.failure) for one in results] == [("first", 1, None), ("second", 1, None)]
    for one, folder in zip(results, folders, strict=True):
        assert [cell.name for cell in one.workloads] == WORKLOADS[:1]
        assert all(cell.saturation[0].ok > 0 for cell in one.workloads)
        assert all(name in os.listdir(folder) for name in ("output.json", "output.txt", "metadata.json"))
    report = analyse(read_runs([tmp_path / "results" / "h1"]))
    assert {board.metric for board in report.boards} >= {"start_up", "idle_memory"}
    assert {group.subject for group in report.groups} == {"first", "second"}
