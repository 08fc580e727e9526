"""The recipe of docs/ci.md, run as it stands there: a real regression fails the job, and its repair passes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
ENDS_S = 200
# A command that takes its own measurements, so that no other program on this machine decides the test.
BENCH = (
    'printf \'{"schema_version": 1, "workload": "command", "measurements": [{"benchmark": "bench", "variant": "default", '
    '"metric": "time", "unit": "s", "better": "lower", "samples": [%s%s]}]}\' MEAN $(($$ % 10)) > "$BENCHFLEET_OUTPUT"\n'
)
FAST, SLOW = BENCH.replace("MEAN", "1.00"), BENCH.replace("MEAN", "1.20")


def block(kind: str, name: str) -> str:
    """The block of the page that begins with a comment that names its file."""
    found = re.search(rf"^```{kind}\n(# {re.escape(name)}.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/ci.md has no {kind} block of {name}"
    return found[1]


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, bench: str) -> str:
    (folder / "bench.sh").write_text(bench)
    git(folder, "add", "bench.sh")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "more")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    cheap = block("yaml", "benchmarks.yaml").replace("warmup: 1", "warmup: 0").replace("tasks: 5", "tasks: 3")
    (tmp_path / "benchmarks.yaml").write_text(cheap.replace("repeats: 3", "repeats: 1"))
    (tmp_path / "benchfleet-thresholds.toml").write_text(block("toml", "benchfleet-thresholds.toml"))
    (tmp_path / "gate.sh").write_text(block("sh", "ci/gate.sh"))
    return tmp_path


def gate(folder: Path, base: str, head: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("BENCHFLEET_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{known['PATH']}"
    return subprocess.run(
        ["sh", "gate.sh"],
        cwd=folder, env={**known, "PATH": path, "BASE": base, "HEAD": head}, capture_output=True, text=True, timeout=ENDS_S,
    )  # fmt: skip


@pytest.mark.proof
@pytest.mark.timeout(2 * ENDS_S)
def test_a_regression_fails_the_job_and_its_repair_passes(repository: Path) -> None:
    """Results of a commit are measured once: the second job only compares."""
    base, slower = (commit(repository, bench) for bench in (FAST, SLOW))
    done = gate(repository, base, slower)
    assert done.returncode == 1, done.stderr
    assert f"worse than {base} by more than 5.0 % and beyond noise: bench" in done.stderr
    assert ElementTree.parse(repository / "report.xml").getroot().get("failures") == "1"
    assert (
        (repository / "report.md")
        .read_text()
        .startswith("<!-- benchfleet report -->\n## ❌ Worse than the baseline in 1 ")
    )
    assert (repository / "report.html").exists()
    done = gate(repository, slower, base)
    assert done.returncode == 0, done.stderr
    assert ElementTree.parse(repository / "report.xml").getroot().get("failures") == "0"
    assert "## ✅ Not worse than the baseline, better in 1" in (repository / "report.md").read_text()


def test_the_workflow_runs_that_script_and_keeps_what_it_writes() -> None:
    workflow = yaml.safe_load(block("yaml", ".github/workflows/benchmarks.yaml"))
    steps = workflow["jobs"]["gate"]["steps"]
    assert {"sh ci/gate.sh"} < {step.get("run") for step in steps}
    written = re.findall(r"--(?:junit|md|html) (report\.\w+)", block("sh", "ci/gate.sh"))
    assert written == ["report.xml", "report.md", "report.html"]
    assert any("report.*" in step.get("with", {}).get("path", "") for step in steps)
    assert any("<!-- benchfleet report -->" in step.get("run", "") for step in steps)
