"""`report --baseline` as a gate: it never says that all is well where nothing was compared."""

import csv
import io
import json
import math
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from benchfleet.cli import report as command
from benchfleet.cli.fitting_table import FittingTable
from benchfleet.cli.report_tables import comparison_table, tables
from benchfleet.exceptions import RunFailed, UsageError
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.comment import as_comment
from benchfleet.report.csv_file import as_csv
from benchfleet.report.gate import Least, gated, least_compared
from benchfleet.report.junit import as_junit
from benchfleet.report.markdown import as_markdown
from benchfleet.report.matching import Match
from benchfleet.report.model.report import Report
from benchfleet.report.printing import shown
from benchfleet.report.reading import read_runs
from benchfleet.report.thresholds import Rule, Thresholds
from benchfleet_results.boards.units import base
from rich.console import Console

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, of_values, write_run
from tests.unit.page_texts import page_texts

ALL = least_compared("100%")


def tasks(value: float, *, names: str = "xy", machine: str = "a", failures: Any = (), **more: Any) -> list[TaskFolder]:
    return [
        TaskFolder(machine, [measurement(name, [value + n / 100], **more) for name in names], failures=failures)
        for n in range(3)
    ]


def compared(tmp_path: Path, new: list[TaskFolder], old: list[TaskFolder] | None = None, **options: Any) -> Report:
    folders = [write_run(tmp_path, "new", new), write_run(tmp_path, "old", tasks(1.0) if old is None else old)]
    return analyse(read_runs(folders), Options(baseline="old", **options))


def judge(report: Report, *, least: Least, allow_failed: bool = False) -> None:
    command.judge(gated(report, least=least, allow_failed=allow_failed))


def reason(report: Report, **how: Any) -> str:
    with pytest.raises(RunFailed) as failed:
        judge(report, **{"least": ALL, **how})
    return str(failed.value)


@pytest.mark.parametrize(
    "new",
    [
        tasks(9.0, machine="b"),
        tasks(9.0, names="pq"),
        tasks(9.0, variant="cpython-3.13"),
        tasks(9.0, unit="furlongs"),
        tasks(9.0, metric="memory"),
        [TaskFolder("a", [measurement("x", []), measurement("y", [])])] * 2,
        [TaskFolder("a", None, entry={"status": "failed", "error_message": "dead"})],
        [],
    ],
)
def test_a_gate_that_compared_nothing_fails_and_every_form_says_so(tmp_path: Path, new: list[TaskFolder]) -> None:
    report = compared(tmp_path, new)
    assert "0 of 2 benchmarks could be compared with old" in reason(report)
    assert any("0 of 2 benchmarks could be compared" in words for words in report.warnings)
    texts = [as_markdown(report), page_texts(report)]
    for form in texts:
        assert "0 of the baseline" in form
        assert "is worse by" not in form
    assert report.comparison
    lost = report.comparison.only_in_baseline
    assert [words.split(" ")[2] for words in lost] == ["x", "y"]
    for form in (*texts, as_csv(report)):
        assert form.count("only in the baseline") == 2 or form.count("only_in_baseline") == 2


@each_case("named", [{"baseline": ""}, {"baseline": "old", "runs": [""]}, {"baseline": "old", "runs": ["new", ""]}])
def test_a_name_that_is_empty_is_no_gate_left_out(tmp_path: Path, named: dict[str, Any]) -> None:
    """`--baseline "$BASE"`, where nobody set BASE."""
    for name, value in (("new", 9.0), ("old", 1.0)):
        write_run(tmp_path, name, tasks(value))
    with pytest.raises(UsageError, match="the name of a run is empty"):
        command.run(**{"runs": ["new"], "results": tmp_path, "csv": os.devnull, **named})


