"""JUnit XML of the gate: valid, escaped, bounded, and red exactly where the exit code is 1."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.gate import gated, least_compared
from benchfleet.report.junit import MOST_CASES, as_junit
from benchfleet.report.model.comparison import Compared
from benchfleet.report.model.report import Report
from benchfleet.report.reading import read_runs
from benchfleet.report.thresholds import Rule, Thresholds
from benchfleet_results.boards.model import Relation

from tests.report_runs import TaskFolder, measurement, write_run

# Of Jenkins's xUnit schema, junit-10.xsd: element → attributes (those with ! are required), and what may be inside.
_SCHEMA = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {
            "name!",
            "tests!",
            "failures!",
            "errors!",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
        },
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name!", "time", "classname", "group"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "skipped": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "failure": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}
_NUMBERS = {"tests": r"\d+", "failures": r"\d+", "errors": r"\d+", "skipped": r"\d+", "time": r"\d+(\.\d+)?"}
Json = dict[str, Any]


def tasks(*measured: Json, factor: float = 1.0, count: int = 3, failures: Any = ()) -> list[TaskFolder]:
    return [
        TaskFolder("a", [{**one, "samples": [v * factor * shift for v in one["samples"]]} for one in measured],
                   failures=failures)
        for shift in (1.0, 1.001, 0.999)[:count]
    ]  # fmt: skip


def junit(report: Report) -> ElementTree.Element:
    root = ElementTree.fromstring(as_junit(report))
    require_valid(root)
    return root


def require_valid(element: ElementTree.Element) -> None:
    attributes, inside = _SCHEMA[element.tag]
    assert {name.removesuffix("!") for name in attributes} >= set(element.keys())
    assert {name[:-1] for name in attributes if name.endswith("!")} <= set(element.keys())
    for name, value in element.items():
        assert re.fullmatch(_NUMBERS.get(name, r"(?s).*"), value)
    for child in element:
        assert child.tag in inside
        require_valid(child)
    if element.tag in ("testsuite", "testsuites"):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert element.get(name) is None or int(element.get(name, "")) == sum(1 for _ in element.iter(tag))


def compared(
    tmp_path: Path, new: list[TaskFolder], old: list[TaskFolder], *, least: str = "100%", **how: Any
) -> Report:
    excused = how.pop("allow_failed", False)
    folders = [write_run(tmp_path, "new", new), write_run(tmp_path, "old", old)]
    report = analyse(read_runs(folders), Options(baseline="old", **how))
    return gated(report, least=least_compared(least), allow_failed=excused)


FIB, NBODY = measurement("fib", [1.0]), measurement("nbody", [2.0])
BROKEN = [{"benchmark": "fib", "variant": "interp", "reason": "boom"}]


def test_a_regression_is_a_failure_and_what_is_within_noise_passes(tmp_path: Path) -> None:
    slow = measurement("fib", [1.2])
    root = junit(compared(tmp_path, tasks(slow, NBODY), tasks(FIB, NBODY)))
    assert root.get("name") == "new against old"
    (suite,) = root
    assert suite.get("name") == "ruby-bench: interp, time"
    cases = {case.get("name", ""): case for case in suite}
    failed = cases["fib (interp)"]
    assert failed.get("classname") == "aws a"
    assert float(failed.get("time", "")) == pytest.approx(1.2, rel=1e-5)
    (failure,) = failed
    assert failure.tag == "failure"
    told = r"\+20\.0 % \(.+ to .+\): slower, beyond noise; .+ -> 1\.200 s; threshold 5\.0 %"
    assert re.fullmatch(told, failure.text or "")
    assert len(cases["nbody (interp)"]) == 0


CASES: dict[str, tuple[list[TaskFolder], list[TaskFolder], Json]] = {
    "passes": (tasks(FIB), tasks(FIB), {}),
    "worse": (tasks(FIB, factor=1.2), tasks(FIB), {}),
    "not so much worse": (tasks(FIB, factor=1.2), tasks(FIB), {"thresholds": Thresholds(0.25)}),
    "one task": (tasks(FIB, count=1), tasks(FIB, count=1), {}),
    "gone": (tasks(FIB), tasks(FIB, NBODY), {}),
    "gone, and allowed to": (tasks(FIB), tasks(FIB, NBODY), {"least": "50%"}),
    "more wanted than there is": (tasks(FIB), tasks(FIB), {"least": "3"}),
    "new": (tasks(FIB, NBODY), tasks(FIB), {}),
    "nothing": ([], [], {}),
    "broken": (tasks(NBODY, failures=BROKEN), tasks(FIB, NBODY), {"least": "0"}),
    "broken, and allowed to": (tasks(NBODY, failures=BROKEN), tasks(FIB, NBODY), {"least": "0", "allow_failed": True}),
    "corrupt": (
        [*tasks(FIB), TaskFolder("a", [FIB], entry={"archived": "corrupt"})], tasks(FIB), {}
    ),
    "ignored": (
        tasks(FIB, measurement("odd", [9.0])), tasks(FIB, measurement("odd", [1.0])),
        {"thresholds": Thresholds(rules=(Rule((("benchmark", "odd"),), None, "t.toml:1"),))},
    ),
    "no direction": (
        tasks(FIB, measurement("n", [1.0], metric="integer", unit="integer"), ), tasks(FIB), {}
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_red_exactly_where_the_gate_does_not_pass(tmp_path: Path, case: str) -> None:
    new, old, how = CASES[case]
    report = compared(tmp_path, new, old, **how)
    assert report.comparison
    assert report.comparison.gate
    root = junit(report)
    red = int(root.get("failures", "")) + int(root.get("errors", ""))
    assert (red == 0) == report.comparison.gate.passed


@pytest.mark.parametrize(
    ("case", "tag", "words"),
    [
        ("new", "skipped", "only this run has it"),
        ("gone", "error", "only the baseline has it"),
        ("gone, and allowed to", "skipped", "only the baseline has it"),
        ("one task", "error", "too few repeats: 1 task in the baseline, 1 task in this run"),
        ("broken", "error", "failed in this run and not in the baseline"),
        ("ignored", "skipped", "ignored by t.toml:1"),
    ],
)
def test_what_is_not_compared_says_why(tmp_path: Path, case: str, tag: str, words: str) -> None:
    new, old, how = CASES[case]
    root = junit(compared(tmp_path, new, old, **how))
    assert words in {one.get("message") for one in root.iter(tag)}


def test_names_stay_text(tmp_path: Path) -> None:
    nasty = "</testcase><!-- & \"'\x00\x1b[31m\ufffe"
    report = compared(tmp_path, tasks(measurement(nasty, [2.0])), tasks(measurement(nasty, [1.0])))
    assert any('</testcase><!-- & "' in (case.get("name") or "") for case in junit(report).iter("testcase"))


@pytest.mark.system
def test_it_is_bounded_and_what_failed_stays(tmp_path: Path) -> None:
    report = compared(tmp_path, tasks(FIB), tasks(FIB))
    assert report.comparison
    within = {"benchmark": "x", "relation": Relation(ratio=1.0, verdict="unclear")}
    row: Compared = report.comparison.rows[0].model_copy(update=within)
    rows = [row] * MOST_CASES + [row.model_copy(update={"regression": True})]
    large = report.model_copy(update={"comparison": report.comparison.model_copy(update={"rows": rows})})
    root = junit(gated(large, least=least_compared("0")))
    assert (root.get("tests"), root.get("failures")) == (str(MOST_CASES), "1")
    assert "1 more comparisons" in (root[-1][0].text or "")


def test_without_a_baseline_there_is_no_gate(tmp_path: Path) -> None:
    report = analyse(read_runs([write_run(tmp_path, "r", tasks(FIB))]))
    with pytest.raises(ValueError, match="baseline"):
        as_junit(gated(report, least=least_compared("0")))
