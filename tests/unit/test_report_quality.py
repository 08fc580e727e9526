"""The quality of the data: a grade for each series, one headline, and what speaks against a comparison."""

import csv
import io
import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from benchfleet.cli.report_tables import outcome, tables
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.csv_file import as_csv
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.quality import Quality, SeriesQuality
from benchfleet.report.model.report import Report
from benchfleet.report.page import render
from benchfleet.report.quality.words import TITLES
from benchfleet.report.reading import read_runs
from rich.console import Console

from runner_image.workloads.pyperformance.results import load, output
from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, of_values, write_run
from tests.unit.page_texts import page_texts

PYPERF = Path(__file__).parents[1] / "data" / "pyperformance" / "fast" / "pyperf.json"
QUIET = {
    "before": {"load_1m": 0.2, "runnable": 1, "mhz": 2400.0}, "after": {"load_1m": 1.0, "runnable": 1, "mhz": 2400.0},
    "steal_share": 0.0, "foreign_cpu": 0.01, "throttled_s": 0.0, "slots": 1, "busy_slots": 1,
}  # fmt: skip
BEYOND = [10**400, -(10**400), 1e308, 1e-320, math.inf, math.nan]  # as JSON: digits without end, Infinity, NaN


def good(chance: random.Random, *, count: int = 15, centre: float = 1.0, spread: float = 0.005) -> list[float]:
    """A quiet machine: half a per cent of noise, skewed a little to the right."""
    return [centre * math.exp(abs(chance.gauss(0, spread)) * 1.6) for _ in range(count)]


def conditions(**other: Any) -> dict[str, Any]:
    return {"conditions": {**QUIET, **other}, "duration_s": 100.0}


def task(values: Sequence[float], *, name: str = "x", kind: str = "m", **more: Any) -> TaskFolder:
    return of_values(kind, {name: values}, **{"metadata": conditions(), **more})


def report(folder: Path, tasks: Sequence[TaskFolder], *, workload: str = "ruby-bench") -> Report:
    return analyse(read_runs([write_run(folder, "r", tasks, workload=workload)]))


def only(found: Report) -> SeriesQuality:
    (one,) = found.quality.series
    return one


def kinds(one: SeriesQuality) -> dict[str, str]:
    return {finding.kind: finding.grade for finding in one.findings}


def printed(found: Report, *, of: Any = tables) -> str:
    out = io.StringIO()
    console = Console(file=out, width=400)
    for table in of(found):
        console.print(table)
    return " ".join(out.getvalue().split())


def noisy(chance: random.Random) -> list[float]:
    return [math.exp(chance.gauss(0, 0.005)) for _ in range(15)]


def test_a_quiet_machines_series_are_good(tmp_path: Path) -> None:
    chance = random.Random(1)
    found = report(tmp_path, [task(noisy(chance)) for _ in range(5)])
    assert only(found).grade == "good"
    assert only(found).findings == []
    assert found.quality.headline == "Quality: the one series is good."
    assert not any("series" in words for words in found.warnings)


@pytest.mark.parametrize(("repeats", "samples"), [(1, 10), (3, 6), (5, 15), (5, 40)])
def test_of_good_data_none_is_poor_and_few_are_not_good(tmp_path: Path, repeats: int, samples: int) -> None:
    """Sixty series of half a per cent of noise, skewed and not: at most one in ten is less than good."""
    chance = random.Random(samples)
    tasks = [
        TaskFolder(
            "m",
            [measurement(f"{n}", good(chance, count=samples, spread=0.003 if n % 2 else 0.001)) for n in range(60)],
            metadata=conditions(),
        )
        for _ in range(repeats)
    ]
    found = report(tmp_path, tasks).quality
    assert found.poor == 0
    assert found.unknown == 0
    assert found.good >= 54


def test_warm_up_that_is_not_over_is_called(tmp_path: Path) -> None:
    """Every task falls from 3.0 to 1.05 s alike: its mean is certain to 0.05 %, and wrong."""
    falling = [3.0, 2.1, 1.6, 1.35, 1.22, 1.15, 1.1, 1.07, 1.06, 1.05]
    chance = random.Random(2)
    tasks = [task([value * (1 + chance.gauss(0, 0.0004)) for value in falling], name="warm") for _ in range(5)]
    found = report(tmp_path, tasks)
    cell = found.boards[0].benchmarks[0].cells[0]
    assert cell.interval
    assert (cell.interval[1] - cell.interval[0]) / 2 / cell.mean < 0.001
    assert only(found).grade == "poor"
    assert kinds(only(found))["warm-up"] == "poor"
    words = next(one.words for one in only(found).findings if one.kind == "warm-up")
    assert words.startswith("falls from 3.00")
    assert words.endswith(" s to 1.055 s: warm-up is not over")
    assert any(line.startswith("Warm-up not over in 1 of 1 series") for line in found.warnings)


