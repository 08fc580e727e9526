"""`benchfleet compare` as a person runs it: a process in a pipe, a real emulator and runner, two real commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
from benchfleet.cli.documents.compare import Compared

BENCHFLEET = [sys.executable, "-m", "benchfleet.cli.main", "compare"]
SLOW = f"{sys.executable} -S -c 'import time; time.sleep(0.2)'"
QUICK = f"{sys.executable} -S -c 'import time; time.sleep(0.01)'"


def compare(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BENCHFLEET_")}
    return subprocess.run(
        [*BENCHFLEET, *words], cwd=folder, env=clean, capture_output=True, text=True, timeout=120, check=False
    )


def test_two_commands_are_compared(tmp_path: Path) -> None:
    ran = compare(
        tmp_path, QUICK, SLOW, "--tasks", "2", "--repeats", "1", "--noise-floor", "--max-slowdown", "10%", "--json"
    )
    assert ran.stdout, ran.stderr
    document = json.loads(ran.stdout)
    jsonschema.validate(document, Compared.model_json_schema())
    (row,) = document["rows"]
    assert (row["benchmark"], row["tasks"], row["relation"]["verdict"] != "unknown") == ("command", 2, True)
    assert row["b"] > 0.2
    assert (document["complete_repeats"], document["repeats_on_one_instance"]) == (2, 2)
    assert document["noise_floor"][0]["subject"] == "A"
    slower = (
        row["relation"]["verdict"] == "worse" and row["relation"]["ratio"] > 1.1
    )  # how sure: a loaded machine's say
    assert ran.returncode == document["exit_code"] == int(slower)
    assert ("B is worse than A by more than 10.0 % and beyond noise" in ran.stderr) == slower
    about = json.loads((Path(document["results_dir"]) / "run.json").read_text())
    assert (about["order"], about["subjects"]) == ("abba", ["A", "B", "A+again"])
    tasks = json.loads((Path(document["results_dir"]) / "manifest.json").read_text())["tasks"]
    assert [task["subject"] for task in tasks] == ["A", "B", "A+again", "A+again", "B", "A"]


def test_what_is_wrong_with_the_words_starts_nothing(tmp_path: Path) -> None:
    ran = compare(tmp_path, "a | b", "c")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "needs a shell for |" in ran.stderr
    assert list(tmp_path.iterdir()) == []
