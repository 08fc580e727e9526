"""Repeats that lost a result, of two subjects and of three; of a noise floor; and the parts of a split one."""

import csv
import io
import math
from pathlib import Path
from statistics import fmean

import pytest
import scipy.stats
from benchfleet.cli.compare_ending import _how, _told
from benchfleet.cli.documents.compare import Compared
from benchfleet.cli.report_warnings import print_warnings
from benchfleet.report import page
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.csv_file import as_csv
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.board import Board
from benchfleet.report.model.facts import Turns
from benchfleet.report.model.report import Report
from benchfleet.report.reading import read_runs

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, write_run

VALUES = {
    "a": [1.00001, 1.10002, 1.20003, 1.30001, 1.40004, 1.50002, 1.60001, 1.70003, 1.80002, 1.90001],
    "b": [1.02103, 1.12201, 1.22502, 1.32805, 1.42701, 1.52903, 1.63402, 1.73801, 1.83202, 1.93604],
    "c": [1.01103, 1.11301, 1.21402, 1.31605, 1.41801, 1.51403, 1.61502, 1.71701, 1.81902, 1.91304],
}
FLOOR = {"noise_floor": {"subject": "a", "again": "c"}}


def measured(*repeats: str) -> list[TaskFolder]:
    """`ai bx`: of this repeat a has a result from the instance i, and b from x. A `~` before it: an hour later."""
    return [
        _task(one.lstrip("~"), repeat, 100 * repeat + 10 * at + 3600 * one.startswith("~"))
        for repeat, results in enumerate(repeats)
        for at, one in enumerate(results.split())
    ]


def _task(one: str, repeat: int, start: int, *, took: int = 10, part: str | None = None) -> TaskFolder:
    name, host = one[0], one[1:]
    return TaskFolder(
        "m", [measurement(f"sort{part or ''}", [VALUES[name][repeat]] * 2)], subject=name, repeat=repeat + 1, part=part,
        machine={"cloud": {}, "instance": host}, metadata={"start_time": _clock(start), "end_time": _clock(start + took)},
    )  # fmt: skip


def _clock(second: int) -> str:
    return f"2026-11-22T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


def report(folder: Path, tasks: list[TaskFolder], **about: object) -> Report:
    run = write_run(folder, "r", tasks, workload="command", about={"order": "interleaved", **about})
    return analyse(read_runs([run]), Options(by=("subject",)))


def only(found: Report) -> Turns:
    (one,) = found.turns
    return one


def tasks_of(board: Board) -> dict[str | None, tuple[int, int | None]]:
    return {row.subject: (row.tasks, row.instances) for row in board.ranking}


def test_a_repeat_that_lost_a_result_leaves_the_others_paired(tmp_path: Path) -> None:
    """Without pairs, what differs from repeat to repeat is in the difference: 2 % slower was within noise."""
    found = report(tmp_path, measured(*["ai bi"] * 5, "ai"))
    (board,) = found.boards
    logs = [[math.log(value) for value in VALUES[name][:5]] for name in "ba"]
    paired = scipy.stats.ttest_rel(*logs)
    for first, other in (board.ranking, board.benchmarks[0].cells):
        assert other.to_best.p == pytest.approx(paired.pvalue)
        assert (other.to_best.verdict, first.tasks, other.tasks) == ("worse", 5, 5)
    assert board.ranking[0].geometric_mean == board.benchmarks[0].cells[0].mean  # what is shown is what is compared
    assert board.ranking[0].geometric_mean == pytest.approx(math.exp(sum(logs[1]) / 5))


def test_it_is_told_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(tmp_path, measured(*["ai bi"] * 5, "ai"))
    said = "aws m: 5 of 6 repeats measured all subjects together, 1 lacking a result. The other is left out"
    print_warnings(found)
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    forms = [as_markdown(found), page.render(found), capsys.readouterr().err, found.model_dump_json()]
    forms += [row["text"] for row in rows if row["row"] == "turns"]
    assert [said in " ".join(form.split()) for form in forms] == [True] * 5
    assert (only(found).complete, only(found).incomplete, only(found).left_out) == (5, 1, 1)


