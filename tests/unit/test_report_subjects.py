"""What a report compares: machines, subjects, variants; and the parts of one execution put together."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from benchfleet.cli.report_tables import outcome, tables
from benchfleet.exceptions import UsageError
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.csv_file import as_csv
from benchfleet.report.dimensions import parse
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.report import Report
from benchfleet.report.prices import Price, PriceTable
from benchfleet.report.reading import read_runs
from benchfleet_results.boards import dimensions
from benchfleet_results.boards.dimensions import By
from rich.console import Console

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, write_run
from tests.unit.page_texts import page_texts

HOST = {"cloud": {"instanceId": "i-1"}}


def sorting(subject: str | None, *seconds: float, machine: str = "m", variant: str = "default") -> list[TaskFolder]:
    """A task for each number."""
    return [
        TaskFolder(machine, [measurement("sort", [value, value], variant=variant)], subject=subject, machine=HOST)
        for value in seconds
    ]


def two(machine: str = "m", *, slower: float = 1.0) -> list[TaskFolder]:
    times = {"quick": (1.0, 1.01, 1.02), "slow": (2.0, 2.01, 2.02)}
    return [
        task for name, found in times.items() for task in sorting(name, *(t * slower for t in found), machine=machine)
    ]


def report(folder: Path, tasks: Sequence[TaskFolder], by: By | None = None, **about: object) -> Report:
    return analyse(read_runs([write_run(folder, "r", tasks, workload="command", about=about)]), Options(by=by))


def labels(found: Report) -> list[tuple[str, list[str]]]:
    return [(board.title, [row.label for row in board.ranking]) for board in found.boards]


def printed(found: Report, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    for table in tables(found):
        console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_two_subjects_of_one_machine_are_compared(tmp_path: Path) -> None:
    found = report(tmp_path, two())
    assert (found.by, labels(found)) == (["subject"], [("time", ["quick", "slow"])])
    best, other = found.boards[0].ranking
    assert (best.subject, best.provider, best.name, best.tasks) == ("quick", "aws", "m", 3)
    assert other.to_best.ratio == pytest.approx(2, rel=0.01)
    assert other.to_best.verdict == "worse"
    assert [group.label for group in found.groups] == ["aws m / quick", "aws m / slow"]


def test_subjects_of_several_machines_are_compared_with_the_machines(tmp_path: Path) -> None:
    found = report(tmp_path, [*two("m"), *two("n", slower=1.5)])
    assert found.by == ["machine", "subject"]
    assert labels(found) == [
        ("time", ["aws m / quick", "aws n / quick", "aws m / slow", "aws n / slow"]),
    ]


def test_what_is_not_compared_is_kept_apart(tmp_path: Path) -> None:
    tasks = [*two("m"), *two("n", slower=1.5)]
    assert labels(report(tmp_path / "1", tasks, ("subject",))) == [
        ("aws m", ["quick", "slow"]),
        ("aws n", ["quick", "slow"]),
    ]
    assert labels(report(tmp_path / "2", tasks, ("machine",))) == [
        ("quick", ["aws m", "aws n"]),
        ("slow", ["aws m", "aws n"]),
    ]


def test_runs_without_subjects_compare_machines_as_ever(tmp_path: Path) -> None:
    found = report(tmp_path, [*sorting(None, 1.0, machine="m"), *sorting(None, 2.0, machine="n")])
    assert (found.by, labels(found)) == (["machine"], [("time", ["aws m", "aws n"])])
    assert {group.subject for group in found.groups} == {None}


def test_a_task_without_a_subject_among_others_is_one_of_its_own(tmp_path: Path) -> None:
    found = report(tmp_path, [*sorting(None, 1.0), *sorting("new", 2.0)])
    assert labels(found) == [("time", ["no subject", "new"])]


def interp_and_yjit(machine: str = "m", subject: str | None = None, *, slower: float = 1.0) -> TaskFolder:
    times = {"interp": [1.0, 1.1], "yjit": [0.2, 0.21]}
    both = [measurement("fib", [t * slower for t in found], variant=name) for name, found in times.items()]
    return TaskFolder(machine, both, subject=subject)


def test_variants_of_one_machine_are_compared(tmp_path: Path) -> None:
    """What a compiler brings is all that such a run can tell."""
    found = report(tmp_path, [interp_and_yjit()] * 3)
    assert (found.by, labels(found)) == (["variant"], [("time", ["yjit", "interp"])])
    (one,) = found.boards[0].benchmarks
    assert [(cell.variant, cell.tasks) for cell in one.cells] == [("yjit", 3), ("interp", 3)]
    assert found.variants == []


def test_variants_are_compared_beside_machines(tmp_path: Path) -> None:
    found = report(
        tmp_path, [interp_and_yjit(machine, slower=slower) for machine in "mn" for slower in (1.0, 1.1, 1.3)]
    )
    assert found.by == ["machine"]
    assert [(board.name, [row.label for row in board.ranking]) for board in found.variants] == [
        ("m", ["yjit", "interp"]),
        ("n", ["yjit", "interp"]),
    ]
    for text in (as_markdown(found), printed(found, 80), printed(found, 120), page_texts(found)):
        assert "aws n" in text.partition("ariants")[2]
    shown = printed(found, 80).partition("Variants")[2].partition("Factors")[0]
    assert (shown.count("yjit"), shown.count("interp")) == (2, 2)
    assert {
        board.by[0]
        for board in report(tmp_path / "by", [interp_and_yjit("m"), interp_and_yjit("n")], ("variant",)).boards
    } == {"variant"}


def test_a_variant_that_failed_everywhere_on_a_machine_is_absent(tmp_path: Path) -> None:
    lost = {"benchmark": "fib", "variant": "yjit", "reason": "it crashed"}
    task = TaskFolder("m", [measurement("fib", [1.0])], failures=[lost])
    assert report(tmp_path, [task], ("variant",)).boards[0].absent == ["yjit"]


BY: list[By] = [("machine",), ("subject",), ("machine", "subject"), ("variant",)]


@pytest.mark.parametrize("by", [("subject", "variant"), *(pytest.param(by, marks=pytest.mark.proof) for by in BY)])
def test_every_form_shows_every_board(tmp_path: Path, by: By) -> None:
    tasks = [interp_and_yjit(machine, subject) for machine in "mn" for subject in ("old", "new") for _ in range(2)]
    found = report(tmp_path, tasks, by)
    assert Report.model_validate(json.loads(found.model_dump_json())) == found
    page, text, narrow = page_texts(found), as_markdown(found), printed(found, 80)
    assert max(map(len, narrow.splitlines())) <= 80
    rows = [row for row in csv.DictReader(io.StringIO(as_csv(found), newline="")) if row["row"] == "benchmark"]
    assert {row["compared_by"] for row in rows} == {" ".join(by)}
    assert len(rows) == 8
    assert len({(row["name"], row["subject"], row["variant"]) for row in rows}) == 8
    assert len({board.title for board in found.boards}) == len(found.boards)
    for board in found.boards:
        for form in (page, text, narrow):
            assert board.title in form
            assert all(row.label in form for row in board.ranking)


def test_the_end_of_a_run_shows_what_it_compared(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=80)
    for table in outcome(report(tmp_path, two())):
        console.print(table)
    out = console.file.getvalue()  # type: ignore[attr-defined]
    assert "quick" in out
    assert "subject" in out
    assert "slow" in out


@each_case(
    ("text", "by"),
    [("subject", ("subject",)), ("both", ("machine", "subject")), ("variant, machine", ("machine", "variant"))],
)
def test_what_to_compare_can_be_said(text: str, by: By) -> None:
    assert parse(text) == by


@each_case("text", ["", "provider", "machine,", "all"])
def test_what_cannot_be_compared_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--by is .*must be machine, subject, variant or both"):
        parse(text)


def test_subjects_can_be_picked(tmp_path: Path) -> None:
    data = read_runs([write_run(tmp_path, "r", [*two(), *sorting("odd", 9.0)], workload="command")])
    assert labels(analyse(data, Options(subjects=("Q*", "odd")))) == [("time", ["quick", "odd"])]


def test_a_baseline_compares_each_subject_with_itself(tmp_path: Path) -> None:
    runs = [write_run(tmp_path, name, two(slower=slower)) for name, slower in (("new", 1.5), ("old", 1.0))]
    found = analyse(read_runs(runs), Options(baseline="old")).comparison
    assert found is not None
    assert {(row.label, row.regression) for row in found.rows} == {("aws m / quick", True), ("aws m / slow", True)}
    assert [row.relation.ratio for row in found.rows] == pytest.approx([1.5] * 2)


def test_prices_are_those_of_machines(tmp_path: Path) -> None:
    prices = PriceTable(tuple(Price("aws", kind, cost, "list", "2026-11-01") for kind, cost in (("m", 1), ("n", 9))))
    data = read_runs([write_run(tmp_path, "r", [*two("m"), *two("n")])])
    (board,) = analyse(data, Options(prices=prices)).boards
    assert [(row.label, row.usd_per_hour) for row in board.value][:2] == [("aws m / quick", 1), ("aws m / slow", 1)]
    assert [board.value for board in analyse(data, Options(prices=prices, by=("subject",))).boards] == [[], []]


# parts


def part(label: str, repeat: int, **seconds: float) -> TaskFolder:
    found = [measurement(name, [value], variant="default") for name, value in seconds.items()]
    options = {"workload_options": {"benchmarks": sorted(seconds)}}
    return TaskFolder("m", found, part=label, repeat=repeat, subject="s", metadata=options, machine=HOST)


def test_parts_of_one_execution_are_one_repeat(tmp_path: Path) -> None:
    tasks = [
        one for repeat in (1, 2) for one in (part("1/2", repeat, a=1.0 + repeat), part("2/2", repeat, b=2.0, c=3.0))
    ]
    found = report(tmp_path, tasks)
    (board,) = found.boards
    assert board.common == ["a", "b", "c"]
    assert [row.tasks for row in board.ranking] == [2]
    assert board.ranking[0].geometric_mean_interval is not None
    (group,) = found.groups
    assert (group.tasks, group.executions, group.outcomes) == (4, 2, {"measured": 4})
    assert not [words for words in found.warnings if "Only one task" in words or "incomplete" in words]
    assert not [one for one in found.differences if one.name.startswith("option ")]


def test_the_same_part_of_the_same_repeat_is_another_execution(tmp_path: Path) -> None:
    """As where a machine is listed twice: its repeats are counted twice from 1."""
    found = report(
        tmp_path, [part(label, 1, **{name: 1.0}) for _ in range(2) for label, name in (("1/2", "a"), ("2/2", "b"))]
    )
    assert [row.tasks for row in found.boards[0].ranking] == [2]
    assert found.groups[0].executions == 2


def test_a_part_that_failed_leaves_the_others(tmp_path: Path) -> None:
    lost = part("2/2", 2)
    lost.measurements = None
    found = report(tmp_path, [part("1/2", 1, a=1.0), part("2/2", 1, b=2.0), part("1/2", 2, a=1.1), lost])
    assert {one.benchmark: one.cells[0].tasks for one in found.boards[0].benchmarks} == {"a": 2, "b": 1}
    assert "aws m / s: 1 of 4 tasks without a result." in found.warnings


# what else differs


def test_what_subjects_set_is_expected_to_differ(tmp_path: Path) -> None:
    def task(machine: str, subject: str, ruby: str, kernel: str) -> TaskFolder:
        about = {"workload_options": {"ruby_version": ruby}}
        return TaskFolder(
            machine, [measurement("x", [1.0])], subject=subject, metadata=about, versions={"ruby-interp": ruby},
            machine={"kernel": kernel, "cloud": {"instanceId": machine}},
        )  # fmt: skip

    tasks = [
        task(machine, subject, ruby, "6.1") for machine in "mn" for subject, ruby in (("old", "3.3"), ("new", "3.4"))
    ]
    levels = {one.name: one.level for one in report(tmp_path / "1", tasks).differences}
    assert levels == {"CPU model": "note", "option ruby_version": "note", "version of ruby-interp": "note"}
    odd = [*tasks[:-1], task("n", "new", "3.5", "6.2")]
    levels = {one.name: one.level for one in report(tmp_path / "2", odd).differences}
    assert (levels["version of ruby-interp"], levels["kernel"]) == ("warning", "warning")


def test_subjects_that_never_shared_an_instance_are_told(tmp_path: Path) -> None:
    tasks = two()
    assert any("All tasks of aws m ran on one instance" in words for words in report(tmp_path / "1", tasks).warnings)
    for task in tasks[:3]:
        task.machine = {"cloud": {"instanceId": "i-2"}}
    told = report(tmp_path / "2", tasks).warnings
    assert any("quick and slow never ran on the same instance of aws m" in words for words in told)
    for number, task in enumerate(tasks):
        task.machine = {"cloud": {"instanceId": f"i-{number}"}}
    assert not [words for words in report(tmp_path / "3", tasks).warnings if "instance" in words]


def test_subjects_are_told_as_they_were_asked_for(tmp_path: Path) -> None:
    tasks = two()
    for task in tasks:
        task.metadata = {"workload_options": {"argv": [task.subject], "warmup": 1}}
        task.machine = {**HOST, "container_image": "ruby:3.4" if task.subject == "slow" else None}
    found = report(tmp_path, tasks, subjects=["slow", "quick"], workload_options={"warmup": 1})
    assert [one.model_dump() for one in found.runs[0].subjects] == [
        {"name": "slow", "image": "ruby:3.4", "options": {"argv": '["slow"]'}},
        {"name": "quick", "image": None, "options": {"argv": '["quick"]'}},
    ]
    assert "ruby:3.4" in page_texts(found)
    assert [one.name for one in report(tmp_path / "odd", two(), subjects="x").runs[0].subjects] == ["quick", "slow"]


def test_only_the_options_that_differ_are_told(tmp_path: Path) -> None:
    long = ["x" * 300, "y"]
    tasks = [*sorting("a", 1.0), *sorting("b", 1.0), *sorting("c", 1.0)]
    for task, options in zip(
        tasks, ({"argv": long, "warmup": 1}, {"argv": [*long, "z"], "warmup": 1}, {"warmup": 1}), strict=True
    ):
        task.metadata = {"workload_options": options}
    (one,) = report(tmp_path, tasks).differences
    assert (one.name, len(one.values), one.values["not set"]) == ("option argv", 3, ["aws m / c"])


def test_without_a_task_machines_are_compared() -> None:
    assert dimensions.default([]) == ("machine",)