def test_a_folder_above_is_no_run_of_the_results(tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    assert [command.find(word, tmp_path / "results") for word in (".", "..")] == [Path("."), Path("..")]


def test_one_task_a_side_can_tell_nothing(tmp_path: Path) -> None:
    report = compared(tmp_path, tasks(9.0)[:1], tasks(1.0)[:1])
    assert "0 of 2 benchmarks could be compared" in reason(report)
    assert any("one task on a side" in words for words in report.warnings)


@pytest.mark.parametrize(("least", "passes"), [("100%", False), ("3", False), ("2", True), ("50%", True), ("0", True)])
def test_how_much_must_be_compared_can_be_said(tmp_path: Path, least: str, passes: bool) -> None:
    report = compared(tmp_path, tasks(1.0), tasks(1.0, names="xyz"))
    if passes:
        judge(report, least=least_compared(least))
    else:
        assert "2 of 3 benchmarks could be compared" in reason(report, least=least_compared(least))


def test_nothing_at_all_is_never_enough(tmp_path: Path) -> None:
    reason(compared(tmp_path, tasks(1.0, names="p")), least=least_compared("0"))
    reason(compared(tmp_path / "empty", [], []), least=least_compared("0"))


@each_case("text", ["", "-1", "101%", "x", "1.5", "²", "1" * 5_000])
def test_a_bad_minimum_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="--min-compared"):
        least_compared(text)


def test_units_of_one_dimension_are_converted(tmp_path: Path) -> None:
    report = compared(tmp_path, tasks(9000.0, unit="ms"))
    assert "+79" in reason(report)
    assert report.comparison
    assert {row.unit for row in report.comparison.rows} == {"s"}


@each_case(
    ("unit", "found"),
    [
        ("ms", ("s", 1e-3)), ("µs", ("s", 1e-6)), ("min", ("s", 60.0)), ("KiB", ("bytes", 1024.0)),
        ("req/min", ("req/s", 1 / 60)), ("MB/s", ("bytes/s", 1e6)), ("ops per ms", ("ops/s", 1e3)),
        ("m/s/kg", ("m/s/kg", 1.0)), ("%", ("%", 1.0)), ("", ("", 1.0)), ("MS", ("MS", 1.0)),
    ],
)  # fmt: skip
def test_what_a_unit_is_converted_to(unit: str, found: tuple[str, float]) -> None:
    name, factor = base(unit)
    assert name == found[0]
    assert factor == pytest.approx(found[1])


@each_case("match", ["variant=any", "variant=interp:yjit"])
def test_a_variant_of_another_name_can_be_compared(tmp_path: Path, match: str) -> None:
    report = compared(tmp_path, tasks(9.0, variant="yjit"), match=Match.parse([match]))
    assert "+79" in reason(report)
    rows = [row for row in csv.DictReader(io.StringIO(as_csv(report))) if row["row"] == "benchmark"]
    assert [(row["baseline"], row["baseline_threshold"], row["baseline_regression"]) for row in rows] == [
        ("compared", "0.05", "yes")
    ] * 2


def test_any_variant_is_refused_where_there_are_several(tmp_path: Path) -> None:
    both = [TaskFolder("a", [measurement("x", [1.0]), measurement("x", [2.0], variant="yjit")]) for _ in range(2)]
    with pytest.raises(UsageError, match="the run has interp and yjit"):
        compared(tmp_path, both, match=Match.parse(["variant=any"]))


@each_case("match", [["variant=interp:yjit"], ["variant=interp:z", "variant=yjit:z"]])
def test_no_two_variants_of_the_baseline_become_one(tmp_path: Path, match: list[str]) -> None:
    """What became five times slower is as fast as the mean of the two."""
    old = [TaskFolder("a", [measurement("x", [1.0]), measurement("x", [9.0], variant="yjit")]) for _ in range(3)]
    new = [TaskFolder("a", [measurement("x", [5.0], variant=match[0][-1] if len(match) > 1 else "yjit")])] * 3
    with pytest.raises(UsageError, match="the baseline has interp and yjit of x on aws a, which would become one"):
        compared(tmp_path, new, old, match=Match.parse(match))


