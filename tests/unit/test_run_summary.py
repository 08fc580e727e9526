"""A run's summary has the numbers of its report, made of the same results one after the other, and never more than a page."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchfleet.report.analysis import analyse
from benchfleet.report.reading import read_runs
from benchfleet_contract.summary import RunSummary, SummaryRow
from benchfleet_results.boards.model import Ranked
from benchfleet_results.run_summary import RunSummariser

from tests.report_runs import TaskFolder, measurement, of_values, realistic, write_run


def summarised(folder: Path, **bounds: Any) -> RunSummariser:
    made = RunSummariser("r", **bounds)
    for task in json.loads((folder / "manifest.json").read_text())["tasks"]:
        names = ("output.json", "metadata.json")
        here = task["archived"] == "files"
        files = {name: (folder / task["folder"] / name).read_bytes() for name in names} if here else None
        made.add(task, files)
    return made


def numbers(row: Ranked) -> SummaryRow:
    best = row.to_best
    return SummaryRow(
        place=row.place, label=row.label, mean=row.centre, interval=row.centre_interval, ratio=best.ratio,
        ratio_interval=best.interval, difference=best.difference, difference_interval=best.difference_interval,
        verdict=best.verdict, tasks=row.tasks, instances=row.instances,
    )  # fmt: skip


def same_as_report(folder: Path, summary: RunSummary) -> None:
    report = analyse(read_runs([folder]))
    assert summary.by == report.by
    assert [board.title for board in summary.boards] == [board.title for board in report.boards]
    for mine, full in zip(summary.boards, report.boards, strict=True):
        assert mine.ranking == [numbers(row) for row in full.ranking]
        assert (mine.told_apart, mine.benchmarks) == (full.told_apart, len(full.common))


def subjects(tmp_path: Path) -> Path:
    """Two subjects by turns on two instances, in milliseconds and seconds, and a share that may be zero."""
    made = []
    for repeat in (1, 2, 3, 4):
        for subject, unit, factor in (("old", "s", 1.0), ("new", "ms", 980.0)):
            times = [factor * (1 + repeat / 100), factor * 1.01]
            values = [measurement("b", times, unit=unit), measurement("c", [repeat % 2], metric="errors", unit="count")]
            machine = {"instance": f"machine-{repeat % 2}"}
            made.append(TaskFolder("box", values, subject=subject, repeat=repeat, machine=machine))
    return write_run(tmp_path, "r", made)


def not_together(tmp_path: Path) -> Path:
    """Five pairs: one on two instances, one with an hour in between, three that are compared."""
    made = []
    for repeat in (1, 2, 3, 4, 5):
        for subject, hour in (("old", 6), ("new", 7 if repeat == 2 else 6)):
            times = {
                "start_time": f"2026-11-22T{hour:02d}:0{repeat}:00Z",
                "end_time": f"2026-11-22T{hour:02d}:0{repeat}:20Z",
            }
            machine = {"instance": "spare" if (repeat, subject) == (5, "new") else "usual"}
            values = {"b": [1.01 * repeat + hour]}
            made.append(of_values("box", values, subject=subject, repeat=repeat, machine=machine, metadata=times))
    return write_run(tmp_path, "r", made)


def listed_twice(tmp_path: Path) -> Path:
    """Each repeat of a machine that is listed twice, on two instances; a result of the first is lost."""
    made = [
        of_values(
            "box",
            {"b": [seconds + repeat / 100 + place]},
            subject=subject,
            repeat=repeat,
            machine={"instance": f"i-{place}"},
        )
        for place in (1, 2)
        for repeat in (1, 2, 3, 4)
        for subject, seconds in (("old", 1.0), ("new", 1.02))
    ]
    made[5].measurements = None
    return write_run(tmp_path, "r", made)


def parts(tmp_path: Path) -> Path:
    """One execution split over two tasks, on machines of two types."""
    made = [
        of_values(kind, {name: [seconds + repeat / 50]}, part=part, repeat=repeat)
        for kind, seconds in (("a", 1.0), ("b", 2.0))
        for repeat in (1, 2, 3)
        for part, name in (("1/2", "x"), ("2/2", "y"))
    ]
    return write_run(tmp_path, "r", made)


@pytest.mark.parametrize("make", [lambda path: realistic(path, "r"), subjects, not_together, listed_twice, parts])
def test_the_numbers_are_those_of_the_report(tmp_path: Path, make: Any) -> None:
    folder = make(tmp_path)
    found = summarised(folder).summary()
    same_as_report(folder, found)
    assert any(len(board.ranking) > 1 for board in found.boards)
    assert len(found.omitted) == (make in (not_together, listed_twice))


def test_a_pair_that_was_not_measured_together_is_in_no_comparison_of_subjects(tmp_path: Path) -> None:
    found = summarised(not_together(tmp_path)).summary()
    (board,) = found.boards
    assert [row.tasks for row in board.ranking] == [3, 3]
    assert found.omitted == ["aws box: 2 of 5 repeats, whose subjects were not all measured together."]


def test_neither_is_what_lost_a_result_and_one_that_often_fails_is_judged_by_itself(tmp_path: Path) -> None:
    """`extra` has three results, one of them from another instance."""
    made = [
        of_values("box", {"b": [repeat + 1.0 + at / 100]}, subject=subject, repeat=repeat,
                  machine={"instance": "spare" if (repeat, subject) == (3, "extra") else "usual"})
        for repeat in range(1, 9)
        for at, subject in enumerate(("old", "new", "extra"))
        if (repeat, subject) != (8, "new") and (subject != "extra" or repeat < 4)
    ]  # fmt: skip
    folder = write_run(tmp_path, "r", made)
    found = summarised(folder).summary()
    same_as_report(folder, found)
    assert {row.label: row.tasks for row in found.boards[0].ranking} == {"old": 7, "new": 7, "extra": 2}
    assert found.omitted == [
        "aws box: 1 of 8 repeats, whose subjects were not all measured together.",
        "aws box: 1 of 3 results of extra, not measured together with the others.",
    ]


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    folder = subjects(tmp_path)
    document = summarised(folder).document()
    assert document == summarised(folder).document()
    assert RunSummary.model_validate_json(document) == summarised(folder).summary()


def test_a_run_says_in_few_characters_which_benchmarks_its_scores_are_over(tmp_path: Path) -> None:
    """Not how many: a renamed benchmark was compared with another one. Those that a group lacks are in no score."""

    def digest(where: str, machine: str, *names: str, unit: str = "s", lone: str | None = None) -> str | None:
        values = [[measurement(name, [1.0 + n / 9], unit=unit) for name in names] for n in range(3)]
        tasks = [TaskFolder(machine, each) for each in values]
        tasks += [TaskFolder("other", [*each, measurement(lone, [1.0])]) for each in values] if lone else []
        (board,) = summarised(write_run(tmp_path, where, tasks)).summary().boards
        return board.benchmarks_digest

    first = digest("first", "a", "x", "y")
    assert first is not None
    assert first == digest("order", "b", "y", "x")
    assert first == digest("lone", "a", "x", "y", lone="z")
    assert len({first, digest("renamed", "a", "x", "z"), digest("ms", "a", "x", "y", unit="ms")}) == 3
    assert len(first) == len(digest("long", "a", "x" * 9_000, "y") or "") == 16


def test_what_is_too_much_is_left_out_and_said(tmp_path: Path) -> None:
    folder = realistic(tmp_path, "r")
    few = summarised(folder, most_rows=2).summary()
    assert sum(len(board.ranking) for board in few.boards) == 2
    assert [words.split(": ")[1] for words in few.omitted] == [
        "4 groups, after the first 2.",
        "too much to compare here.",
    ]
    large = summarised(folder, most_samples=100).summary()
    assert (large.boards, large.tasks) == ([], 0)
    assert large.omitted == ["All rankings: the run has more than 100 samples."]
    assert summarised(folder, most_tests=1).summary().boards == []


def test_what_cannot_be_read_is_counted_and_what_measures_noise_is_not_ranked(tmp_path: Path) -> None:
    made = summarised(subjects(tmp_path), without="old")
    made.add({"id": "r.9", "number": 9, "provider": "aws", "instance_type": "box"}, {"output.json": b"{"})
    found = made.summary()
    assert {row.label for board in found.boards for row in board.ranking} == {"new"}
    assert found.omitted == ["1 results without an output.json that can be read."]


def test_a_run_without_results_has_a_summary_that_says_nothing() -> None:
    found = RunSummariser("r").summary()
    assert (found.boards, found.tasks, found.omitted) == ([], 0, [])
