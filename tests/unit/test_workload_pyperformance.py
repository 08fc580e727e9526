"""pyperformance: its real output read, and what may be asked of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchfleet_contract.workloads.pyperformance import PyperformanceOptions
from hypothesis import given
from hypothesis import strategies as st

from runner_image.workloads.options import parse
from runner_image.workloads.protocol import WorkloadError
from runner_image.workloads.pyperformance.console import read
from runner_image.workloads.pyperformance.results import load, output
from tests.each_case import each_case

DATA = Path(__file__).parents[1] / "data" / "pyperformance"


def test_values_are_samples_and_warmups_of_measured_runs_stay_apart() -> None:
    found = output(load(DATA / "fast" / "pyperf.json"), variant="cpython-3.11", sections=[])
    assert [(m.benchmark, m.unit, m.metric, len(m.samples), len(m.warmup)) for m in found.measurements] == [
        ("json_dumps", "s", "time", 20, 10),
        ("nbody", "s", "time", 20, 10),
    ]
    assert all(0.001 < sample < 1 for m in found.measurements for sample in m.samples + m.warmup)


def test_the_shortest_interval_is_that_of_all_loops_together() -> None:
    """Its file says 8 loops for json_dumps, in a place of its own for all runs."""
    found = output(load(DATA / "fast" / "pyperf.json"), variant="cpython-3.11", sections=[])
    assert found.measurements[0].shortest_raw_s == pytest.approx(8 * min(found.measurements[0].samples))


LINUX = {"platform": "Linux-6.1-x86_64", "cpu_count": 4}


@each_case(
    ("shared", "runs", "shortest_s", "cores"),
    [
        ({"cpu_affinity": "1-2"}, [{}], 1.0, [1, 2]),
        ({}, [{"cpu_affinity": "3"}, {"cpu_affinity": "1"}], 1.0, [1, 3]),
        (LINUX, [{}], 1.0, [0, 1, 2, 3]),  # what pyperf leaves out
        ({"cpu_count": 4, "platform": "macOS-14"}, [{}], 1.0, None),  # where no process has an affinity
        ({"cpu_affinity": "odd"}, [{}], 1.0, None),
        ({"loops": 4, "inner_loops": 20}, [{"loops": 2}, {}], 40.0, None),
        ({"unit": "byte"}, [{}], None, None),
    ],
)
def test_what_pyperf_says_of_loops_and_cores(
    tmp_path: Path,
    shared: dict[str, Any],
    runs: list[dict[str, Any]],
    shortest_s: float | None,
    cores: list[int] | None,
) -> None:
    listed = [{"metadata": run, "values": [1.0, 2.0]} for run in runs]
    one = {"metadata": {"name": "a", **shared}, "runs": [{"metadata": {"loops": 1}}, *listed]}
    (tmp_path / "pyperf.json").write_text(json.dumps({"benchmarks": [one]}))
    [found] = output(load(tmp_path / "pyperf.json"), variant="v", sections=[]).measurements
    assert (found.shortest_raw_s, found.cpu_affinity) == (shortest_s, cores)


def test_calibration_runs_are_no_samples() -> None:
    raw = json.loads((DATA / "fast" / "pyperf.json").read_text(encoding="utf-8"))
    values = [value for run in raw["benchmarks"][0]["runs"] for value in run.get("values", [])]
    assert len(raw["benchmarks"][0]["runs"]) == 11
    found = output(load(DATA / "fast" / "pyperf.json"), variant="cpython-3.11", sections=[])
    assert found.measurements[0].samples == values


def test_a_failed_benchmark_keeps_the_others() -> None:
    said = read((DATA / "failed" / "console.txt").read_text(encoding="utf-8").splitlines())
    found = output(load(DATA / "failed" / "pyperf.json"), variant="cpython-3.11", sections=said)
    assert [m.benchmark for m in found.measurements] == ["float", "json_dumps"]
    assert [(f.benchmark, f.variant) for f in found.failures] == [("nbody", "cpython-3.11")]
    assert "no such planet" in found.failures[0].reason
    assert "Benchmark died" in found.failures[0].reason


def test_without_a_file_everything_that_was_started_has_failed() -> None:
    said = read((DATA / "failed" / "console.txt").read_text(encoding="utf-8").splitlines())
    found = output(None, variant="cpython-3.11", sections=said)
    assert [f.benchmark for f in found.failures] == ["float", "json_dumps", "nbody"]


def test_progress_is_what_is_behind() -> None:
    said = read((DATA / "failed" / "console.txt").read_text(encoding="utf-8").splitlines())
    assert [s.part for s in said] == pytest.approx([0, 1 / 3, 2 / 3])


@each_case("text", ["", "{", "[]", '{"benchmarks": 1}', '{"benchmarks": [{"runs": [{"values": [NaN]}]}]}'])
def test_a_file_that_is_not_pyperfs_is_a_failed_benchmark(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyperf.json").write_text(text)
    with pytest.raises(WorkloadError, match="cannot be read"):
        load(tmp_path / "pyperf.json")


@each_case(
    "asked",
    [
        {},
        {"benchmarks": []},
        {"benchmarks": ["-nbody"]},
        {"benchmarks": ["nbody,float"]},
        {"benchmarks": ["nbody"], "effort": "hard"},
        {"benchmarks": ["nbody"], "version": "--pre"},
        {"benchmarks": ["nbody"], "cache_dir": "relative"},
        {"benchmarks": ["nbody"], "benchmark_timeout_s": 0},
        {"benchmarks": ["nbody"], "extra": 1},
    ],
)
def test_options_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(WorkloadError, match="Invalid workload options"):
        parse(PyperformanceOptions, asked)


def test_a_start_is_seen_behind_a_line_without_an_end() -> None:
    sections = read(["[1/2] a...", "dots ....[ 2/2] b..."])
    assert [section.benchmark for section in sections] == ["a", "b"]


def test_a_verdict_is_seen_behind_progress_without_an_end() -> None:
    [slow, other] = read(
        ["[1/2] slow...", "# /bin/python", "....ERROR: Benchmark slow timed out", "[2/2] b...", "....."]
    )
    assert (slow.error, slow.reason) == ("timed out", "timed out")
    assert (other.error, other.reason) == (None, "it said nothing")


def test_words_before_a_start_or_a_verdict_are_the_last_ones_of_the_benchmark_before() -> None:
    [a, b] = read(["[1/2] a...", "no planet[2/2] b...", "no sunERROR: Benchmark b failed: Benchmark died"])
    assert (a.reason, b.reason) == ("no planet", "no sun | failed: Benchmark died")


@given(st.lists(st.text(max_size=60), max_size=30))
def test_no_console_can_break_the_reader(lines: list[str]) -> None:
    for section in read(lines):
        assert 0 <= section.part <= 1
        assert section.reason


@given(st.lists(st.from_regex(r"[a-z_0-9]{1,12}", fullmatch=True), min_size=1, max_size=9, unique=True), st.data())
def test_failures_are_exactly_those_that_said_so(listed: list[str], data: st.DataObject) -> None:
    lost = data.draw(st.sets(st.sampled_from(listed)))
    width = len(str(len(listed)))
    lines = []
    for number, name in enumerate(listed, start=1):
        lines.append(f"[{str(number).rjust(width)}/{len(listed)}] {name}...")
        lines.append(f"ERROR: Benchmark {name} timed out" if name in lost else f"{name}: 7.0 ms")
    assert {s.benchmark for s in read(lines) if s.error} == lost


@each_case(
    ("odd", "reason"),
    [
        ({"metadata": {"name": "odd"}, "runs": [{"values": [True]}]}, "runs.0.values.0"),
        ({"metadata": {"name": "odd"}, "runs": [{"values": ["1.5"]}]}, "runs.0.values.0"),
        ({"metadata": {"name": "odd"}, "runs": [{"values": [float("nan")]}]}, "runs.0.values.0"),
        ({"metadata": {"name": "odd"}, "runs": [{"samples": [1.0]}]}, "holds no values"),
        ({"metadata": {"name": "odd"}}, "runs"),
        ([1, 2], "it"),
    ],
)
def test_a_benchmark_that_cannot_be_read_costs_itself_only(tmp_path: Path, odd: object, reason: str) -> None:
    good = {"metadata": {"name": "good"}, "runs": [{"values": [1.0, 2.0]}]}
    (tmp_path / "pyperf.json").write_bytes(b"\xef\xbb\xbf" + json.dumps({"benchmarks": [odd, good]}).encode())
    found = output(load(tmp_path / "pyperf.json"), variant="v", sections=[])
    assert [measured.benchmark for measured in found.measurements] == ["good"]
    [lost] = found.failures
    assert lost.benchmark == ("odd" if isinstance(odd, dict) else "benchmarks.0")
    assert reason in lost.reason
