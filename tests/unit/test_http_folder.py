"""Results of `benchfleet http`: kept after each start of a server, resumed, and ranked by the report over what all have."""

from pathlib import Path
from typing import Literal

import pytest
from benchfleet.cli.http.ending import print_end
from benchfleet.exceptions import UsageError
from benchfleet.http.consolidate import consolidate
from benchfleet.http.folder import ResultsFolder, keep_profiles
from benchfleet.http.missing import ceilings, lines, notes
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.reading import read_runs
from benchfleet_contract.http_results import (
    NOISY,
    Failure,
    HttpResult,
    Level,
    Profile,
    StreamResult,
    Validity,
    WorkloadResult,
)

from runner_image.workloads.http.outputs import output_of
from tests.each_case import each_case

OPTIONS = {"quick": True}
START, END = "2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z"


def result(framework: str, repeat: int, rates: dict[str, float | None]) -> HttpResult:
    """A workload without a rate answered 500s."""
    workloads = [
        WorkloadResult(name=name, suite="all", status="measured", best_rps=rate * (1 + 0.001 * repeat))
        if rate
        else WorkloadResult(name=name, suite="all", status="invalid", reasons=["no right answer at all"])
        for name, rate in rates.items()
    ]
    return HttpResult(
        framework=framework, subject=framework, suite="quick", repeat=repeat, started_at=START, requested=list(rates),
        workloads=workloads,
    )  # fmt: skip


def keep(folder: ResultsFolder, found: HttpResult) -> None:
    folder.add(found, output_of(found), started_at=START, ended_at=END)


def compared(tmp_path: Path) -> ResultsFolder:
    folder = ResultsFolder.create(tmp_path / "one", OPTIONS, machine={})
    for repeat in (1, 2, 3):
        keep(folder, result("slow", repeat, {"a": 1000.0, "b": 500.0, "c": 900.0}))
        keep(folder, result("fast", repeat, {"a": 2000.0, "b": 1000.0, "c": None}))
        dead = result("dead", repeat, {}).model_copy(
            update={"requested": ["a"], "failure": Failure(kind="not_ready", message="no 2xx within 30 s")}
        )
        keep(folder, dead)
    return folder


def test_the_report_ranks_over_the_intersection_and_keeps_failures_apart(tmp_path: Path) -> None:
    compared(tmp_path).finish()
    report = analyse(read_runs([tmp_path / "one"]), Options())
    board = next(board for board in report.boards if board.metric == "throughput")
    assert [(row.subject, row.place) for row in board.ranking] == [("fast", 1), ("slow", 2)]
    assert board.ranking[1].to_best.ratio == pytest.approx(2.0, rel=0.01)
    assert [left.benchmark for left in board.left_out] == ["c"]


def test_what_was_interrupted_keeps_what_it_has_and_goes_on(tmp_path: Path) -> None:
    compared(tmp_path)
    resumed = ResultsFolder.resume(tmp_path / "one", OPTIONS, machine={})
    assert resumed.done == {(name, "quick", repeat) for name in ("slow",) for repeat in (1, 2, 3)}, (
        "what could not be believed is measured again"
    )
    keep(resumed, result("dead", 1, {"a": 10.0}))
    assert ("dead", "quick", 1) in resumed.done
    assert len(resumed.results()) == 9
    assert len([one for one in (tmp_path / "one").iterdir() if one.is_dir()]) == 9


@each_case(("status", "again"), [("failed", True), ("invalid", True), ("unsupported", False)])
@each_case("of", ["workloads", "streams"])
def test_a_start_of_which_one_workload_or_stream_failed_is_measured_again(
    tmp_path: Path, of: str, status: Literal["failed", "invalid", "unsupported"], again: bool
) -> None:
    folder = ResultsFolder.create(tmp_path / "one", OPTIONS, machine={})
    found = result("a", 1, {"w": 100.0})
    lost = WorkloadResult(name="v", suite="all", status=status, reasons=["500"])
    stream = StreamResult(
        name="sse", target="/", connections=1, interval_s=1, duration_s=1, status=status, reasons=["500"]
    )
    more = {"workloads": [*found.workloads, lost]} if of == "workloads" else {"streams": [stream]}
    keep(folder, found.model_copy(update=more))
    assert (folder.done == set()) is again