def test_variants_that_change_their_names_with_each_other_stay_two(tmp_path: Path) -> None:
    old = [TaskFolder("a", [measurement("x", [1.0]), measurement("x", [9.0], variant="yjit")]) for _ in range(3)]
    new = [TaskFolder("a", [measurement("x", [9.0]), measurement("x", [1.0], variant="yjit")]) for _ in range(3)]
    report = compared(tmp_path, new, old, match=Match.parse(["variant=interp:yjit", "variant=yjit:interp"]))
    assert [row.relation.verdict for row in report.comparison.rows] == ["unclear"] * 2  # type: ignore[union-attr]


@each_case("word", ["variant", "variant=", "variant=a:", "machine=any", "variant=:b"])
def test_a_bad_match_is_told(word: str) -> None:
    with pytest.raises(UsageError, match="--match"):
        Match.parse([word])


def test_a_benchmark_that_fails_now_and_did_not_before_is_a_regression(tmp_path: Path) -> None:
    failure = [{"benchmark": "y", "variant": "interp", "reason": "boom"}]
    some = [*tasks(1.0)[:2], *tasks(1.0, names="x", failures=failure)[2:]]
    report = compared(tmp_path, some)
    assert "failed and did not before: aws a: y (interp)" in reason(report)
    judge(report, least=ALL, allow_failed=True)
    judge(compared(tmp_path / "same", some, some), least=ALL)


@each_case(
    ("lost", "manifest"),
    [
        (TaskFolder("a", entry={"error_message": "boom"}), True),
        (TaskFolder("a", entry={"status": "cancelled", "reason": "stopped"}), True),
        (TaskFolder("a", [measurement("x", []), measurement("y", [])]), True),
        (TaskFolder("a", [measurement("x", [1.0])], metadata={"status": "error"}), False),
    ],
)
def test_a_task_that_fails_now_where_none_did_before_is_a_regression(
    tmp_path: Path, lost: TaskFolder, manifest: bool
) -> None:
    """A benchmark that fails at once leaves no result: no row is missing then, only tasks are."""
    some = [*tasks(1.0)[:2], lost, lost]
    folders = [write_run(tmp_path, "new", some, manifest=manifest), write_run(tmp_path, "old", tasks(1.0))]
    report = analyse(read_runs(folders), Options(baseline="old"))
    assert reason(report) == "failed and did not before: aws a: 2 of 4 tasks gave nothing"
    judge(report, least=ALL, allow_failed=True)
    counts = {
        allowed: ElementTree.fromstring(as_junit(gated(report, least=ALL, allow_failed=allowed))).get("errors")
        for allowed in (False, True)
    }
    assert counts == {False: "1", True: "0"}
    assert "failed now and not before: aws a: 2 of 4 tasks gave nothing" in as_comment(gated(report, least=ALL))
    judge(compared(tmp_path / "same", some, some), least=ALL)


def losing(lost: int, total: int, **more: Any) -> list[TaskFolder]:
    """Tasks of which some have no y, and tell no failure."""
    return [
        TaskFolder("a", [measurement(name, [1.0 + n / 100]) for name in ("x" if n < lost else "xy")], **more)
        for n in range(total)
    ]


LOST = "aws a: y (interp), measured by 2 of 5 tasks, in the baseline by 5 of 5"


def test_a_benchmark_that_tasks_lose_without_a_word_is_a_regression_in_every_form(tmp_path: Path) -> None:
    report = compared(tmp_path, losing(3, 5), losing(0, 5))
    assert reason(report) == f"failed and did not before: {LOST}"
    judge(report, least=ALL, allow_failed=True)
    told, allowed = gated(report, least=ALL), gated(report, least=ALL, allow_failed=True)
    assert ElementTree.fromstring(as_junit(told)).get("errors") == "1"
    assert ElementTree.fromstring(as_junit(allowed)).get("errors") == "0"
    console = Console(file=io.StringIO(), width=300)
    for table in tables(told):
        console.print(table)
    terminal = " ".join(console.file.getvalue().replace("│", " ").split())  # type: ignore[attr-defined]
    assert f"failed now and not before {LOST}" in terminal
    for form in (as_comment(told), as_markdown(told), page_texts(told)):
        assert f"failed now and not before: {LOST}" in form.replace("\\", "")
    assert any(LOST in words for words in report.warnings)


