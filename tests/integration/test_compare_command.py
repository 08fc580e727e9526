"""`benchfleet compare` as a person runs it: a process in a pipe, a real emulator and runner, two real commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from benchfleet.cli.documents.compare import Compared

from tests.integration.command_line import command_line

BENCHFLEET = [sys.executable, "-m", "benchfleet.cli.main", "compare"]
ENDS_S = 240  # an emulator, a runner and six tasks, on a machine that has more to do


def compare(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BENCHFLEET_")}
    return subprocess.run(
        [*BENCHFLEET, *words], cwd=folder, env=clean, capture_output=True, text=True, timeout=ENDS_S, check=False
    )


@pytest.mark.proof
@pytest.mark.timeout(ENDS_S + 30)
def test_two_commands_are_compared(tmp_path: Path) -> None:
    """How they differ is the machine's say: what is expected here does not hang on its noise."""
    ran = compare(tmp_path, "true", "sleep 0.05", "--tasks", "2", "--repeats", "1", "--noise-floor", "--json")
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    jsonschema.validate(document, Compared.model_json_schema())
    (row,) = document["rows"]
    assert (row["benchmark"], row["tasks"], row["a"] > 0, row["b"] > 0.05) == ("command", 2, True, True)
    assert row["relation"]["verdict"] in ("better", "worse", "unclear")
    assert (document["complete_repeats"], document["repeats_on_one_instance"], document["exit_code"]) == (2, 2, 0)
    assert document["noise_floor"][0]["subject"] == "A"
    about = json.loads((Path(document["results_dir"]) / "run.json").read_text())
    assert (about["order"], about["subjects"]) == ("abba", ["A", "B", "A+again"])
    tasks = json.loads((Path(document["results_dir"]) / "manifest.json").read_text())["tasks"]
    assert [task["subject"] for task in tasks] == ["A", "B", "A+again", "A+again", "B", "A"]


def test_what_is_wrong_with_the_words_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = command_line(capsys)("compare", "a | b", "c")
    assert (ran.code, ran.out) == (2, "")
    assert "needs a shell for |" in ran.err
    assert list(tmp_path.iterdir()) == []
