"""Runs one after the other: the report says so, and shows their tasks against time."""

from pathlib import Path

import pytest
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.model.report import Report
from benchfleet.report.page import render
from benchfleet.report.reading import read_runs

from tests.report_runs import TaskFolder, measurement, write_run

CLOCK = "2026-11-2{}T10:{:02}:00Z"


def tasks(day: int, *seconds: float, better: str = "lower") -> list[TaskFolder]:
    return [
        TaskFolder(
            "m", [measurement("sort", [value, value], better=better)],
            metadata={"start_time": CLOCK.format(day, n), "end_time": CLOCK.format(day, n + 1)},
        )
        for n, value in enumerate(seconds)
    ]  # fmt: skip


def report(folder: Path, old: list[TaskFolder], new: list[TaskFolder]) -> Report:
    runs = [write_run(folder, name, found) for name, found in (("old", old), ("new", new))]
    return analyse(read_runs(runs), Options(baseline="old"))


def test_runs_one_after_the_other_are_said_to_confound_drift_with_change(tmp_path: Path) -> None:
    found = report(tmp_path, tasks(1, 1.0, 1.1), tasks(2, 2.0, 2.2))
    said = (
        "Run new (2026-11-22 10:00 to 10:02) and baseline old (2026-11-21 10:00 to 10:02) were measured "
        "one after the other"
    )
    assert [words for words in found.warnings if words.startswith(said)]


def test_runs_at_the_same_time_are_not(tmp_path: Path) -> None:
    assert not any(
        "one after the other" in words for words in report(tmp_path, tasks(1, 1, 1), tasks(1, 2, 2)).warnings
    )


def test_without_times_it_cannot_be_ruled_out(tmp_path: Path) -> None:
    bare = [TaskFolder("m", [measurement("sort", [1.0])], metadata={"start_time": None, "end_time": None})] * 2
    found = report(tmp_path, bare, bare)
    assert any("may have been measured one after the other" in words for words in found.warnings)
    assert found.timeline == []


def test_each_task_has_a_point_in_order_of_time(tmp_path: Path) -> None:
    found = report(tmp_path, tasks(1, 1.0, 1.0), tasks(2, 4.0, 4.0)).timeline
    assert [(point.run_id, point.role, point.at) for point in found] == [
        ("old", "baseline", CLOCK.format(1, 0)), ("old", "baseline", CLOCK.format(1, 1)),
        ("new", "measured", CLOCK.format(2, 0)), ("new", "measured", CLOCK.format(2, 1)),
    ]  # fmt: skip
    assert [point.value for point in found] == pytest.approx([0.5, 0.5, 2.0, 2.0])


def test_of_rates_less_is_worse(tmp_path: Path) -> None:
    found = report(tmp_path, tasks(1, 1.0, 1.0, better="higher"), tasks(2, 4.0, 4.0, better="higher")).timeline
    assert [point.value for point in found] == pytest.approx([2.0, 2.0, 0.5, 0.5])


def test_only_what_both_sides_measured_counts(tmp_path: Path) -> None:
    extra = tasks(2, 4.0, 4.0)
    extra[0].measurements = [*(extra[0].measurements or ()), measurement("other", [99.0])]
    found = report(tmp_path, tasks(1, 1.0, 1.0), extra).timeline
    assert [point.value for point in found] == pytest.approx([0.5, 0.5, 2.0, 2.0])


def test_the_page_plots_tasks_against_time(tmp_path: Path) -> None:
    page = render(report(tmp_path, tasks(1, 1.0, 1.1), tasks(2, 2.0, 2.2)))
    assert "4 tasks of 2 runs against time" in page


def test_without_a_baseline_there_is_no_timeline(tmp_path: Path) -> None:
    found = analyse(read_runs([write_run(tmp_path, "r", tasks(1, 1.0, 1.1))]))
    assert (found.timeline, "against time" in render(found)) == ([], False)