@each_case(
    ("new", "old", "worse"),
    [
        (losing(3, 5), losing(3, 5), False),
        (losing(3, 5), losing(4, 6), False),
        (losing(1, 4), losing(1, 5), False),
        (losing(2, 10), losing(1, 5), False),
        (losing(3, 10), losing(1, 5), True),
        (losing(1, 5), losing(0, 1), True),
        (losing(0, 5), losing(3, 5), False),
    ],
)
def test_a_baseline_that_lost_as_much_is_no_worse(
    tmp_path: Path, new: list[TaskFolder], old: list[TaskFolder], worse: bool
) -> None:
    found = compared(tmp_path, new, old).comparison
    assert found is not None
    assert bool(found.failed) == worse


def test_who_was_not_to_measure_a_benchmark_lost_none(tmp_path: Path) -> None:
    """Parts of other benchmarks, tasks that were not needed, runs of other benchmarks, what is filtered or ignored."""
    parts = [
        TaskFolder("a", [measurement(name, [1.0 + n / 100])], part=part, repeat=n, entry={"part": part})
        for n in range(1, 4)
        for name, part in (("x", "1/2"), ("y", "2/2"))
    ]
    judge(compared(tmp_path / "parts", parts), least=ALL)
    spared = [TaskFolder("a", entry={"status": "cancelled", "reason": "precision_reached"})] * 3
    judge(compared(tmp_path / "spared", [*losing(0, 2), *spared], losing(0, 5)), least=ALL)
    judge(compared(tmp_path / "filter", losing(3, 5), losing(0, 5), benchmarks=("x",)), least=ALL)
    ignored = Thresholds(rules=(Rule((("benchmark", "y"),), None, "rules:1"),))
    judge(compared(tmp_path / "rule", losing(3, 5), losing(0, 5), thresholds=ignored), least=ALL)


def test_runs_of_other_benchmarks_are_pooled_and_lose_nothing(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path, name, run)
        for name, run in (("one", losing(0, 3)), ("two", losing(3, 3)), ("old", losing(0, 5)))
    ]
    report = analyse(read_runs(folders), Options(baseline="old"))
    judge(report, least=ALL)


def test_a_part_that_loses_a_benchmark_is_told(tmp_path: Path) -> None:
    def parts(lost: int) -> list[TaskFolder]:
        return [
            TaskFolder(
                "a", [measurement(one, [1.0 + n / 100]) for one in names], part=part, repeat=n, entry={"part": part}
            )
            for n in range(1, 6)
            for names, part in (("x", "1/2"), ("z" if n <= lost else "yz", "2/2"))
        ]

    found = compared(tmp_path, parts(3), parts(0)).comparison
    assert found is not None
    assert found.failed == [LOST]


def test_a_failure_that_is_told_is_told_once_and_metrics_that_are_lost_are_named(tmp_path: Path) -> None:
    failure = [{"benchmark": "y", "variant": "interp", "reason": "boom"}]
    told = [*losing(3, 3, failures=failure), *losing(0, 2)]
    found = compared(tmp_path / "told", told, losing(0, 5)).comparison
    assert found is not None
    assert found.failed == ["aws a: y (interp)"]

    def two(memory: int, variant: str = "interp") -> list[TaskFolder]:
        both = [measurement("y", [1.0], variant=variant), measurement("y", [9.0], variant=variant, metric="memory")]
        return [TaskFolder("a", both[: 1 if n >= memory else 2]) for n in range(5)]

    match = Match.parse(["variant=yjit:interp"])
    found = compared(tmp_path / "metric", two(2), two(5, "yjit"), match=match).comparison
    assert found is not None
    assert found.failed == ["aws a: y (interp), memory, measured by 2 of 5 tasks, in the baseline by 5 of 5"]


