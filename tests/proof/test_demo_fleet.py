"""`make demo-fleet`: a control plane, a runner and a real model for one command, and nothing of them afterwards."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local_emulator.model.install import Unavailable, install

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]
OURS = ("BENCHFLEET_", "AWS_", "MAKE", "MFLAGS")


def demo_command(output: Path) -> list[str]:
    """The command of the Makefile's target, with results elsewhere: the target itself would look at the set-up first."""
    told = subprocess.run(
        ["make", "--dry-run", "--always-make", "--no-print-directory", "demo-fleet"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    (line,) = [one for one in told.replace("\\\n", " ").splitlines() if "fleet run" in one]
    words = line.lstrip("@").split()
    assert words.count("results") == 1
    return [sys.executable if word.endswith("/python") else word for word in words[: words.index("results")]] + [
        str(output), *words[words.index("results") + 1 :],
    ]  # fmt: skip


def test_the_demo_ends_with_a_table_and_a_page_and_leaves_no_process(tmp_path: Path) -> None:
    try:
        install()
    except Unavailable as error:
        pytest.skip(str(error))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    mark = f"{tmp_path.name}-{os.getpid()}"
    done = subprocess.run(
        demo_command(tmp_path), cwd=ROOT, env={**environment, "DEMO_MARK": mark}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    *_, last = done.stdout.splitlines()
    page = Path(re.sub("^Report: ", "", last))
    assert page.is_file()
    assert "local_smollm2-135m-warm" in done.stdout
    results = json.loads((page.parent / "fleet-results.json").read_text())
    summary = results["fleet_summary"]
    assert (results["status"], summary["total_tests"], summary["total_succeeded"]) == ("completed", 12, 12)
    assert all(one["latency"]["output_tokens_per_s"] > 0 for one in results["target_breakdown"].values())
    assert summary["total_cost"] == 0
    assert _marked(mark) == []


def _marked(mark: str) -> list[str]:
    """Command lines of processes that have the mark in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if f"DEMO_MARK={mark}".encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found
