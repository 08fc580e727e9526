"""pyperformance benchmark by benchmark: what ended is kept, and what did not is told."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from runner_image.workloads.protocol import TIMED_OUT, Job, Outcome, Progress, WorkloadError
from runner_image.workloads.pyperformance.workload import Pyperformance
from tests.each_case import each_case
from tests.unit.only_runs import OnlyRuns

BUILD = {"CC": "gcc", "compiler": "GCC 12.2.0"}
VERSIONS = {"implementation": "CPython", "python": "3.11.7", "pyperformance": "1.14.0", "pyperf": "2.9.0"}
SECONDS = 10.0  # that each benchmark takes


@dataclass
class FakeSuite(OnlyRuns):
    """Stands for the slot. `ends` names the exit codes of benchmarks that fail; a timeout ends what takes too long."""

    ends: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    links: dict[Path, Path] = field(default_factory=dict)  # that each benchmark puts in place of folders
    now: float = 0.0
    begun: list[str] = field(default_factory=list)

    def run(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        timeout_s: float | None = None,
    ) -> int:
        if command[0] == "sh":
            cwd.joinpath("pyperformance").mkdir()
            on_line(json.dumps({"python": "py", "known": ["a", "b", "c"], "versions": VERSIONS, "build": BUILD}))
            return 0
        return self._benchmark(command[command.index("-b") + 1], Path(command[-1]), on_line, timeout_s)

    def _benchmark(self, name: str, out: Path, on_line: Callable[[str], None], timeout_s: float | None) -> int:
        self.begun.append(name)
        for link, target in self.links.items():
            if not link.is_symlink():
                link.rmdir()
                link.symlink_to(target)
        on_line("Python benchmark suite 1.14.0")
        on_line(f"[1/1] {name}...")
        on_line(f"{name} at work")
        self.now += min(SECONDS, timeout_s or SECONDS)
        if timeout_s is not None and timeout_s < SECONDS:
            return TIMED_OUT
        if not (code := self.ends.get(name, 0)):
            values = {"metadata": {"name": name}, "version": "1.0", "benchmarks": [{"runs": [{"values": [1.0]}]}]}
            out.write_text(self.texts.get(name, json.dumps(values)))
        elif code == 1:
            on_line(f"...ERROR: Benchmark {name} failed: Benchmark died")
        return code


def measure(
    folder: Path, suite: FakeSuite, told: list[Progress] | None = None, **options: Any
) -> tuple[Outcome, dict[str, str]]:
    """The outcome, and {benchmark: reason} of its failures."""
    workload = Pyperformance(clock=lambda: suite.now)
    report = (told if told is not None else []).append
    job = Job("r.1", folder, {"benchmarks": ["a", "b", "c"], **options})
    prepared = workload.prepare(job, suite, report)
    outcome = workload.collect(job, prepared, workload.run(job, prepared, suite, report))
    return outcome, {lost.benchmark: lost.reason for lost in outcome.output.failures}


def measured(outcome: Outcome) -> list[str]:
    return [found.benchmark for found in outcome.output.measurements]


def test_all_benchmarks_end_in_one_file_and_progress_counts_them(tmp_path: Path) -> None:
    told: list[Progress] = []
    outcome, lost = measure(tmp_path, FakeSuite(), told, benchmarks=["a", "b", "a", "c"])
    assert (measured(outcome), lost, outcome.exit_code) == (["a", "b", "c"], {}, 0)
    raw = json.loads((tmp_path / "pyperf.json").read_text())
    assert [item["metadata"]["name"] for item in raw["benchmarks"]] == ["a", "b", "c"]
    assert [(each.benchmark, each.percent) for each in told[2:-1]] == [("a", 10), ("b", 36), ("c", 63)]
    assert {path.name for path in tmp_path.iterdir()} == {"output.json", "output.txt", "pyperf.json"}


def test_workers_are_told_the_slots_cores_which_they_would_else_choose_by_themselves(tmp_path: Path) -> None:
    suite, job = FakeSuite(), Job("r.1", tmp_path, {"benchmarks": ["a"]})
    suite.cores = (2, 5)
    prepared = Pyperformance().prepare(job, suite, lambda _progress: None)
    assert "--affinity=2,5" in prepared.command
    assert prepared.build == BUILD
    suite.cores, folder = (), tmp_path / "unpinned"
    folder.mkdir()
    unpinned = Pyperformance().prepare(replace(job, work_dir=folder), suite, lambda _progress: None)
    assert not any(word.startswith("--affinity") for word in unpinned.command)


def test_a_timeout_keeps_what_ended_and_says_what_began(tmp_path: Path) -> None:
    suite = FakeSuite()
    outcome, lost = measure(tmp_path, suite, timeout_s=15)
    assert (measured(outcome), outcome.exit_code, suite.begun) == (["a"], TIMED_OUT, ["a", "b"])
    assert lost == {
        "b": "It did not end within timeout_s (15): b at work",
        "c": "It never began: timeout_s (15) had passed",
    }
    assert suite.now == 15


def test_nothing_begins_when_no_time_is_left(tmp_path: Path) -> None:
    suite = FakeSuite()
    outcome, lost = measure(tmp_path, suite, timeout_s=20)
    assert (measured(outcome), outcome.exit_code, suite.begun) == (["a", "b"], TIMED_OUT, ["a", "b"])
    assert "never began" in lost["c"]


def test_a_timeout_before_any_result_is_the_tasks(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="longer than 5 s") as failed:
        measure(tmp_path, FakeSuite(), timeout_s=5)
    assert failed.value.error_type == "timeout"


@each_case(
    ("code", "reason"),
    [(1, "b at work | failed: Benchmark died"), (-9, "pyperformance ended with exit code -9: b at work")],
)
def test_a_crash_costs_no_other_benchmark(tmp_path: Path, code: int, reason: str) -> None:
    outcome, lost = measure(tmp_path, FakeSuite(ends={"b": code}))
    assert (measured(outcome), lost, outcome.exit_code) == (["a", "c"], {"b": reason}, code)


@each_case(("text", "reason"), [("{", "cannot be read"), ('{"benchmarks": []}', "b at work"), ("[]", "cannot be read")])
def test_a_file_without_results_costs_no_other_benchmark(tmp_path: Path, text: str, reason: str) -> None:
    outcome, lost = measure(tmp_path, FakeSuite(texts={"b": text}))
    assert (measured(outcome), list(lost)) == (["a", "c"], ["b"])
    assert reason in lost["b"]


def test_no_folder_that_a_benchmark_links_to_is_read(tmp_path: Path) -> None:
    work, host = tmp_path / "work", tmp_path / "host"
    work.mkdir()
    host.mkdir()
    for name in ("b.json", "pyperf-b.json"):
        (host / name).write_text('{"secret": 1}')
    suite = FakeSuite(ends={"b": -9}, links={work / "pyperformance": host})
    outcome, lost = measure(work, suite)
    assert measured(outcome) == ["a", "c"]
    assert "secret" not in lost["b"]
    assert len(list(host.iterdir())) == 2


def test_when_all_fail_every_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match=r"a \(cpython-3.11\).*; b .*; c ") as failed:
        measure(tmp_path, FakeSuite(ends={"a": 1, "b": -9, "c": 1}))
    assert failed.value.error_type == "benchmark_failed"