def test_tasks_that_did_without_are_no_failure(tmp_path: Path) -> None:
    """Those of a run that knew enough, of a machine that the baseline has not, of what a rule ignores."""
    spared = TaskFolder("a", entry={"status": "cancelled", "reason": "precision_reached"})
    judge(compared(tmp_path / "spared", [*tasks(1.0), spared]), least=ALL)
    judge(compared(tmp_path / "other", [*tasks(1.0), TaskFolder("b")]), least=ALL)
    ignored = Thresholds(rules=(Rule((("machine", "b"),), None, "rules:1"),))
    both = [*tasks(1.0), *tasks(1.0, machine="b")]
    judge(compared(tmp_path / "rule", [*both[:-1], TaskFolder("b")], both, thresholds=ignored), least=ALL)


def test_a_task_that_does_not_say_where_it_ran_may_be_of_any_machine(tmp_path: Path) -> None:
    folders = [write_run(tmp_path, "new", tasks(1.0), manifest=False), write_run(tmp_path, "old", tasks(1.0))]
    (folders[0] / "a-4").mkdir()
    (folders[0] / "a-4" / "error.txt").write_text("boom")
    report = analyse(read_runs(folders), Options(baseline="old"))
    assert reason(report) == "failed and did not before: a-4: 1 of 1 tasks gave nothing"


def test_a_plain_report_of_a_run_that_failed_wholly_is_a_failure(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [TaskFolder("a", None, entry={"status": "failed"})])
    assert "nothing was measured" in reason(analyse(read_runs([folder])))


@each_case("outcome", ["corrupt", "unreadable", "missing", "deleted"])
def test_a_result_that_cannot_be_read_is_a_failure(tmp_path: Path, outcome: str) -> None:
    archived = {"archived": outcome} if outcome in ("corrupt", "missing") else {}
    folder = write_run(tmp_path, "r", [TaskFolder("a", [measurement("x", [1.0])], entry=archived), *tasks(1.0)])
    if outcome == "unreadable":
        (folder / "a-1" / "output.json").write_text("{")
    if outcome == "deleted":
        shutil.rmtree(folder / "a-1")
    assert "1 result could not be read or is missing" in reason(analyse(read_runs([folder])))


def test_names_are_compared_whole_and_cut_for_print_only(tmp_path: Path) -> None:
    front = "group/" + "x" * 196 + "/"
    ends = ("fast", "slow", "a b", "a  b", "a\tb", "A")
    old = [TaskFolder("m" * 300, [measurement(front + end, [1.0 + n / 1000]) for end in ends]) for n in range(3)]
    new = [
        TaskFolder("m" * 300, [measurement(front + end, [(3.0 if end == "fast" else 1.0) + n / 1000]) for end in ends])
        for n in range(3)
    ]
    report = compared(tmp_path, new, old)
    assert report.comparison
    assert (report.comparison.compared, report.comparison.of_baseline) == (6, 6)
    assert {row.benchmark for row in report.comparison.regressions} == {front + "fast", None}
    assert {row["benchmark"] for row in json.loads(report.model_dump_json())["boards"][0]["benchmarks"]} == {
        front + end for end in ends
    }
    assert front not in as_markdown(report)
    assert "/fast" in as_markdown(report)
    assert shown(front + "fast") in reason(report)


def test_machines_whose_names_begin_alike_stay_apart(tmp_path: Path) -> None:
    kinds = ["m" * 250 + end for end in "ab"]
    folder = write_run(tmp_path, "r", [task for kind in kinds for task in tasks(1.0, machine=kind)])
    assert [row.name for row in analyse(read_runs([folder])).boards[0].ranking] == kinds


def test_the_same_name_twice_is_pooled_and_told(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [TaskFolder("a", [measurement("x", [1.0]), measurement("x", [3.0])])])
    report = analyse(read_runs([folder]))
    assert report.boards[0].benchmarks[0].cells[0].samples == 2
    assert any("lists x more than once" in words for words in report.warnings)