@each_case(
    ("repeats", "left_out"),
    [
        (["ai bi"] * 4 + ["ai", "bi"], 2),
        (["ai bi"] * 3 + ["ai"], 0),  # three are not paired: to leave one out would only cost
        (["ai bi", "aj bj", "ak"], 1),  # but instances are from two on
        (["ai bi"] * 4 + ["ai"] * 5, 0),  # fewer than half
        (["ai bi"] * 3 + ["ai bx"], 1),
    ],
)
def test_where_pairs_are_enough_what_lost_a_result_is_left_out(
    tmp_path: Path, repeats: list[str], left_out: int
) -> None:
    found = report(tmp_path, measured(*repeats))
    assert only(found).left_out == left_out
    have = {name: sum(name in one for one in repeats) - sum(name in one for one in repeats[-left_out:] if left_out)
            for name in "ab"}  # fmt: skip
    assert {name: tasks for name, (tasks, _) in tasks_of(found.boards[0]).items()} == have
    unpaired = "too few to be compared alone. So subjects have other repeats: what changed from repeat to repeat"
    assert any(unpaired in words for words in found.warnings) == (not left_out)


def test_what_is_paired_by_instance_all_the_same_is_not_said_to_be_unpaired(tmp_path: Path) -> None:
    """Both were on both instances, and those are compared within each; but by other repeats there."""
    found = report(tmp_path, measured(*["ai bi", "aj bj"] * 2, *["ai", "aj"] * 3))
    logs = {name: [math.log(value) for value in VALUES[name][:count]] for name, count in (("a", 10), ("b", 4))}
    of_instances = [[fmean(mine[place::2]) for place in (0, 1)] for mine in logs.values()]
    tested = [row.to_best.p for row in found.boards[0].ranking if row.to_best.p is not None]
    assert tested == [pytest.approx(scipy.stats.ttest_rel(*of_instances).pvalue)]
    assert only(found).left_out == 0
    assert [words for words in found.warnings if "So subjects have other repeats: what changed from repeat" in words]
    assert not [words for words in found.warnings if "not paired" in words]


def test_one_that_often_fails_takes_no_pairs_from_the_others(tmp_path: Path) -> None:
    """And what it left of a repeat is judged: its runner ended, and b was measured somewhere else."""
    found = report(tmp_path, measured(*["ai bi ci"] * 2, *["ai bi"] * 4, "ai bx", "ai ~bi"))
    assert tasks_of(found.boards[0]) == {"a": (6, 1), "b": (6, 1), "c": (2, 1)}
    one = only(found)
    assert (one.subjects, one.complete, one.together, one.other_instance, one.long_apart) == (["a", "b"], 8, 6, 1, 1)
    assert [rare.model_dump() for rare in one.seldom] == [{"subject": "c", "results": 2, "left_out": 0}]
    said = (
        "6 of 8 repeats measured a and b together, 1 not on one known instance and 1 with a long wait in between. The others "
        "are left out where subjects are compared. c was measured with them too seldom to be paired: 2 results."
    )
    assert any(said in words for words in found.warnings)


def test_one_that_is_always_somewhere_else_has_results_and_no_pairs(tmp_path: Path) -> None:
    found = report(tmp_path, measured(*["ai bi cx"] * 5, "ai bi"))
    assert tasks_of(found.boards[0]) == {"a": (6, 1), "b": (6, 1), "c": (5, 1)}
    said = "6 of 6 repeats measured a and b together. c was measured with them too seldom to be paired: 5 results."
    assert f"aws m: {said}" in found.warnings


def test_one_that_always_fails_was_not_measured_together_with_the_others(tmp_path: Path) -> None:
    never = [TaskFolder("m", subject="c", repeat=repeat, entry={"error_type": "exit_code"}) for repeat in range(1, 7)]
    found = report(tmp_path / "1", [*measured(*["ai bi"] * 5, "ai"), *never])
    assert [rare.model_dump() for rare in only(found).seldom] == [{"subject": "c", "results": 0, "left_out": 0}]
    said = (
        "aws m: 5 of 6 repeats measured a and b together, 1 lacking a result. The other is left out where subjects "
        "are compared. c has no result."
    )
    assert said in found.warnings
    others = report(tmp_path / "2", [*measured(*["ai bi"] * 6), *never])
    assert not [words for words in others.warnings if "together" in words]  # that c has no result, another line says


