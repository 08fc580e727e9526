"""A metric over runs: its series, the steps in them, and what else changed."""

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from benchfleet.cli.history_table import tables
from benchfleet.cli.report_warnings import print_warnings
from benchfleet.exceptions import UsageError
from benchfleet.report.analysis import Options
from benchfleet.report.history.building import history
from benchfleet.report.history.change_points import change_points
from benchfleet.report.history.markdown import as_markdown
from benchfleet.report.history.report import with_history
from benchfleet.report.history.steps import Track, stepped
from benchfleet.report.model.history import History, HistorySeries
from benchfleet.report.reading import read_runs

from tests.report_runs import TaskFolder, measurement, write_run
from tests.unit.page_texts import page_texts

QUIET = [1.00, 1.01, 0.99, 1.005, 0.995, 1.01, 0.99, 1.0]
STEP = [*QUIET, *(value * 1.2 for value in QUIET)]


def runs(
    folder: Path, values: Sequence[float], *, benchmarks: Sequence[str] = ("sort", "hash"), unit: str = "s", **more: Any
) -> list[Path]:
    """A run a day, each of two tasks; `values` are the means of every benchmark."""
    return [
        write_run(folder, f"run{day:02}", [_task(value, day, benchmarks, unit, **more) for _ in range(2)])
        for day, value in enumerate(values, start=1)
    ]


def _task(value: float, day: int, benchmarks: Sequence[str], unit: str, **more: Any) -> TaskFolder:
    at = f"2026-10-{day:02}T10:00:00Z"
    measured = [measurement(name, [value, value * 1.001], unit=unit, **more) for name in benchmarks]
    return TaskFolder("m", measured, metadata={"start_time": at, "end_time": at})


def of(paths: Sequence[Path], marks: dict[str, str] | None = None) -> History:
    return history(read_runs(paths), marks or {})


def series(found: History, benchmark: str | None) -> HistorySeries:
    return next(one for one in found.series if one.benchmark == benchmark)


def test_a_step_is_found_where_it_is_with_its_ratio_and_interval(tmp_path: Path) -> None:
    one = series(of(runs(tmp_path, STEP)), "sort")
    (step,) = one.steps
    assert (step.run_id, step.previous, step.at) == ("run09", "run08", 8)
    assert step.relation.ratio == pytest.approx(1.2, rel=1e-3)
    low, high = step.relation.interval or (0, 0)
    assert 1.1 < low < 1.2 < high < 1.3
    assert step.relation.verdict == "worse"
    assert [level.runs for level in one.levels] == [8, 8]
    assert one.levels[1].mean / one.levels[0].mean == pytest.approx(step.relation.ratio)


def test_the_geometric_mean_over_the_benchmarks_is_a_series_too(tmp_path: Path) -> None:
    mean = series(of(runs(tmp_path, STEP)), None)
    assert mean.benchmarks == ["hash", "sort"]
    assert [step.run_id for step in mean.steps] == ["run09"]
    assert mean.points[0].value == pytest.approx(1.0005, rel=1e-6)


def test_more_of_a_rate_is_better(tmp_path: Path) -> None:
    paths = runs(tmp_path, STEP, metric="throughput", unit="requests/s", better="higher")
    (step,) = series(of(paths), "sort").steps
    assert step.relation.verdict == "better"
    assert step.relation.ratio == pytest.approx(1 / 1.2, rel=1e-3)
    assert step.new / step.old == pytest.approx(1.2, rel=1e-3)


def test_a_history_without_a_step_has_one_level_and_none(tmp_path: Path) -> None:
    found = of(runs(tmp_path, QUIET))
    assert [(len(one.levels), one.steps) for one in found.series] == [(1, [])] * 3
    assert found.tests == 3 * 5  # places with two runs on either side


def test_numbers_that_never_change_have_no_steps(tmp_path: Path) -> None:
    assert not any(one.steps for one in of(runs(tmp_path, [1.0] * 8)).series)


def test_a_run_whose_numbers_are_round_does_not_hide_a_step(tmp_path: Path) -> None:
    """Whole seconds look as if nothing finer had been written down."""
    paths = runs(tmp_path, STEP[1:])
    paths.append(write_run(tmp_path, "round", [TaskFolder("m", [measurement("sort", [1, 1])]) for _ in range(2)]))
    assert [step.run_id for step in series(of(paths), "sort").steps][:1] == ["run08"]


def test_fewer_than_six_runs_are_shown_and_not_searched(tmp_path: Path) -> None:
    one = series(of(runs(tmp_path, [1.0, 1.0, 1.0, 2.0, 2.0])), "sort")
    assert (len(one.points), one.levels, one.steps) == (5, [], [])
    assert one.note == "5 runs are too few to look for steps: 6 are needed"


def test_one_run_that_is_off_is_no_step() -> None:
    assert change_points([*QUIET[:4], 3.0, *QUIET[4:]]) == []


def test_runs_come_in_order_of_time_and_not_of_their_names(tmp_path: Path) -> None:
    paths = runs(tmp_path, QUIET)
    assert [run.run_id for run in of(paths[::-1]).runs] == [path.name for path in paths]


