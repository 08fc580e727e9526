"""Numbers that have no logarithm: zeros, counts and shares are compared by their difference."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import scipy  # loads `stats`, which is heavy, when it is used
from benchfleet.cli.report_tables import tables
from benchfleet.report import words
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.charts import Charts
from benchfleet.report.csv_file import as_csv
from benchfleet.report.lead import no_ranking
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.board import Board
from benchfleet.report.model.report import Report
from benchfleet.report.page import render
from benchfleet.report.reading import read_runs
from benchfleet_results.boards.model import Relation
from benchfleet_results.statistics import contrast
from benchfleet_results.statistics.sample import Sample
from rich.console import Console

from tests.report_runs import TaskFolder, measurement, of_values, write_run
from tests.unit.page_texts import page_texts

ERRORS = {"metric": "errors", "unit": "count", "better": "lower"}
SUCCESS = {"metric": "success", "unit": "%", "better": "higher"}


def tasks_of(values: Mapping[str, Sequence[float]], **about: str) -> list[TaskFolder]:
    """machine → one value a task"""
    return [TaskFolder(kind, [measurement("x", [value], **about)]) for kind, found in values.items() for value in found]


def report(folder: Path, tasks: Sequence[TaskFolder], workload: str = "command") -> Report:
    return analyse(read_runs([write_run(folder, "r", tasks, workload=workload)]))


def only(found: Report) -> Board:
    (board,) = found.boards
    return board


def forms(found: Report) -> list[str]:
    console = Console(file=io.StringIO(), width=120)
    for table in tables(found):
        console.print(table)
    return [page_texts(found), as_markdown(found), as_csv(found), console.file.getvalue()]  # type: ignore[attr-defined]


def test_counts_are_compared_by_their_difference(tmp_path: Path) -> None:
    a, b = [0.0, 1.0, 0.0], [7.0, 9.0, 8.0]
    found = report(tmp_path, tasks_of({"b": b, "a": a}, **ERRORS))
    board = only(found)
    best, other = board.ranking
    assert (board.scale, best.name, best.geometric_mean) == ("count", "a", None)
    assert best.mean == pytest.approx(1 / 3)
    test = scipy.stats.ttest_ind(b, a, equal_var=False)
    assert other.to_best.ratio is None
    assert other.to_best.difference == pytest.approx(8 - 1 / 3)
    assert other.to_best.p == pytest.approx(test.pvalue)
    assert other.to_best.difference_interval == pytest.approx(tuple(test.confidence_interval(0.95)))
    assert other.to_best.verdict == "worse"
    assert best.mean_interval is not None
    assert best.mean_interval[0] == 0.0
    assert board.benchmarks[0].cells[1].to_best == other.to_best
    for form in forms(found):
        assert "7.667" in form or "7.66666" in form


def test_of_shares_more_may_be_better(tmp_path: Path) -> None:
    found = report(tmp_path, tasks_of({"a": [100.0, 99.0], "b": [50.0, 52.0]}, **SUCCESS))
    board = only(found)
    best, other = board.ranking
    assert (board.scale, best.name, best.mean) == ("share", "a", 99.5)
    assert other.mean_interval is not None
    assert other.mean_interval[0] < 51.0 < other.mean_interval[1]
    assert other.to_best.difference == pytest.approx(48.5)
    assert words.to_best(other.to_best, board.unit) == "+48.50 points"
    assert found.answers[0].detail.startswith("Mean: 99.50 %. aws b is worse by 48.50 points")
    assert forms(found)


def test_zeros_on_every_side_are_equal(tmp_path: Path) -> None:
    found = report(tmp_path, tasks_of({"a": [0.0, 0.0], "b": [0.0, 0.0]}, **ERRORS))
    assert [(row.to_best.verdict, row.to_best.difference) for row in only(found).ranking] == [
        ("first", 0.0),
        ("unclear", 0.0),
    ]
    assert forms(found)


def test_a_time_of_zero_is_compared_by_its_difference(tmp_path: Path) -> None:
    """Its neighbours keep their ratios, and the geometric mean goes without it."""
    a = [of_values("a", {"x": [value], "y": [1.0]}) for value in (0.0, 0.1)]
    b = [of_values("b", {"x": [value], "y": [2.0]}) for value in (5.0, 5.1)]
    board = only(report(tmp_path, [*a, *b], workload="ruby-bench"))
    assert (board.scale, board.common) == ("ratio", ["y"])
    assert "compared by its difference" in board.left_out[0].reason
    x, y = (one.cells[1].to_best for one in board.benchmarks)
    assert (x.ratio, x.verdict, y.difference) == (None, "worse", None)
    assert (x.difference, y.ratio) == pytest.approx((5.0, 2.0))


def test_negative_numbers_are_compared(tmp_path: Path) -> None:
    drift = {"metric": "drift", "unit": "s", "better": "lower"}
    board = only(report(tmp_path, tasks_of({"a": [-2.0, -2.1], "b": [3.0, 3.1]}, **drift)))
    assert board.ranking == []
    assert [(cell.name, cell.to_best.difference) for cell in board.benchmarks[0].cells] == [
        ("a", 0.0),
        ("b", pytest.approx(5.1)),
    ]
    assert board.benchmarks[0].cells[1].to_best.verdict == "worse"


def test_with_one_task_a_difference_claims_nothing(tmp_path: Path) -> None:
    row = only(report(tmp_path, tasks_of({"a": [0.0], "b": [5.0]}, **ERRORS))).ranking[1]
    assert (row.to_best.difference, row.to_best.difference_interval, row.to_best.verdict) == (5.0, None, "unknown")


def test_counts_in_several_units_have_no_ranking(tmp_path: Path) -> None:
    both = [measurement("x", [1.0], **ERRORS), measurement("y", [1.0], **{**ERRORS, "unit": "crashes"})]
    found = report(tmp_path, [TaskFolder(kind, both) for kind in "ab"])
    assert only(found).ranking == []
    assert any("its benchmarks have several units, so there is no ranking" in said for said in found.warnings)
    assert forms(found)


def test_what_has_no_direction_is_shown_and_not_compared(tmp_path: Path) -> None:
    about = {"metric": "value", "unit": "widgets", "better": "lower"}
    found = report(tmp_path, tasks_of({"a": [5.0, 5.0], "b": [1.0, 1.0]}, **about), workload="pyperformance")
    board = only(found)
    assert board.ranking == []
    assert [(cell.name, cell.mean, cell.to_best) for cell in board.benchmarks[0].cells] == [
        ("b", 1.0, Relation(verdict="not_compared")),
        ("a", pytest.approx(5.0), Relation(verdict="not_compared")),
    ]
    assert "pyperf does not say" in no_ranking(board)
    assert any("not compared, because pyperf does not say" in said for said in found.warnings)
    for form in forms(found):
        assert "not compared" in form or "not_compared" in form


def compared(folder: Path, new: Sequence[float], old: Sequence[float], **about: str) -> Report:
    runs = [write_run(folder, name, tasks_of({"m": found}, **about)) for name, found in (("new", new), ("old", old))]
    return analyse(read_runs(runs), Options(baseline="old"))


@pytest.mark.parametrize(
    ("new", "old", "about", "regression"),
    [
        ([2.0, 2.0, 2.0], [0.0, 0.0, 0.0], ERRORS, True),  # of nothing, anything is more than 5 %
        ([1.0, 1.0], [0.0, 0.0], ERRORS, False),  # twice one more is no proof
        ([0.0, 0.0], [0.0, 0.0], ERRORS, False),
        ([0.0, 0.0], [3.0, 3.0], ERRORS, False),
        ([98.0, 98.0], [99.0, 99.0], SUCCESS, False),  # less than 5 % of 99 %
        ([90.0, 90.0], [99.0, 99.0], SUCCESS, True),
    ],
)
def test_a_baseline_without_logarithms(
    tmp_path: Path, new: list[float], old: list[float], about: dict[str, str], regression: bool
) -> None:
    found = compared(tmp_path, new, old, **about)
    assert found.comparison is not None
    (row,) = found.comparison.rows
    assert (row.regression, row.relation.ratio, found.comparison.compared) == (regression, None, 1)
    assert row.relation.difference == pytest.approx((np.mean(new) - np.mean(old)) * (1 if about is ERRORS else -1))
    assert forms(found)
    assert not [said for said in found.warnings if "could be compared" in said]


def test_a_comparison_with_nothing_to_draw_has_no_chart(tmp_path: Path) -> None:
    page = render(compared(tmp_path, [1.0, 1.0], [0.0, 0.0], **ERRORS))
    assert "New as a multiple of the baseline" not in page


def test_a_drawing_of_counts_names_their_unit(tmp_path: Path) -> None:
    board = only(report(tmp_path, tasks_of({"a": [0.0, 1.0], "b": [5.0, 6.0]}, **ERRORS)))
    assert "mean over the benchmarks, in count (less is better)" in Charts(["aws"]).ranking(board)


def test_csv_holds_differences(tmp_path: Path) -> None:
    text = as_csv(report(tmp_path, tasks_of({"a": [0.0, 0.0], "b": [5.0, 7.0]}, **ERRORS)))
    row = [row for row in csv.DictReader(io.StringIO(text, newline="")) if row["row"] == "benchmark"][1]
    assert (row["scale"], row["ratio_to_best"], row["difference_to_best"], row["compared_by"]) == (
        "count", "", "6.0", "machine",
    )  # fmt: skip


def test_plain_means_that_differ_by_rounding_are_equal() -> None:
    """`rounding` is a share of the numbers: without it 0.3 and 0.1 + 0.2 would certainly differ."""
    one, other = (Sample.of([value] * 3, rounding=1e-12) for value in (0.3, 0.1 + 0.2))
    assert contrast(one, other).p == 1.0
    tiny, less = (Sample.of([value] * 3, rounding=1e-25) for value in (2e-13, 1e-13))
    assert contrast(tiny, less).p == 0.0