def test_the_same_name_twice_in_two_units_is_one_task_still(tmp_path: Path) -> None:
    twice = [measurement("x", [1.0, 1.2]), measurement("x", [1000.0, 1200.0], unit="ms")]
    report = analyse(read_runs([write_run(tmp_path, "r", [TaskFolder("a", twice)])]))
    (cell,) = report.boards[0].benchmarks[0].cells
    assert (cell.tasks, cell.samples) == (1, 4)
    assert cell.mean == pytest.approx(1.1)
    assert any("lists x more than once" in words for words in report.warnings)


def test_a_name_is_looked_for_before_a_pattern(tmp_path: Path) -> None:
    names = ["ctors[int|str]", "ctorsi", "other"]
    folder = write_run(tmp_path, "r", [TaskFolder("a", [measurement(name, [1.0]) for name in names])])
    found = analyse(read_runs([folder]), Options(benchmarks=("ctors[int|str]",)))
    assert [one.benchmark for one in found.boards[0].benchmarks] == ["ctors[int|str]"]


@each_case("odd", [[1.0, True], ["1.5"], [None], "x", {"a": 1}])
def test_one_bad_measurement_costs_its_own_benchmark(tmp_path: Path, odd: Any) -> None:
    folder = write_run(tmp_path, "r", [TaskFolder("a", [measurement("good", [1.0]), measurement("odd", [1.0])])])
    path = folder / "a-1" / "output.json"
    document = json.loads(path.read_text())
    document["measurements"][1]["samples"] = odd
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(document).encode())
    report = analyse(read_runs([folder]))
    assert [one.benchmark for one in report.boards[0].benchmarks] == ["good"]
    [problem] = report.benchmark_problems
    assert (problem.benchmark, "measurements.1.samples" in problem.reason) == ("odd", True)


@pytest.mark.parametrize(
    ("other", "theirs", "mine"),
    [
        ({"unit": "bytes"}, "in s", "in bytes"),
        ({"better": "higher"}, "lower is better", "higher is better"),
    ],
)
def test_what_differs_beside_the_names_is_told_on_both_sides(
    tmp_path: Path, other: dict[str, str], theirs: str, mine: str
) -> None:
    found = compared(tmp_path, tasks(9.0, names="x", **other), tasks(1.0, names="x")).comparison
    assert found is not None
    assert found.only_in_baseline == [f"aws a: x (interp, time, {theirs})"]
    assert found.only_new == [f"aws a: x (interp, time, {mine})"]


@each_case(
    ("name", "mine"),
    [
        ("x ", "x\\x20"),
        (" x", "\\x20x"),
        ("x\u200b", "x\\u200b"),
        ("x\u00a0", "x\\xa0"),
        ("e\u0301", "e\\u0301"),  # as macOS spells the name of a file
    ],
)
def test_names_that_look_alike_are_told_apart_in_print(tmp_path: Path, name: str, mine: str) -> None:
    plain = "\u00e9" if "\u0301" in name else "x"
    new, old = ([TaskFolder("a", [measurement(one, [9.0 + n])]) for n in range(3)] for one in (name, plain))
    report = compared(tmp_path, new, old)
    [told] = [words for words in report.warnings if "0 of 1 benchmarks" in words]
    assert f"only the baseline has aws a: {plain} (interp, time)" in told
    assert f"only this run has aws a: {mine} (interp, time)" in told
    assert shown(name) == mine


def test_names_of_other_scripts_stand_as_they_are() -> None:
    for name in ("naïve", "ベンチ", "हिन्दी", "a b", "กำ"):
        assert shown(name) == name


def test_workloads_are_told_where_they_are_what_differs(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path, "new", tasks(9.0, names="x"), workload="mock"),
        write_run(tmp_path, "old", tasks(1.0, names="x"), workload="command"),
    ]
    found = analyse(read_runs(folders), Options(baseline="old")).comparison
    assert found is not None
    assert found.only_in_baseline == ["aws a: x (interp, time, workload command)"]
    assert found.only_new == ["aws a: x (interp, time, workload mock)"]


