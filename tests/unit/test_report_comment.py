"""The comment on a pull request: verdict first, what changed, what was not compared, and GitHub's limit."""

from pathlib import Path

import pytest
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.comment import MARKER, MOST_BYTES, as_comment
from benchfleet.report.gate import gated, least_compared
from benchfleet.report.model.report import Report
from benchfleet.report.reading import read_runs
from benchfleet.report.thresholds import Rule, Thresholds

from tests.report_runs import TaskFolder, measurement, write_run

NO_RULES = Thresholds()


def tasks(**seconds: float) -> list[TaskFolder]:
    return [
        TaskFolder("a", [measurement(name, [value * shift]) for name, value in seconds.items()])
        for shift in (1.0, 1.001, 0.999)
    ]


def comment(
    tmp_path: Path, new: list[TaskFolder], old: list[TaskFolder], *, least: str = "100%", rules: Thresholds = NO_RULES
) -> str:
    folders = [write_run(tmp_path, "new", new), write_run(tmp_path, "old", old)]
    report: Report = analyse(read_runs(folders), Options(baseline="old", thresholds=rules))
    return as_comment(gated(report, least=least_compared(least)))


def top(text: str) -> str:
    """What is seen before anything is unfolded."""
    return text.split("<details>")[0]


def test_the_verdict_comes_first_below_a_stable_marker(tmp_path: Path) -> None:
    rules = Thresholds(rules=(Rule((("benchmark", "c"),), 0.5, "t.toml:1"),))
    found = comment(tmp_path, tasks(a=1.2, b=1.0, c=1.3, d=0.5), tasks(a=1.0, b=1.0, c=1.0, d=1.0), rules=rules)
    marker, headline, *rest = found.splitlines()
    assert marker == MARKER
    assert headline == "## ❌ Worse than the baseline in 1 comparison (against old, 4 of 4 benchmarks compared)"
    assert "new" not in marker
    rows = [line.split(" | ") for line in rest if line.startswith(("| a |", "| b |", "| c |", "| d |"))]
    told = [(row[0].removeprefix("| "), row[7], row[8].removesuffix(" |")) for row in rows if len(row) == 9]
    assert told == [
        ("a", "5.0 %", "❌ slower"),
        ("c", "50.0 %", "slower, within the threshold"),
        ("d", "5.0 %", "✅ faster"),
    ]
    assert "| b |" not in top(found)


def test_nothing_changed_passes(tmp_path: Path) -> None:
    found = top(comment(tmp_path, tasks(a=1.0, b=2.0), tasks(a=1.0, b=2.0)))
    assert "## ✅ Not worse than the baseline (against old, 2 of 2 benchmarks compared)" in found
    assert "Nothing changed beyond noise." in found


@pytest.mark.parametrize(
    ("least", "mark"), [("100%", "❌ The comparison with the baseline does not pass"), ("1", "✅ Not worse")]
)
def test_what_was_not_compared_is_told(tmp_path: Path, least: str, mark: str) -> None:
    found = top(comment(tmp_path, tasks(a=1.0, new=1.0), tasks(a=1.0, gone=1.0), least=least))
    assert f"## {mark}" in found
    assert "- only in the baseline: aws a: gone" in found
    assert "- only in this run: aws a: new" in found
    assert ("--min-compared" in found) == (least == "100%")


def test_too_few_tasks_are_told(tmp_path: Path) -> None:
    found = top(comment(tmp_path, tasks(a=9.0)[:1], tasks(a=1.0)[:1]))
    assert "- too few repeats: a \\(interp\\) on aws a" in found
    assert "Nothing could be compared." in found


def test_what_is_ignored_is_told(tmp_path: Path) -> None:
    rules = Thresholds(rules=(Rule((("benchmark", "odd"),), None, "t.toml:1"),))
    found = top(comment(tmp_path, tasks(a=1.0, odd=9.0), tasks(a=1.0, odd=1.0), rules=rules))
    assert "- ignored by t.toml:1: aws a: odd" in found
    assert "✅" in found


def test_github_takes_it_whatever_there_is(tmp_path: Path) -> None:
    names = {f"{'@<|`' * 20}{n}": 1.0 for n in range(150)}
    found = comment(tmp_path, tasks(**{name: 2.0 for name in names}), tasks(**names))
    assert len(found.encode()) <= MOST_BYTES < 65_536
    assert "more that changed beyond noise" in found
    assert "The whole report is too long for a comment" in found or "</details>" in found
    assert "<|" not in found