def test_profiles_are_kept_where_folders_are_put_together_and_what_is_gone_is_told(tmp_path: Path) -> None:
    folder = ResultsFolder.create(tmp_path / "one", OPTIONS, machine={})
    (tmp_path / "made" / "profiles").mkdir(parents=True)
    names = ["profiles/w.json", "profiles/gone.json"]
    for name in names:
        (tmp_path / "made" / name).write_text("{}")
    profiles = [Profile(profiler="py-spy", workload=name, file=name) for name in names]
    found = result("a", 1, {"w": 100.0}).model_copy(update={"profiles": profiles})
    folder.add(found, output_of(found), started_at=START, ended_at=END, made=tmp_path / "made")
    (gone,) = (tmp_path / "one").glob("*/profiles/gone.json")
    gone.unlink()
    (both,) = consolidate([tmp_path / "one"], tmp_path / "both")
    assert [path.name for path in (tmp_path / "both").glob("*/profiles/*")] == ["w.json"]
    assert [one.file for one in both.profiles] == ["profiles/w.json", None]
    assert str(both.profiles[1].missing).startswith("left out: there is no file profiles/gone.json in ")


def test_a_profile_outside_of_its_folder_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "secret").write_text("s")
    found = result("a", 1, {}).model_copy(update={"profiles": [Profile(profiler="perf", file="../secret")]})
    (profile,) = keep_profiles(found, tmp_path / "made", tmp_path / "to" / "start").profiles
    assert (profile.file, list(tmp_path.glob("to/*"))) == (None, [])


def test_results_of_other_options_are_not_mixed(tmp_path: Path) -> None:
    compared(tmp_path)
    with pytest.raises(UsageError, match=r"other options \(quick\)"):
        ResultsFolder.resume(tmp_path / "one", {"quick": False}, machine={})
    with pytest.raises(UsageError, match="there already"):
        ResultsFolder.create(tmp_path / "one", OPTIONS, machine={})
    with pytest.raises(UsageError, match="no comparison to go on with"):
        ResultsFolder.resume(tmp_path / "other", OPTIONS, machine={})


def disturbed(repeat: int, *, also: float | None = None) -> HttpResult:
    """Its workload `a` was disturbed; `also`: the rate of another one, which was not."""
    level = Level(
        tool="wrk", connections=4, duration_s=1, requests=9, ok=9, rps=9,
        validity=Validity(ok=False, reasons=[f"{NOISY}others had its core"]),
    )  # fmt: skip
    lost = WorkloadResult(name="a", suite="all", status="invalid", reasons=level.validity.reasons, saturation=[level])
    found = result("odd", repeat, {"a": None, **({"b": also} if also else {})})
    return found.model_copy(update={"workloads": [lost, *found.workloads[1:]]})


def test_a_start_that_was_disturbed_is_known_and_replaced_by_a_better_one_only(tmp_path: Path) -> None:
    folder = ResultsFolder.create(tmp_path / "one", OPTIONS, machine={})
    keep(folder, disturbed(1, also=10.0))
    keep(folder, result("odd", 2, {"a": 1000.0}))
    assert folder.disturbed() == {("odd", "quick", 1)}
    keep(folder, disturbed(1))
    assert [one.completed for one in folder.results()] == [["b"], ["a"]], "the second try had no number at all"
    keep(folder, result("odd", 1, {"a": 1000.0, "b": 10.0}))
    assert folder.disturbed() == set()
    assert sorted((one.repeat, len(one.completed)) for one in folder.results()) == [(1, 2), (2, 1)]


def test_a_stream_that_was_disturbed_is_measured_once_more_and_kept_where_it_is_better(tmp_path: Path) -> None:
    def streamed(*reasons: str) -> HttpResult:
        one = StreamResult(
            name="sse", target="/", connections=1, interval_s=1, duration_s=2,
            status="invalid" if reasons else "measured", reasons=[*reasons],
            validity=Validity(ok=not reasons, reasons=[*reasons]),
        )  # fmt: skip
        return result("s", 1, {"a": 1.0}).model_copy(update={"streams": [one]})

    folder = ResultsFolder.create(tmp_path / "one", OPTIONS, machine={})
    keep(folder, streamed("client-limited: too busy"))
    assert folder.disturbed() == set()
    keep(folder, streamed(f"{NOISY}others had its core"))
    assert folder.disturbed() == {("s", "quick", 1)}
    keep(folder, streamed())
    assert folder.disturbed() == set()
    keep(folder, streamed(f"{NOISY}others had its core"))
    assert folder.disturbed() == set(), "the one with more numbers stays"