def test_a_slow_first_sample_in_every_task_is_warm_up_too(tmp_path: Path) -> None:
    chance = random.Random(3)
    tasks = [task([1.2, *noisy(chance)[:7]]) for _ in range(5)]
    assert kinds(only(report(tmp_path, tasks)))["warm-up"] == "poor"


def test_throughput_that_rises_is_warm_up_and_that_falls_gets_slower(tmp_path: Path) -> None:
    rising = [100.0 + 5 * n for n in range(8)]
    up = [measurement("x", rising, metric="throughput", unit="req/s", better="higher")]
    down = [measurement("x", rising[::-1], metric="throughput", unit="req/s", better="higher")]
    for number, (samples, kind) in enumerate(((up, "warm-up"), (down, "slow-down"))):
        found = report(tmp_path / str(number), [TaskFolder("m", samples, metadata=conditions())] * 3)
        assert kinds(only(found))[kind] == "poor"


def test_pyperfs_own_data_is_unstable_for_pyperf_and_poor_here(tmp_path: Path) -> None:
    """What `benchfleet demo` measures: `pyperf check` calls both unstable, for standard deviations of 20 and 19 %."""
    measured = output(load(PYPERF), variant="cpython-3.11", sections=[]).model_dump(mode="json")["measurements"]
    found = report(tmp_path, [TaskFolder("m", measured, metadata=conditions())], workload="pyperformance")
    spreads = {
        one.benchmark: finding for one in found.quality.series for finding in one.findings if finding.kind == "spread"
    }
    assert {name: (one.grade, round(one.size, 2)) for name, one in spreads.items()} == {
        "json_dumps": ("poor", 0.20), "nbody": ("poor", 0.19),
    }  # fmt: skip
    assert found.quality.headline.startswith(
        "Quality: 0 of 2 series good, 2 poor: standard deviation of 10 % or more (2)"
    )


def test_memory_that_grows_is_not_slower_but_larger(tmp_path: Path) -> None:
    sizes = [measurement("x", [1e6 * (n + 10) for n in range(8)], metric="rss", unit="bytes")]
    found = only(report(tmp_path, [TaskFolder("m", sizes, metadata=conditions())] * 3))
    assert next(one.words for one in found.findings if one.kind == "slow-down").endswith("no level was reached")


@each_case(
    ("samples", "kind", "grade"),
    [
        ([1.0, 1.3] * 5, "spread", "poor"),
        ([1.0] * 9 + [1.0001, 1.6], "extreme", "poor"),
        ([1.0, 1.02] * 5, "precision", "fair"),
        ([1.0, 1.1, 1.05, 1.15, 0.95], "precision", "poor"),
        ([1.0, 1.01, 0.99, 1.0, 1.02, 0.98, 1.0, 1.01, 1.4], "outliers", "poor"),
        ([1.0, 1.0, 1.01, 1.0, 1.01, 1.0, 1.0, 1.01], "resolution", "fair"),
        ([1.0, 1.001], "few samples", "poor"),
    ],
)
def test_each_rule_has_its_grade(tmp_path: Path, samples: list[float], kind: str, grade: str) -> None:
    assert kinds(only(report(tmp_path, [task(samples)]))).get(kind) == grade


def test_neighbours_that_are_alike_are_called(tmp_path: Path) -> None:
    chance, values = random.Random(8), [0.0]
    for _ in range(39):
        values.append(0.8 * values[-1] + chance.gauss(0, 0.003))
    assert kinds(only(report(tmp_path, [task([1 + value for value in values])])))["autocorrelation"] == "fair"


def test_one_sample_a_task_is_judged_over_the_tasks_and_its_warm_up_stays_unknown(tmp_path: Path) -> None:
    chance = random.Random(4)
    found = only(report(tmp_path, [task([value]) for value in noisy(chance)]))
    assert found.grade == "unknown"
    assert kinds(found) == {"not checked": "unknown"}