def test_of_one_that_often_fails_only_what_was_measured_with_the_others_counts(tmp_path: Path) -> None:
    mostly = report(tmp_path / "1", measured(*["ai bi ci"] * 2, *["ai bi"] * 5, "ai bi ~ci"))
    assert tasks_of(mostly.boards[0]) == {"a": (8, 1), "b": (8, 1), "c": (2, 1)}
    assert any("3 results; 1 of them is left out, too." in words for words in mostly.warnings)
    never = report(tmp_path / "2", measured(*["ai bi cx"] * 2, *["ai bi"] * 5, "ai bi ci"))
    assert tasks_of(never.boards[0])["c"] == (3, 2)  # else nothing would be left of it


def test_one_that_seldom_fails_leaves_out_its_repeats_whatever_became_of_them(tmp_path: Path) -> None:
    found = report(tmp_path, measured(*["ai bi ci"] * 4, "ai bx", "ai bi"))
    assert tasks_of(found.boards[0]) == {"a": (4, 1), "b": (4, 1), "c": (4, 1)}
    assert (only(found).complete, only(found).incomplete, only(found).left_out) == (4, 2, 2)


def test_a_task_that_lost_one_benchmark_leaves_that_one_paired(tmp_path: Path) -> None:
    tasks = measured(*["ai bi"] * 6)
    for repeat in range(6):
        for at, name in enumerate("ab"):
            if (repeat, name) != (5, "b"):
                second = measurement("more", [VALUES[name][9 - repeat]] * 2)
                tasks[2 * repeat + at].measurements = [*(tasks[2 * repeat + at].measurements or ()), second]
    found = report(tmp_path, tasks)
    more, sort = found.boards[0].benchmarks
    assert [[cell.tasks for cell in one.cells] for one in (more, sort)] == [[5, 5], [6, 6]]
    paired = scipy.stats.ttest_rel(*([math.log(value) for value in VALUES[name][5:]] for name in "ab"))
    assert more.cells[1].to_best.p == pytest.approx(paired.pvalue)
    means = [[cell.mean for cell in one.cells] for one in (more, sort)]
    assert [row.relative_interval is not None for row in found.boards[0].ranking] == [True, True]
    assert found.boards[0].ranking[1].to_best.ratio == pytest.approx(
        math.sqrt(means[0][1] / means[0][0] * means[1][1] / means[1][0])
    )
    assert (only(found).left_out, only(found).benchmarks_left_out) == (0, 1)
    said = "6 of 6 repeats measured all subjects together. 1 result of single benchmarks is left out, too: not all have one"
    assert any(said in words for words in found.warnings)


@each_case("lacking", [{"b4", "b5", "b6"}, {"b1", "b2", "b3", "b4", "b5", "b6"}])
def test_a_benchmark_with_too_few_pairs_or_of_one_subject_alone_keeps_what_it_has(
    tmp_path: Path, lacking: set[str]
) -> None:
    tasks = measured(*["ai bi"] * 6)
    for task in tasks:
        if f"{task.subject}{task.repeat}" not in lacking:
            task.measurements = [*(task.measurements or ()), measurement("more", [1.0 + (task.repeat or 0) / 100] * 2)]
    found = report(tmp_path, tasks)
    assert {cell.subject: cell.tasks for cell in found.boards[0].benchmarks[0].cells}["a"] == 6
    assert only(found).benchmarks_left_out == 0


def test_factors_and_boards_have_the_same_repeats(tmp_path: Path) -> None:
    found = report(tmp_path, measured(*["ai bi ci"] * 4, "ai bi"))
    means = {cell.subject: cell.mean for cell in found.boards[0].benchmarks[0].cells}
    assert [(table.rows[0].old, table.rows[0].new) for table in found.factors] == [
        (means["a"], means["b"]),
        (means["a"], means["c"]),
    ]