def test_what_is_missing_is_told_with_reason_and_remedy() -> None:
    told = list(lines([disturbed(1), disturbed(2), result("fine", 1, {"a": 1.0})]))
    assert told[0] == "Missing of odd: a in 2 of 2 starts (invalid; noisy: others had its core)"
    assert "--resume" in told[1]
    assert list(lines([result("fine", 1, {"a": 1.0})])) == []


def test_folders_are_put_together_as_more_repeats_of_one_run(tmp_path: Path) -> None:
    for name, startup_s in (("one", 0.5), ("two", 0.6)):
        folder = ResultsFolder.create(tmp_path / name, OPTIONS, machine={"cpu_model": "x"})
        for repeat in (1, 2):
            keep(folder, result("a", repeat, {"w": 100.0}).model_copy(update={"startup_s": startup_s}))
    found = consolidate([tmp_path / "one", tmp_path / "two"], tmp_path / "both")
    assert [one.repeat for one in found] == [1, 2, 3, 4]
    report = analyse(read_runs([tmp_path / "both"]), Options())
    assert report.boards[0].ranking[0].tasks == 4
    with pytest.raises(UsageError, match="one has a start of a that is there already: name each folder once"):
        consolidate([tmp_path / "both", tmp_path / "one"], tmp_path / "again")


def test_what_was_measured_otherwise_is_not_put_together(tmp_path: Path) -> None:
    for name, settings in (("one", {"duration_s": 2.0, "seed": 1}), ("two", {"duration_s": 8.0, "seed": 2})):
        folder = ResultsFolder.create(tmp_path / name, OPTIONS, machine={})
        keep(folder, result("a", 1, {"w": 100.0}).model_copy(update={"settings": settings}))
    with pytest.raises(UsageError, match=r"two was measured with other duration_s than .*one"):
        consolidate([tmp_path / "one", tmp_path / "two"], tmp_path / "both")
    with pytest.raises(UsageError, match="has no results of HTTP servers"):
        consolidate([tmp_path], tmp_path / "both")


def test_frameworks_that_end_at_the_same_rate_are_told_of(tmp_path: Path) -> None:
    rates = {"a": 1000.0, "b": 1005.0, "c": 1002.0, "d": 500.0}
    found = [result(name, repeat, {"w": rate}) for name, rate in rates.items() for repeat in (1, 2)]
    (warning,) = ceilings(found)
    assert warning.startswith("w: b, c, a all end at about 1007 requests a second: probably the generator")
    assert list(ceilings([one for one in found if one.subject in ("a", "d")])) == []


def test_two_load_tools_and_numbers_that_do_not_count_have_no_limit_in_common() -> None:
    def loaded(name: str, rate: float, tool: str) -> HttpResult:
        level = Level(tool=tool, connections=8, duration_s=2, requests=1, ok=1, rps=rate)
        cell = WorkloadResult(name="w", suite="all", status="measured", best_rps=rate, saturation=[level])
        return result(name, 1, {}).model_copy(update={"workloads": [cell]})

    found = [loaded("a", 1000, "wrk"), loaded("b", 1001, "wrk"), loaded("c", 1002, "h2load")]
    assert list(ceilings(found)) == []
    assert list(ceilings([*found, result("d", 1, {"w": None}), result("d", 2, {"w": None})])) == []
    assert len(list(ceilings([*found, loaded("d", 1003, "wrk")]))) == 1


@pytest.mark.system
def test_the_page_and_the_terminal_have_the_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ResultsFolder.create(tmp_path / "one", OPTIONS, machine={})
    odd = Validity(reasons=["nothing pins the server"])
    for repeat in (1, 2):
        keep(folder, result("a", repeat, {"w": 10.0}).model_copy(update={"validity": odd}))
    print_end(tmp_path / "one", folder.results())
    told = "Note on a: nothing pins the server"
    assert told in capsys.readouterr().out
    assert told in (tmp_path / "one" / "report.html").read_text("utf-8")


def test_what_is_odd_is_told_once_with_whom_it_is_of() -> None:
    odd = Validity(reasons=["its log was cut"])
    found = [result(name, repeat, {}) for name in "ab" for repeat in (1, 2)]
    told = [one.model_copy(update={"validity": odd}) for one in found] + [result("c", 1, {})]
    assert list(notes(told)) == ["Note on a, b: its log was cut"]