def test_one_bad_task_of_five_does_not_make_a_series_poor(tmp_path: Path) -> None:
    chance = random.Random(5)
    tasks = [task(noisy(chance)) for _ in range(4)] + [task([1.0, 1.3] * 7)]
    found = only(report(tmp_path, tasks))
    assert (found.grade, kinds(found)["spread"]) == ("fair", "fair")


def test_counts_may_be_zero_and_are_graded_by_what_else_is_known(tmp_path: Path) -> None:
    errors = [measurement("x", [0.0, 0.0, 3.0], metric="errors", unit="count")]
    assert only(report(tmp_path, [TaskFolder("m", errors, metadata=conditions())] * 3)).grade == "good"


# How it was timed


@each_case(
    ("shortest", "grade"),
    [(2e-3, None), (5e-4, "fair"), (2e-6, "poor"), (0.0, "poor"), *[(odd, None) for odd in (-1.0, *BEYOND)]],
)
def test_raw_values_near_the_clock_are_called(tmp_path: Path, shortest: float, grade: str | None) -> None:
    chance = random.Random(6)
    measured = {**measurement("x", [value * 1e-7 for value in noisy(chance)]), "shortest_raw_s": shortest}
    found = report(tmp_path, [TaskFolder("m", [measured], metadata=conditions())], workload="pyperformance")
    assert kinds(only(found)).get("raw time") == grade


def test_a_sample_is_its_own_raw_value_only_where_the_kind_of_work_says_so(tmp_path: Path) -> None:
    """pyperf's are per loop: without the field nothing is known, and that is said."""
    chance = random.Random(6)
    tasks = [of_values("m", {"x": [value * 0.5 for value in noisy(chance)]}, metadata=conditions())]
    tasks[0].measurements = [measurement("x", [value * 500 for value in noisy(chance)], unit="us")]
    ruby = report(tmp_path / "ruby", tasks)
    python = report(tmp_path / "python", tasks, workload="pyperformance")
    assert kinds(only(ruby)).get("raw time") == "fair"
    assert "raw time" not in kinds(only(python))
    assert "the shortest timed interval (the one measurement)" in python.quality.not_recorded


def test_other_cores_than_the_tasks_own_are_called(tmp_path: Path) -> None:
    chance = random.Random(7)
    for cores, grade in (([1], None), ([0], "poor")):
        measured = {**measurement("x", noisy(chance)), "cpu_affinity": cores}
        folder = tmp_path / str(cores[0])
        found = report(folder, [TaskFolder("m", [measured], metadata=conditions(), machine={"pinned_cores": [1]})])
        assert kinds(only(found)).get("affinity") == grade


@each_case(
    ("workload", "options", "words", "grade"),
    [
        ("pyperformance", {"effort": "fast"}, "effort: fast", "fair"),
        ("pyperformance", {"effort": "single"}, "effort: single", "poor"),
        ("pyperformance", {"effort": "rigorous"}, None, None),
        ("ruby-bench", {"once": True}, "once: true", "poor"),
        ("ruby-bench", {"warmup": 0}, "warmup: 0", "poor"),
        ("ruby-bench", {"warmup": 5, "bench": 1}, None, None),  # it made more than it was asked for
        ("command", {"argv": ["x"], "repeats": 15}, "warmup: 0", "fair"),
        ("command", {"argv": ["x"], "warmup": 1, "repeats": 15}, None, None),
        ("command", {"argv": ["x"], "repeats": 1}, None, None),  # 15 samples: results of its own
        ("command", {"argv": ["x"], "repeats": 15, "results": {"file": "out.json"}}, None, None),
        ("mock", {"steps": 1}, None, None),
        ("somebody's", {"effort": "fast"}, None, None),
    ],
)
def test_each_kind_of_work_knows_its_shortened_modes(
    tmp_path: Path, workload: str, options: Mapping[str, Any], words: str | None, grade: str | None
) -> None:
    chance = random.Random(9)
    about = {**conditions(), "workload_options": options}
    found = report(tmp_path, [task(noisy(chance), metadata=about) for _ in range(2)], workload=workload)
    assert found.quality.shortened == ([words] if words else [])
    assert kinds(only(found)).get("mode") == grade


