"""Repeats whose subjects were not measured together: counted, told in every form, and left out where the others are enough."""

import csv
import io
import math
from pathlib import Path
from typing import Any

import pytest
import scipy.stats
from benchfleet.cli.compare_ending import _how
from benchfleet.cli.documents.compare import Compared
from benchfleet.cli.report_warnings import print_warnings
from benchfleet.report import page
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.csv_file import as_csv
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.facts import Turns
from benchfleet.report.model.report import Report
from benchfleet.report.reading import read_runs
from benchfleet_results.boards import together

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, write_run

A = [1.00001, 1.10002, 1.20003, 1.30001, 1.40004, 1.50002]
B = [1.02103, 1.12201, 1.22502, 1.32805, 1.42701, 2.90001]  # 2 % slower; the last one somewhere else
LOST = "aws m: 5 of 6 repeats measured all subjects together, 1 not on one known instance. "
OUT = "The other is left out where subjects are compared."


def tasks(hosts: str, *, starts: dict[tuple[str, int], int] | None = None, took: int = 10) -> list[TaskFolder]:
    """`hosts`: where each repeat ran; `x` is another instance for each subject, `-` one that is not recorded."""
    found = []
    for at, (name, values) in ((at, one) for at in range(len(hosts)) for one in (("a", A), ("b", B))):
        place = {"x": f"x-{name}", "-": ""}.get(hosts[at], hosts[at])
        start = (starts or {}).get((name, at), 100 * at + (took if name == "b" else 0))
        times = {key: _clock(second) for key, second in (("start_time", start), ("end_time", start + took))}
        machine: dict[str, Any] = {"cloud": {}, "instance": place or None}
        found.append(
            TaskFolder(
                "m",
                [measurement("sort", [values[at]] * 2)],
                subject=name,
                repeat=at + 1,
                machine=machine,
                metadata=times,
            )
        )
    return found


def _clock(second: int) -> str:
    return f"2026-11-22T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"


def report(folder: Path, found: list[TaskFolder], order: str | None = "interleaved") -> Report:
    run = write_run(folder, "r", found, workload="command", about={"order": order} if order else {})
    return analyse(read_runs([run]), Options(by=("subject",)))


def turns(found: Report) -> tuple[int, int, int, int, int]:
    (one,) = found.turns
    return one.complete, one.together, one.other_instance, one.long_apart, one.left_out


@pytest.mark.parametrize("order", ["interleaved", "abba"])
def test_a_split_pair_is_told_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str], order: str) -> None:
    found = report(tmp_path, tasks("iiiiix"), order)
    assert turns(found) == (6, 5, 1, 0, 1)
    print_warnings(found)
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    forms = [as_markdown(found), page.render(found), capsys.readouterr().err, found.model_dump_json()]
    forms += [row["text"] for row in rows if row["row"] == "turns"]
    assert [LOST + OUT in " ".join(form.split()) for form in forms] == [True] * 5


def test_pairs_that_were_measured_together_are_compared_without_the_one_that_was_not(tmp_path: Path) -> None:
    """One half on a slow machine made an interval over two instances of that: 200 times as wide."""
    (board,) = report(tmp_path, tasks("iiiiix")).boards
    best, other = board.ranking
    logs = [[math.log(value) for value in values[:5]] for values in (B, A)]
    paired = scipy.stats.ttest_rel(*logs)
    assert other.to_best.p == pytest.approx(paired.pvalue)
    assert other.to_best.interval == pytest.approx([math.exp(end) for end in paired.confidence_interval()])
    assert (other.to_best.verdict, other.tasks, other.instances, best.tasks) == ("worse", 5, 1, 5)
    assert best.geometric_mean == pytest.approx(
        math.exp(sum(logs[1]) / 5)
    )  # one mean: what is shown is what is compared


def test_a_subject_whose_second_attempts_come_late_is_not_slower_for_it(tmp_path: Path) -> None:
    """Its runner died twice, and the machine became slower meanwhile: each half is right, and their difference is none."""
    starts = {("b", 1): 3000, ("b", 4): 3020}
    found = report(tmp_path, tasks("iiiiii", starts=starts))
    assert turns(found) == (6, 4, 0, 2, 2)
    assert any("2 with a long wait in between. The others are left out" in words for words in found.warnings)
    assert [row.tasks for row in found.boards[0].ranking] == [4, 4]


@each_case(("wait", "took", "apart"), [(60, 10, 0), (61, 10, 1), (100, 60, 0), (121, 60, 1), (-5, 10, 0)])
def test_what_a_long_wait_is(tmp_path: Path, wait: int, took: int, apart: int) -> None:
    """Longer than a minute, and than both took. Beside each other there is no wait."""
    found = report(tmp_path, tasks("iii", starts={("b", 0): took + wait, ("a", 0): 0}, took=took))
    assert turns(found)[3] == apart


