"""Results of `benchfleet http`: kept after each start of a server, resumed, and ranked by the report over what all have."""

from pathlib import Path

import pytest
from benchfleet.exceptions import UsageError
from benchfleet.http.folder import ResultsFolder
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.reading import read_runs
from benchfleet_contract.http_results import Failure, HttpResult, WorkloadResult

from runner_image.workloads.http.outputs import output_of

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
    assert resumed.done == {(name, "quick", repeat) for name in ("slow", "fast") for repeat in (1, 2, 3)}
    keep(resumed, result("dead", 1, {"a": 10.0}))
    assert ("dead", "quick", 1) in resumed.done
    assert len(resumed.results()) == 9
    assert len([one for one in (tmp_path / "one").iterdir() if one.is_dir()]) == 9


def test_results_of_other_options_are_not_mixed(tmp_path: Path) -> None:
    compared(tmp_path)
    with pytest.raises(UsageError, match=r"other options \(quick\)"):
        ResultsFolder.resume(tmp_path / "one", {"quick": False}, machine={})
    with pytest.raises(UsageError, match="there already"):
        ResultsFolder.create(tmp_path / "one", OPTIONS, machine={})
    with pytest.raises(UsageError, match="no comparison to go on with"):
        ResultsFolder.resume(tmp_path / "other", OPTIONS, machine={})