def test_few_repeats_of_a_command_are_named(tmp_path: Path) -> None:
    about = {**conditions(), "workload_options": {"argv": ["x"], "warmup": 1, "repeats": 3}}
    found = report(tmp_path, [task([1.0, 1.01, 1.02], metadata=about)] * 5, workload="command")
    assert found.quality.shortened == ["repeats: 3"]


def test_a_shortened_mode_is_named_in_every_form(tmp_path: Path) -> None:
    chance = random.Random(10)
    about = {**conditions(), "workload_options": {"effort": "fast"}}
    tasks = [task(noisy(chance), metadata=about), task(noisy(chance), metadata=about)]
    tasks += [task(noisy(chance), kind="n"), task(noisy(chance), kind="n")]
    found = report(tmp_path, tasks, workload="pyperformance")
    mode = "effort: fast (aws m)"
    assert f"Shortened: {mode}." in found.quality.headline
    assert any(mode in line for line in found.warnings)
    for text in (printed(found), printed(found, of=outcome), page_texts(found)):
        assert mode in text
    assert "effort: fast \\(aws m\\)" in as_markdown(found)
    rows = [row for row in csv.DictReader(io.StringIO(as_csv(found))) if row["row"] == "benchmark"]
    assert {row["name"]: "measured with effort: fast" in row["quality_findings"] for row in rows} == {
        "m": True,
        "n": False,
    }
    assert json.loads(found.model_dump_json())["quality"]["shortened"] == [mode]


# What else the machine did


@each_case(
    ("other", "kind", "grade"),
    [
        ({"foreign_cpu": 0.2}, "foreign cpu", "fair"),
        ({"foreign_cpu": 1.5}, "foreign cpu", "poor"),
        ({"steal_share": 0.02}, "steal", "fair"),
        ({"steal_share": 0.2}, "steal", "poor"),
        ({"throttled_s": 1.0}, "throttled", "fair"),
        ({"throttled_s": 10.0}, "throttled", "poor"),
        ({"busy_slots": 2}, "busy slots", "fair"),
        ({"before": {"load_1m": 5.0}}, "load", "fair"),
        ({"before": {"runnable": 9}}, "runnable", "fair"),
    ],
)
def test_a_busy_machine_is_a_finding_of_all_its_series(
    tmp_path: Path, other: Mapping[str, Any], kind: str, grade: str
) -> None:
    chance = random.Random(11)
    found = report(tmp_path, [task(noisy(chance), metadata=conditions(**other)) for _ in range(2)])
    assert kinds(only(found)) == {kind: grade}


def test_second_attempts_and_changing_clocks_are_findings(tmp_path: Path) -> None:
    chance = random.Random(12)
    slow = conditions(after={"mhz": 1200.0})
    tasks = [task(noisy(chance), entry={"attempt": 2}), task(noisy(chance), metadata=slow), task(noisy(chance))]
    found = only(report(tmp_path, tasks))
    assert kinds(found) == {"attempt": "fair", "clock": "fair"}
    assert found.findings[0].tasks == 1


def test_what_compared_groups_did_not_share_is_said_before_their_numbers(tmp_path: Path) -> None:
    chance = random.Random(13)
    tasks = [
        task(noisy(chance), subject=name, metadata=conditions(foreign_cpu=foreign))
        for name, foreign in (("a", 1.5), ("b", 0.0))
        for _ in range(3)
    ]
    found = report(tmp_path, tasks)
    assert (
        "Not measured alike (medians of tasks): 1.5 cores used by others on aws m / a; 0 cores used by others on aws m / b. "
        "A difference between them may come from there."
    ) in found.warnings
    assert {one.subject: one.values["foreign cpu"].median for one in found.quality.conditions} == {"a": 1.5, "b": 0.0}


def test_groups_on_a_machine_that_is_as_busy_for_both_were_measured_alike(tmp_path: Path) -> None:
    chance = random.Random(18)
    busy = {"a": 11, "b": 12}
    tasks = [
        task(noisy(chance), subject=name, metadata=conditions(before={"runnable": threads}))
        for name, threads in busy.items()
        for _ in range(2)
    ]
    found = report(tmp_path, tasks)
    assert all("runnable" in kinds(one) for one in found.quality.series)
    assert not [line for line in found.warnings if line.startswith("Not measured alike")]