def test_a_run_that_measured_nothing_or_has_no_time_is_named(tmp_path: Path) -> None:
    paths = runs(tmp_path, QUIET)
    paths.append(write_run(tmp_path, "failed", [TaskFolder("m")]))
    nowhen = TaskFolder("m", [measurement("sort", [1.0])], metadata={"start_time": "soon"})
    paths.append(write_run(tmp_path, "undated", [nowhen], about={"created_at": None}))
    assert of(paths).unread == [
        "failed: it measured nothing that was asked for",
        "undated: its time is not recorded",
    ]


def test_what_changed_beside_the_numbers_stands_at_the_run_and_at_the_step(tmp_path: Path) -> None:
    paths = runs(tmp_path, QUIET)
    for day, value in enumerate(QUIET, start=11):
        task = _task(value * 1.3, day, ("sort", "hash"), "s")
        task.machine = {"isolation": "docker", "container_image": "ruby:3.4"}
        paths.append(write_run(tmp_path, f"run{day:02}", [task]))
    one = series(of(paths), "sort")
    (step,) = one.steps
    assert "isolation: process → docker" in step.changed
    assert [point.run_id for point in one.points if point.changed] == ["run11"]


def test_a_change_of_the_runs_options_is_marked(tmp_path: Path) -> None:
    paths = runs(tmp_path, QUIET[:3])
    day4 = _task(1.0, 4, ("sort",), "s")
    paths.append(write_run(tmp_path, "run04", [day4], about={"workload_options": {"effort": "fast"}}))
    assert series(of(paths), "sort").points[-1].changed == ['option effort: not set → "fast"']


def test_the_newest_run_stands_beside_each_named_one(tmp_path: Path) -> None:
    one = series(of(runs(tmp_path, STEP), {"release": "run01"}), "sort")
    (since,) = one.since
    assert (since.mark, since.steps) == ("release", 1)
    assert since.ratio == pytest.approx(1.2)


def test_a_mark_of_an_unknown_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--mark release=gone: that run is not in this history"):
        of(runs(tmp_path, QUIET), {"release": "gone"})


def test_a_run_without_a_benchmark_has_no_geometric_mean(tmp_path: Path) -> None:
    paths = runs(tmp_path, QUIET)
    paths.append(write_run(tmp_path, "short", [_task(1.0, 20, ("sort",), "s")]))
    assert [len(series(of(paths), name).points) for name in (None, "sort")] == [8, 9]


def test_what_may_be_zero_has_a_difference(tmp_path: Path) -> None:
    values = [float(round(value * 100) - 95) for value in STEP]
    (step,) = series(of(runs(tmp_path, values, metric="errors", unit="count")), "sort").steps
    assert step.relation.ratio is None
    assert step.relation.difference == pytest.approx(20, abs=1)


def test_a_change_within_noise_is_dropped_and_its_levels_are_one() -> None:
    """With a hundred series beside it, what would do alone is not enough."""
    rng = random.Random(4)
    weak = (0.0, 0.03, -0.02, 0.01, 1.0, 1.4, 0.7, 1.2)
    alone = Track(weak, overall=False, breaks=(4,))
    flat = [Track(tuple(rng.gauss(0, 1) for _ in range(8)), overall=False) for _ in range(100)]
    assert [one.verdict for one in stepped([alone])[0][0].relations] == ["worse"]
    found, tests = stepped([alone, *flat])
    assert (found[0].relations, found[0].track.breaks, tests) == ([], (), 101 * 5)


def test_several_steps_are_each_found() -> None:
    rng = random.Random(11)
    levels = (0.0, 0.5, 0.2)
    costs = tuple(level + rng.gauss(0, 0.02) for level in levels for _ in range(8))
    (found,), _ = stepped([Track(costs, overall=True).searched()])
    assert found.track.breaks == (8, 16)
    assert [one.verdict for one in found.relations] == ["worse", "better"]


def test_a_page_with_a_history_begins_with_it_and_its_tables_are_lists_on_a_phone(tmp_path: Path) -> None:
    """It began with the newest run, and a phone cut the steps' columns."""
    page = page_texts(with_history(read_runs(runs(tmp_path, STEP)), Options(), {}, []))
    top, table = page.split('class="block"')[0], page.split('aria-label="Steps"')[1].split("</table>")[0]
    assert "have steps beyond noise" in top
    assert '<table class="sortable stack">' in table
    assert {"run", "old", "new", "difference", "interval"} <= set(re.findall('data-label="([^"]*)"', table))


def test_a_history_in_markdown_and_in_the_terminal_explains_its_variants_and_whose_warnings_stand_above(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = with_history(read_runs(runs(tmp_path, STEP)), Options(), {}, [])
    text = as_markdown(report)
    assert "interp: Ruby's interpreter alone." in text
    assert "| --- | --- | ---: | ---: | ---: | ---: | --- | --- |" in text  # names are on the left
    assert "interpreter alone" in (list(tables(report))[-1].caption or "")
    print_warnings(report.model_copy(update={"warnings": ["one task lacks a result."]}))
    said = capsys.readouterr().err.splitlines()
    assert said == ["benchfleet: of the newest run, run16:", "benchfleet: one task lacks a result."]