@each_case("metadata", [{"end_time": None}, {"start_time": "soon"}, {"clock": "set back"}])
def test_a_time_that_is_not_known_is_no_wait(tmp_path: Path, metadata: dict[str, Any]) -> None:
    found = tasks("iii", starts={("b", 0): 3000})
    found[1].metadata = {**found[1].metadata, **metadata}
    assert turns(report(tmp_path, found)) == (3, 3, 0, 0, 0)


@each_case(
    ("hosts", "out"),
    [("iix", 1), ("ixx", 0), ("iixx", 2), ("ix", 0), ("i-ii", 1), ("xxxx", 0), ("iijj", 0)],
)
def test_what_is_left_is_compared_alone_where_it_is_half_and_two(tmp_path: Path, hosts: str, out: int) -> None:
    found = report(tmp_path, tasks(hosts))
    assert turns(found)[4] == out
    assert [row.tasks for row in found.boards[0].ranking] == [len(hosts) - out] * 2
    kept = "Those are too few to be compared alone. What differs between instances makes the intervals"
    split = set(hosts) & {"x", "-"}
    assert any(kept in words for words in found.warnings) == (bool(split) and not out)
    assert any("measured all subjects together" in words for words in found.warnings) == bool(split)


@each_case("order", ["grouped", None])
def test_subjects_that_were_not_to_take_turns_are_not_told_that_they_did_not(tmp_path: Path, order: str | None) -> None:
    late = {("b", at): 3000 + 10 * at for at in range(4)}
    found = report(tmp_path, tasks("iiii", starts=late), order)
    assert turns(found) == (4, 0, 0, 4, 0)
    assert not any("measured all subjects together" in words for words in found.warnings)


def test_a_repeat_that_lost_a_subject_is_none(tmp_path: Path) -> None:
    found = tasks("ixii")
    found[-1].measurements = None
    assert turns(report(tmp_path, found)) == (3, 2, 1, 0, 1)


def test_what_had_one_subject_or_no_repeats_took_no_turns(tmp_path: Path) -> None:
    assert report(tmp_path / "1", [one for one in tasks("iii") if one.subject == "a"]).turns == []
    alone = tasks("iii")
    for one in alone:
        one.repeat, one.metadata = None, {"run": None}
        one.entry = {"run_number": None}
    assert report(tmp_path / "2", alone).turns == []


def test_parts_of_a_split_suite_have_each_an_instance(tmp_path: Path) -> None:
    """Of one repeat in two parts: each part on an instance of its own is together, if it is that of both subjects."""
    for folder, places in (("same", ("i", "j", "i", "j")), ("other", ("i", "j", "j", "i"))):
        found = [
            TaskFolder("m", [measurement(f"t{part}", [1.0])], subject=name, part=f"{part}/2", repeat=repeat,
                       machine={"cloud": {}, "instance": places[2 * (name == "b") + part - 1]})
            for repeat in (1, 2) for name in "ab" for part in (1, 2)
        ]  # fmt: skip
        assert turns(report(tmp_path / folder, found))[1:3] == ((2, 0) if folder == "same" else (0, 2))


def test_a_machine_that_is_listed_twice_has_each_repeat_twice(tmp_path: Path) -> None:
    """Each on an instance of its own, or one an hour after the other: both are pairs."""
    later = {(name, at): 3600 + 100 * at + 10 * (name == "b") for name in "ab" for at in range(3)}
    assert turns(report(tmp_path / "both", tasks("iii") + tasks("jjj", starts=later))) == (6, 6, 0, 0, 0)
    assert turns(report(tmp_path / "one", tasks("iii") + tasks("jjx", starts=later))) == (6, 5, 1, 0, 1)


def test_machines_are_compared_by_all_of_their_tasks(tmp_path: Path) -> None:
    run = write_run(tmp_path, "r", tasks("iix"), about={"order": "abba"})
    every = read_runs([run]).tasks
    assert (len(together.compared(every, ("machine",))), len(together.compared(every, ("subject",)))) == (6, 4)


def test_the_last_line_of_a_comparison_says_what_was_left_out(tmp_path: Path) -> None:
    document = Compared(
        run_id="r", a="a", b="b", rows=[], noise_floor=[], quality=None, warnings=[], results_dir="r", exit_code=0,
        complete_repeats=6, repeats_on_one_instance=5, repeats_long_apart=1, repeats_left_out=2,
    )  # fmt: skip
    assert _how(document) == (
        "6 pairs measured by turns (ABBA), 5 of them on one known instance each, 1 with a long wait in between. "
        "2 not measured together and left out."
    )


def test_turns_name_their_order() -> None:
    assert Turns.model_fields["order"].is_required()
