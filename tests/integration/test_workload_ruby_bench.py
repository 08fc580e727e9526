"""ruby-bench's workload with a real ruby, a real git and a suite of two sums."""

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from benchfleet_contract.results import Output

from runner_image.workloads.protocol import WorkloadError
from runner_image.workloads.ruby_bench.workload import RubyBench
from tests.integration.workload_slot import Slot

pytestmark = [
    pytest.mark.system,
    pytest.mark.needs_ruby,
    pytest.mark.skipif(shutil.which("ruby") is None and os.environ.get("CI") != "true", reason="no ruby here"),
]
SUITE = Path(__file__).with_name("workload_suite.rb")
ME = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]


@pytest.fixture
def slot(tmp_path: Path) -> Slot:
    (tmp_path / "work").mkdir()
    return Slot(tmp_path / "work")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A git repository with two commits; the suite is in the first, the second has broken it."""
    folder = tmp_path / "suite"
    folder.mkdir()
    git(folder, "init", "-q")
    for text in (SUITE.read_text(), "abort 'a later commit'\n"):
        (folder / "run_benchmarks.rb").write_text(text)
        git(folder, "add", ".")
        git(folder, *ME, "commit", "-q", "-m", "suite")
    return folder


@pytest.fixture
def plain_suite(tmp_path: Path) -> Path:
    folder = tmp_path / "plain"
    folder.mkdir()
    shutil.copyfile(SUITE, folder / "run_benchmarks.rb")
    return folder


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout.strip()


def test_the_pinned_commit_is_cloned_run_and_recorded(slot: Slot, suite: Path) -> None:
    first = git(suite, "rev-parse", "HEAD~1")
    outcome = slot.measure(RubyBench(), {"repo": suite.as_uri(), "commit": first, "name_filters": ["sum"]})
    assert outcome.exit_code == 0
    assert [(m.benchmark, m.variant) for m in outcome.output.measurements] == [("sum", "interp"), ("sum", "yjit")]
    assert all(len(m.samples) == 3 and len(m.warmup) == 2 for m in outcome.output.measurements)
    assert slot.prepared is not None
    assert slot.prepared.suite_commit == first
    assert "+YJIT" in slot.prepared.versions["ruby-yjit"]
    assert "+YJIT" not in slot.prepared.versions["ruby-interp"]
    assert {"CC", "CFLAGS", "configure_args"} <= slot.prepared.build.keys()
    assert "" not in slot.prepared.build.values()
    raw = {f"output_001.{suffix}" for suffix in ("json", "txt", "csv")}
    assert slot.files() == {"benchmark_output.txt", "output.json", "output.txt", "output.csv"} | raw


@pytest.mark.proof
def test_the_files_are_what_they_say(slot: Slot, plain_suite: Path) -> None:
    workload = RubyBench(now=lambda: datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC))
    outcome = slot.measure(workload, {"path": str(plain_suite), "name_filters": ["sum"]})
    console = (slot.work_dir / "benchmark_output.txt").read_text()
    assert console.startswith("Command: ruby run_benchmarks.rb")
    assert "Version: ruby " in console
    assert "Date: 2026-11-22 01:02:03 UTC" in console
    assert console.endswith("=== Exit Status: 0 ===\n")
    assert Output.model_validate_json((slot.work_dir / "output.json").read_bytes()) == outcome.output
    assert (slot.work_dir / "output.txt").read_text() == "a table of 1 process\n"  # WEB_CONCURRENCY reached it
    assert "raw_data" in json.loads((slot.work_dir / "output_001.json").read_text())
    assert slot.prepared is not None
    assert slot.prepared.suite_commit is None  # no git work tree


@pytest.mark.proof
def test_a_failing_benchmark_keeps_the_others(slot: Slot, plain_suite: Path) -> None:
    outcome = slot.measure(RubyBench(), {"path": str(plain_suite)})
    assert outcome.exit_code == 1
    assert [(m.benchmark, m.variant) for m in outcome.output.measurements] == [("sum", "interp"), ("sum", "yjit")]
    assert [(f.benchmark, f.variant) for f in outcome.output.failures] == [("broken", "interp"), ("broken", "yjit")]
    assert all(f.reason == "nothing to add" for f in outcome.output.failures)


@pytest.mark.proof
def test_progress_rises_from_the_clone_to_collecting(slot: Slot, plain_suite: Path) -> None:
    slot.measure(RubyBench(), {"path": str(plain_suite)})
    assert slot.percents == [5, 10, 30, 50, 70, 90, 90]
    assert [each.benchmark for each in slot.told][2:6] == ["sum", "broken", "sum", "broken"]


@pytest.mark.proof
def test_when_all_fail_the_task_fails_with_their_words(slot: Slot, plain_suite: Path) -> None:
    with pytest.raises(WorkloadError, match="nothing to add") as failed:
        slot.measure(RubyBench(), {"path": str(plain_suite), "name_filters": ["broken"]})
    assert (failed.value.error_type, failed.value.failure_class) == ("benchmark_failed", "benchmark")


@pytest.mark.proof
def test_a_suite_that_forgets_the_compiler_is_found_out(slot: Slot, plain_suite: Path) -> None:
    slot.environment["LIES"] = "1"
    with pytest.raises(WorkloadError, match=r"\+YJIT is not on in variant yjit") as failed:
        slot.measure(RubyBench(), {"path": str(plain_suite), "name_filters": ["sum"]})
    assert (failed.value.error_type, failed.value.failure_class) == ("wrong_variant", "infrastructure")


@pytest.mark.proof
def test_a_compiler_that_the_environment_turns_on_is_found_out(slot: Slot, plain_suite: Path) -> None:
    slot.environment["RUBYOPT"] = "--yjit"
    with pytest.raises(WorkloadError, match=r"\+YJIT is on in variant interp"):
        slot.measure(RubyBench(), {"path": str(plain_suite)})
    assert slot.percents == [5]  # nothing was run


def test_another_ruby_than_the_one_asked_for_is_refused_unless_allowed(slot: Slot, plain_suite: Path) -> None:
    asked = {"path": str(plain_suite), "name_filters": ["sum"], "variants": ["interp"]}
    with pytest.raises(WorkloadError, match=r"Ruby 1\.8\.7 was asked for") as failed:
        slot.measure(RubyBench(), asked, ruby_version="1.8.7")
    assert (failed.value.error_type, failed.value.failure_class) == ("wrong_ruby_version", "infrastructure")
    allowed = slot.measure(RubyBench(), {**asked, "require_ruby_version": False}, ruby_version="1.8.7")
    assert len(allowed.output.measurements) == 1


@pytest.mark.proof
def test_a_suite_without_a_result_file_tells_its_last_words(slot: Slot, plain_suite: Path) -> None:
    slot.environment["LOST"] = "1"
    with pytest.raises(WorkloadError, match="wrote no result"):
        slot.measure(RubyBench(), {"path": str(plain_suite), "name_filters": ["sum"]})


@pytest.mark.proof
def test_a_suite_that_fails_behind_its_benchmarks_is_not_well(slot: Slot, plain_suite: Path) -> None:
    slot.environment["BREAKS"] = "1"
    outcome = slot.measure(RubyBench(), {"path": str(plain_suite), "name_filters": ["sum"]})
    assert len(outcome.output.measurements) == 2
    [lost] = outcome.output.failures
    assert lost.benchmark == "(ruby-bench)"
    assert lost.reason.startswith("ruby-bench ended with exit code 1: ")
    assert "no table" in lost.reason


@pytest.mark.proof
def test_a_path_must_be_at_the_commit_that_was_asked_for(slot: Slot, suite: Path, plain_suite: Path) -> None:
    git(suite, "checkout", "-q", "HEAD~1")
    asked = {"path": str(suite), "commit": git(suite, "rev-parse", "--short", "HEAD"), "name_filters": ["sum"]}
    assert len(slot.measure(RubyBench(), asked).output.measurements) == 2
    with pytest.raises(WorkloadError, match="is at None"):
        slot.measure(RubyBench(), {**asked, "path": str(plain_suite)})


@pytest.mark.proof
def test_changes_of_a_given_suite_are_told(slot: Slot, suite: Path) -> None:
    git(suite, "checkout", "-q", "HEAD~1")
    (suite / "run_benchmarks.rb").write_text(SUITE.read_text() + "\n# changed\n")
    slot.measure(RubyBench(), {"path": str(suite), "name_filters": ["sum"], "variants": ["interp"]})
    assert slot.prepared is not None
    assert slot.prepared.versions["ruby-bench"] == f"{git(suite, 'rev-parse', 'HEAD')}+changes"


@pytest.mark.proof
def test_a_plain_folder_in_somebodys_work_tree_is_not_that_ones_commit(slot: Slot, suite: Path) -> None:
    inner = suite / "inner"
    inner.mkdir()
    shutil.copyfile(SUITE, inner / "run_benchmarks.rb")
    slot.measure(RubyBench(), {"path": str(inner), "name_filters": ["sum"], "variants": ["interp"]})
    assert slot.prepared is not None
    assert slot.prepared.suite_commit is None


@pytest.mark.proof
def test_a_suite_that_cannot_be_had_is_our_failure(slot: Slot, suite: Path) -> None:
    for asked in ({"repo": "file:///no/such/repository"}, {"path": str(suite), "commit": "0" * 40}):
        with pytest.raises(WorkloadError) as failed:
            slot.measure(RubyBench(), asked)
        assert (failed.value.error_type, failed.value.failure_class) == ("suite_unavailable", "infrastructure")


def test_a_missing_ruby_is_our_failure(slot: Slot, plain_suite: Path) -> None:
    with pytest.raises(WorkloadError, match="/no/ruby cannot run as interp") as failed:
        slot.measure(RubyBench(), {"path": str(plain_suite), "ruby": "/no/ruby"})
    assert (failed.value.error_type, failed.value.failure_class) == ("ruby_unavailable", "infrastructure")