def test_factors_and_boards_have_the_same_results_of_a_benchmark_that_a_third_one_lost(tmp_path: Path) -> None:
    tasks = measured(*["ai bi ci"] * 6)
    for task in tasks[:-1]:
        second = measurement("more", [VALUES[task.subject or ""][task.repeat or 0]] * 2)
        task.measurements = [*(task.measurements or ()), second]
    found = report(tmp_path, tasks)
    means = {(one.benchmark, cell.subject): cell.mean for one in found.boards[0].benchmarks for cell in one.cells}
    rows = [(row.benchmark, table.new, row.old, row.new) for table in found.factors for row in table.rows]
    assert rows == [(name, new, means[name, "a"], means[name, new]) for new in "bc" for name in ("more", "sort")]


def test_what_a_noise_floor_leaves_out_is_counted_by_itself(tmp_path: Path) -> None:
    found = report(tmp_path, measured(*["ai bi ci"] * 4, "ai bi cx", "ai bx ci"), **FLOOR)
    one, floor = found.turns
    assert (one.noise_floor, one.subjects, one.together, one.left_out) == (None, ["a", "b"], 5, 1)
    assert (floor.noise_floor, floor.subjects, floor.together, floor.left_out) == ("c", ["a", "c"], 5, 1)
    assert found.noise_floor[0].relation.p is not None
    said = (
        "aws m, noise floor: 5 of 6 repeats measured a both times together, 1 not on one known instance. The other is left "
        "out of the noise floor."
    )
    rows = [row["text"] for row in csv.DictReader(io.StringIO(as_csv(found))) if row["row"] == "turns"]
    assert said in rows
    assert said in found.warnings


@each_case(
    ("starts", "apart"),
    [
        ({"a1": 0, "b1": 50, "a2": 3600, "b2": 3650}, 0),  # an hour between the parts is none within a part
        ({"a1": 0, "a2": 50, "b2": 100, "b1": 150}, 0),  # another part is no wait
        ({"a1": 0, "b1": 151, "a2": 201, "b2": 251}, 1),  # 101 s are longer than this part took; not than both
    ],
)
def test_the_wait_is_that_within_a_part(tmp_path: Path, starts: dict[str, int], apart: int) -> None:
    tasks = [
        _task(f"{which[0]}i", repeat, 10_000 * repeat + start, took=50, part=f"{which[1]}/2")
        for repeat in range(3)
        for which, start in starts.items()
    ]
    assert only(report(tmp_path, tasks)).long_apart == 3 * apart


@each_case(("hosts", "left_out"), [(("ij", "ij", "ij"), 0), (("ij", "ij", "ji"), 1)])
def test_two_instances_are_those_of_each_part(tmp_path: Path, hosts: tuple[str, ...], left_out: int) -> None:
    """Two parts, each on an instance of its own, are repeated by task: three of those are not paired."""
    tasks = [
        _task(f"{name}{host}", repeat, 1000 * repeat + 100 * number + 10 * at, part=f"{number}/2")
        for repeat, places in enumerate([*hosts, "ij"])
        for number, host in enumerate(places, start=1)
        for at, name in enumerate("ab")
        if (repeat, number, name) != (3, 2, "b")
    ]
    assert only(report(tmp_path, tasks)).left_out == left_out


@each_case("repeats", [["ai", "ai"], ["ai", "bi"]])
def test_a_comparison_without_a_pair_counts_what_it_has(
    tmp_path: Path, repeats: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_run(tmp_path, "r", measured(*repeats), workload="command", about={"order": "abba"})
    assert _told(folder, 0, ("a", "b"), limit=None, as_json=True, legend=()) == 1
    document = Compared.model_validate_json(capsys.readouterr().out)
    assert (document.complete_repeats, document.repeats_incomplete, document.repeats_left_out) == (0, 2, 0)
    assert _how(document) == "No pair was measured: in 2 repeats only one of the two has a result."


def test_the_last_line_of_a_comparison_counts_what_lost_a_result() -> None:
    document = Compared(
        run_id="r", a="a", b="b", rows=[], noise_floor=[], quality=None, warnings=[], results_dir="r", exit_code=0,
        complete_repeats=5, repeats_on_one_instance=5, repeats_long_apart=0, repeats_incomplete=1, repeats_left_out=1,
    )  # fmt: skip
    assert _how(document) == (
        "5 pairs measured by turns (ABBA), each on one instance. 1 more with one of the two alone. "
        "1 not measured together and left out."
    )