def test_rows_of_two_workloads_can_be_told_apart(tmp_path: Path) -> None:
    for side, mock_s in (("new", 9.0), ("old", 1.0)):
        (tmp_path / side).mkdir()
        for name, value in (("mock", mock_s), ("command", 1.0)):
            written = write_run(tmp_path, f"{side}-{name}", tasks(value, names="x"), workload=name)
            for task in written.glob("a-*"):
                task.rename(tmp_path / side / f"{name}-{task.name}")
    report = analyse(read_runs([tmp_path / "new", tmp_path / "old"]), Options(baseline="old"))
    assert "x (mock, interp) on aws a" in reason(report)
    assert "| aws a | mock, interp | x |" in as_markdown(report, everything=True)
    assert "| aws a | command, interp | x |" in as_markdown(report, everything=True)
    assert re.search(r"<td[^>]*>aws a</td><td[^>]*>mock, interp</td>", page_texts(report))


def test_a_single_benchmark_is_tested_once(tmp_path: Path) -> None:
    """With its own geometric mean beside it, it was two tests, and an interval of +1.2 % to +16.2 % "within noise"."""
    middle, deviation = math.sqrt(1.012 * 1.162), 0.030483  # of the logarithms of three tasks a side: t = 2.776 on 4
    new, old = (
        [TaskFolder("a", [measurement("x", [base * math.exp(n * deviation)])]) for n in (-1, 0, 1)]
        for base in (middle, 1.0)
    )
    report = compared(tmp_path, new, old)
    assert report.comparison
    (row,) = report.comparison.rows
    assert row.relation.interval == pytest.approx((1.012, 1.162), abs=1e-4)
    assert (row.relation.verdict, report.comparison.tests) == ("worse", 1)
    assert "x (interp) on aws a +8.4 %" in reason(report)


def test_what_is_within_noise_is_counted_and_shown_when_asked_for(tmp_path: Path) -> None:
    """As in tables of factors: three hundred rows of nothing hide the one that matters."""
    report = compared(tmp_path, [*one_slow(1.2)], [*one_slow(1.0)])
    found = report.comparison
    assert found is not None
    console = Console(file=io.StringIO(), width=300)
    console.print(comparison_table(found))
    terminal = console.file.getvalue()  # type: ignore[attr-defined]
    for form in (terminal, as_markdown(report).partition("### Against")[2].partition("###")[0]):
        assert "3 of 5 rows are within noise and left out" in " ".join(form.split())
        assert ("slow" in form, "geometric mean" in form, "same" in form) == (True, True, False)
    assert "| same-2 |" in as_markdown(report, everything=True).partition("### Against")[2].partition("###")[0]
    assert "<summary>3 of 5 rows are within noise and left out</summary>" in page_texts(report)


def one_slow(shift: float) -> Iterator[TaskFolder]:
    for n in range(5):
        values = {"slow": [shift + n / 1000], **{f"same-{number}": [1.0 + n / 1000] for number in range(3)}}
        yield of_values("a", values)


def test_where_everything_is_within_noise_no_table_is_empty(tmp_path: Path) -> None:
    report = compared(tmp_path, tasks(1.0, names="x"), tasks(1.0, names="x"))
    found = report.comparison
    assert found is not None
    console = Console(file=io.StringIO(), width=200)
    console.print(comparison_table(found))
    terminal = console.file.getvalue()  # type: ignore[attr-defined]
    for form in (terminal, as_markdown(report)):
        assert "1.010 s" in form.split("gainst baseline")[-1].split("Ranking")[0]
        assert "left out" not in form
    assert "Corrected for" not in terminal
    assert "within noise and left out" not in page_texts(report)


def test_where_nothing_could_be_compared_there_is_no_table_of_it(tmp_path: Path) -> None:
    report = compared(tmp_path, tasks(1.0, names="x"), tasks(1.0, names="y"))
    titles = [table.title for table in tables(report) if isinstance(table, FittingTable)]
    assert titles[0] == "Not compared"
    text = as_markdown(report).partition("### Against")[2].partition("###")[0]
    assert "Nothing could be compared" in text
    assert "| difference |" not in text
