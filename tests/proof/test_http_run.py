"""Three frameworks, by the direct command and by a run through emulator and runner: the same shape of results."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner_image.workloads.http.apps.install import install
from runner_image.workloads.http.contract.schemas import APPS

pytestmark = [pytest.mark.proof, pytest.mark.needs_load_tools]
BENCHFLEET = [sys.executable, "-m", "benchfleet.cli.main"]
FRAMEWORKS = ("fastapi", "starlette", "flask")
TINY = {"quick": True, "workloads": ["path-simple"], "tries": 1}


def command(folder: Path, *words: str, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run([*BENCHFLEET, *words], cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode in codes, done.stderr
    return done.stdout


def shape(value: Any) -> Any:
    """Types by name; of lists that of all entries; nulls fit anything, as what is not known here may be there."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return sorted({json.dumps(shape(one), sort_keys=True) for one in value})
    return type(value).__name__.replace("int", "number").replace("float", "number")


@pytest.mark.timeout(900)
def test_a_run_gives_what_the_direct_command_gives(tmp_path: Path) -> None:
    for name in FRAMEWORKS:
        install(APPS / name)
    body = {
        "workload": "http", "workload_options": TINY, "order": "abba",
        "subjects": [{"name": name, "framework": name} for name in FRAMEWORKS],
        "per_instance_type": {"tasks": 2}, "local": [{"instance_type": "box"}],
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(body))
    command(tmp_path, "run", "-c", "config.json", "--emulator", "--run-id", "run")
    words = ("--frameworks", ",".join(FRAMEWORKS), "--suite", "path-simple", "--quick", "--repeats", "2")
    command(tmp_path, "http", "compare", *words, "--output", "results/direct", codes=(0, 4, 5))

    run, direct = tmp_path / "results" / "run", tmp_path / "results" / "direct"
    assert _results(run) == _results(direct) == {(name, repeat) for name in FRAMEWORKS for repeat in (1, 2)}
    for name in ("run.json", "manifest.json"):
        assert set(_read(direct / name)) <= set(_read(run / name))
    assert set(_outputs(run)) & set(_outputs(direct)), "both measured something"
    told = [json.loads(command(tmp_path, "report", str(folder), "--json", codes=(0, 1))) for folder in (run, direct)]
    assert set(told[0]) == set(told[1])
    boards = [{(board["metric"], board["variant"]) for board in one["boards"]} for one in told]
    assert boards[0] & boards[1] >= {("start_up", "default"), ("idle_memory", "default")}


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _results(folder: Path) -> set[tuple[str, int]]:
    return {(one["subject"], one["repeat"]) for one in map(_read, folder.glob("*/http.json"))}


def _outputs(folder: Path) -> set[str]:
    return {json.dumps(shape(_read(path)["measurements"]), sort_keys=True) for path in folder.glob("*/output.json")}
