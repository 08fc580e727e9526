"""One subject under two names: their difference is the run's noise floor, and the second name stands nowhere else."""

import csv
import io
from pathlib import Path

import pytest
from benchfleet.cli.report_tables import outcome, tables
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.csv_file import as_csv
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.report import Report
from benchfleet.report.reading import read_runs
from benchfleet.report.turning import of_two, turned
from benchfleet_results.boards.model import Relation
from rich.console import Console

from tests.report_runs import TaskFolder, measurement, write_run
from tests.unit.page_texts import page_texts

TWICE = {"noise_floor": {"subject": "a", "again": "a+again"}}
EVERYTHING = Options()
TIMES = {"a": (1.0, 1.01, 1.02, 1.03), "b": (2.0, 2.01, 2.02, 2.03), "a+again": (1.001, 1.02, 1.025, 1.05)}


def tasks(**changed: tuple[float, ...]) -> list[TaskFolder]:
    return [
        TaskFolder("m", [measurement("sort", [t, t]), measurement("find", [t / 2, t / 2])], subject=name, repeat=repeat)
        for name, times in (TIMES | changed).items()
        for repeat, t in enumerate(times, start=1)
    ]


def report(folder: Path, found: list[TaskFolder], options: Options = EVERYTHING, **about: object) -> Report:
    return analyse(read_runs([write_run(folder, "r", found, workload="command", about=about or TWICE)]), options)


def printed(found: Report) -> str:
    console = Console(file=io.StringIO(), width=160)
    for table in [*tables(found), *outcome(found)]:
        console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_the_second_name_is_in_no_ranking_and_its_difference_is_the_noise_floor(tmp_path: Path) -> None:
    found = report(tmp_path, tasks())
    (board,) = found.boards
    assert [row.label for row in board.ranking] == ["a", "b"]
    assert {group.subject for group in found.groups} == {"a", "b"}
    (floor,) = found.noise_floor
    assert (floor.provider, floor.name, floor.subject, floor.again) == ("aws", "m", "a", "a+again")
    assert floor.relation.ratio == pytest.approx(1.0089, abs=5e-4)  # the second time to the first, slower here
    assert floor.relation.ratio
    assert floor.relation.interval
    assert floor.relation.interval[0] < floor.relation.ratio < floor.relation.interval[1]
    assert {one.benchmark: one.relation.ratio for one in floor.benchmarks} == {
        "sort": pytest.approx(1.0089, abs=5e-4), "find": pytest.approx(1.0089, abs=5e-4),
    }  # fmt: skip


def test_the_second_time_is_held_against_the_first_also_where_it_was_faster(tmp_path: Path) -> None:
    (floor,) = report(tmp_path, tasks(**{"a+again": (0.5, 0.51, 0.52, 0.53)})).noise_floor
    assert floor.relation.ratio == pytest.approx(0.507, abs=1e-3)
    assert floor.relation.verdict == "better"
    assert floor.relation.ratio
    assert floor.relation.interval
    assert floor.relation.interval[0] < floor.relation.ratio < floor.relation.interval[1] < 1


def test_without_the_word_of_the_run_two_names_are_two_subjects(tmp_path: Path) -> None:
    found = report(tmp_path, tasks(), workload_options={})
    assert [row.label for row in found.boards[0].ranking] == ["a", "a+again", "b"]
    assert found.noise_floor == []


@pytest.mark.parametrize("odd", [True, {"subject": "a"}, {"subject": "a", "again": "a"}, {"subject": 1, "again": []}])
def test_a_word_that_names_no_two_subjects_changes_nothing(tmp_path: Path, odd: object) -> None:
    found = report(tmp_path, tasks(), noise_floor=odd)
    assert (len(found.boards[0].ranking), found.noise_floor) == (3, [])


def test_every_form_shows_it(tmp_path: Path) -> None:
    found = report(tmp_path, tasks())
    sentence = "Noise floor on aws m, interp: a, measured twice, differs from itself by +0.9 %"
    assert sentence in as_markdown(found).replace("\N{NO-BREAK SPACE}", " ")
    assert "Noise floor" in printed(found)
    assert '<section id="noise-floor"' in page_texts(found)
    rows = [row for row in csv.DictReader(io.StringIO(as_csv(found))) if row["row"] == "benchmark"]
    assert {row["subject"] for row in rows} == {"a", "b"}
    assert {round(float(row["noise_floor"]), 3) for row in rows} == {1.009}
    for form in (as_markdown(found), printed(found)):
        assert "a+again" not in form


def test_a_difference_that_is_no_larger_than_the_floor_is_doubted(tmp_path: Path) -> None:
    found = report(tmp_path, tasks(b=(1.002, 1.012, 1.022, 1.032), **{"a+again": (1.1, 1.11, 1.12, 1.13)}))
    assert found.noise_floor[0].relation.verdict == "worse"
    doubts = [words for words in found.warnings if "noise" in words]
    assert any("a difference of that size is no finding" in words for words in doubts)
    below = [words for words in doubts if words.startswith("b is")]
    assert len(below) == found.boards[0].ranking[1].to_best.beyond_noise


def test_the_gate_does_not_see_the_second_name(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path, "old", tasks(), workload="command", about=TWICE),
        write_run(tmp_path, "new", tasks(**{"a+again": (9.0, 9.1, 9.2, 9.3)}), workload="command", about=TWICE),
    ]
    found = analyse(read_runs(folders), Options(baseline="old")).comparison
    assert found is not None
    assert {row.subject for row in found.rows} == {"a", "b"}
    assert (found.regressions, found.only_new, found.only_in_baseline) == ([], [], [])


def test_filtering_by_subject_keeps_the_floor(tmp_path: Path) -> None:
    found = report(tmp_path, tasks(), Options(subjects=("a",)))
    assert ([group.subject for group in found.groups], len(found.noise_floor)) == (["a"], 1)


def test_a_failed_task_of_the_second_name_is_told(tmp_path: Path) -> None:
    lost = TaskFolder("m", subject="a+again", repeat=5)
    assert [one.subject for one in report(tmp_path, [*tasks(), lost]).task_problems] == ["a+again"]


def test_a_relation_turned_twice_is_itself() -> None:
    one = Relation(ratio=1.25, interval=(1.0, 1.6), p=0.01, p_adjusted=0.02, verdict="worse")
    assert turned(one) == Relation(ratio=0.8, interval=(0.625, 1.0), p=0.01, p_adjusted=0.02, verdict="better")
    assert turned(turned(one)) == one
    apart = Relation(difference=2.0, difference_interval=(-1.0, 5.0), p=0.3, p_adjusted=0.3, verdict="unclear")
    assert turned(apart) == apart.model_copy(update={"difference": -2.0, "difference_interval": (-5.0, 1.0)})


def test_of_two_rows_the_one_that_is_held_against_the_best_tells(tmp_path: Path) -> None:
    best, other = Relation(ratio=1.0, verdict="best"), Relation(ratio=2.0, interval=(1.6, 2.5), p=0.0, verdict="worse")
    assert of_two(other, best) == other
    assert of_two(best, other) == turned(other)