def test_a_baseline_that_was_measured_beside_other_work_is_said_to_be_so(tmp_path: Path) -> None:
    chance = random.Random(14)
    write_run(tmp_path, "old", [task(noisy(chance), metadata=conditions(steal_share=0.1)) for _ in range(3)])
    write_run(tmp_path, "new", [task(noisy(chance)) for _ in range(3)])
    found = analyse(read_runs([tmp_path / "new", tmp_path / "old"]), Options(baseline="old"))
    assert any("10.0 % of the CPU time stolen on aws m (baseline)" in line for line in found.warnings)
    assert {one.role: one.grade for one in found.quality.series} == {"measured": "good", "baseline": "poor"}


def test_what_was_not_recorded_is_never_fine(tmp_path: Path) -> None:
    chance = random.Random(15)
    none: dict[str, Any] = {"metadata": {"workload_options": None}}
    found = report(tmp_path, [task(noisy(chance), **none) for _ in range(2)])
    assert found.quality.not_recorded == [
        "what else the machine did (all 2 tasks)",
        "whether less was measured than usual (all 2 tasks)",
    ]
    assert "Not recorded: what else the machine did (all 2 tasks)" in found.quality.headline
    assert "steal and other work: not recorded" in page_texts(found)


def test_a_group_without_evidence_beside_one_with_it_is_told(tmp_path: Path) -> None:
    chance = random.Random(16)
    tasks = [task(noisy(chance), kind="m"), task(noisy(chance), kind="m")]
    tasks += [task(noisy(chance), kind="n", metadata={}), task(noisy(chance), kind="n", metadata={})]
    found = report(tmp_path, tasks)
    assert any(line.startswith("Whether aws n had the machine to itself was not recorded") for line in found.warnings)
    assert "what else the machine did (2 of 4 tasks)" in found.quality.not_recorded


@each_case("odd", [None, [], {"before": 3}, {"steal_share": "much"}, {"foreign_cpu": True}, {"steal_share": -1}])
def test_conditions_that_are_none_cost_nothing(tmp_path: Path, odd: Any) -> None:
    chance = random.Random(17)
    found = report(tmp_path, [task(noisy(chance), metadata={"conditions": odd}) for _ in range(2)])
    assert only(found).grade == "good"
    assert found.quality.conditions[0].recorded == 0


@each_case("odd", BEYOND)
def test_numbers_of_a_machine_that_are_beyond_all_sense_cost_nothing(tmp_path: Path, odd: float) -> None:
    """Whoever ran the task wrote them: whatever they are, the report is there, and JSON and page with it."""
    load = {"load_1m": odd, "runnable": odd, "mhz": odd}
    told = {
        "before": load,
        "after": load,
        "steal_share": odd,
        "foreign_cpu": odd,
        "throttled_s": odd,
        "busy_slots": odd,
    }
    strange = {"conditions": told, "duration_s": odd, "run": odd}
    entry = {"attempt": odd, "run_number": odd}
    machine = {"logical_cores": odd, "memory_bytes": odd, "cpu_quota": odd, "max_mhz": odd, "aslr": odd}
    chance = random.Random(17)
    odd_task = task(noisy(chance), metadata=strange, entry=entry, machine=machine)
    found = report(tmp_path, [odd_task, task(noisy(chance))])
    assert found.quality.conditions[0].recorded == 1
    assert only(found).tasks == 2
    assert "<html" in render(found)
    json.dumps(found.model_dump(mode="json"), allow_nan=False)


# All of it


def test_warnings_do_not_become_a_wall(tmp_path: Path) -> None:
    """A hundred poor series are one line for each kind of finding, with two examples."""
    tasks = [of_values("m", {f"b{n}": [1.0, 1.5] * 5 for n in range(100)}, metadata=conditions()) for _ in range(2)]
    found = report(tmp_path, tasks)
    lines = [line for line in found.warnings if "of 100 series" in line]
    assert len(lines) == len([one for one in found.quality.findings if one.poor])
    assert all(line.count("b") < 20 and len(line) < 400 for line in lines)


def test_the_headline_counts_what_there_is() -> None:
    assert Quality().headline == ""


def test_every_kind_has_a_title(tmp_path: Path) -> None:
    """A kind without one would fail where it is first found."""
    from benchfleet.report.quality.limits import LIMITS

    assert {limit.kind for limit in LIMITS} < set(TITLES)


def test_nothing_measured_has_no_headline(tmp_path: Path) -> None:
    found = report(tmp_path, [TaskFolder("m")])
    assert found.quality == Quality(headline="")
    assert "Quality" not in as_markdown(found)
