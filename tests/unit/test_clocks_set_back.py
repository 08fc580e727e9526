"""A clock that is set back while something runs: marked wherever times are made or read, and never a negative duration."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchfleet.cli.runs.shown import print_run
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.reading import read_runs
from benchfleet.watch.estimate import remaining_s
from benchfleet_contract.clocks import SET_BACK, set_back
from benchfleet_contract.runs import GroupCounts
from benchfleet_contract.tasks import AssignedTask
from rich.console import Console

from runner_image.machine.provenance import machine
from runner_image.machine.system import System
from runner_image.task.metadata import TaskMetadata
from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, of_values, write_run
from tests.unit.explained_runs import NOW, a_run, a_task, at
from tests.unit.test_explaining import explained


def metadata(wall_s: float, lasted_s: float) -> dict[str, Any]:
    task = AssignedTask(
        id="r.1", run_id="r", provider="local", instance_type="box", instance_type_alias=None, run_number=1,
        ruby_version=None, workload="mock", workload_options={}, attempt=1, max_attempts=1, lease_until="",
        next_heartbeat_in_s=1.0,
    )  # fmt: skip
    known = TaskMetadata(
        task,
        "mock",
        "box-1",
        NOW,
        began_s=50.0,
        machine=machine(System(), image=None, cloud=None, cores=()),
        runner_versions={},
    )
    ended_at = NOW + timedelta(seconds=wall_s)
    made = known.metadata(status="success", reason=None, prepared=None, ended_at=ended_at, ended_s=50.0 + lasted_s)
    found: dict[str, Any] = json.loads(made)
    return found


@each_case(
    ("wall_s", "lasted_s", "marked"),
    [(60, 60, False), (58, 60, False), (-1, 1, True), (-3600, 60, True), (50, 60, True), (9_992, 10_000, False),
     (9_980, 10_000, True), (7_200, 60, False), (0, 0, False)],
)  # fmt: skip
def test_the_runner_marks_it_and_tells_the_true_duration(wall_s: float, lasted_s: float, marked: bool) -> None:
    found = metadata(wall_s, lasted_s)
    assert (found["duration_s"], found.get("clock")) == (lasted_s, SET_BACK if marked else None)
    assert ("clock" in found) is marked


@each_case(
    ("start", "end", "expected"),
    [(at(60), at(0), False), (at(0), at(60), True), (at(5), at(5), False), (None, at(5), False), (at(5), None, False),
     ("x", at(5), False), ("2026-11-22T12:00:00", "2026-11-22T11:59:59+00:00", True)],
)  # fmt: skip
def test_what_ended_before_it_began(start: str | None, end: str | None, expected: bool) -> None:
    assert set_back(start, end) is expected


@each_case("about", [{"clock": SET_BACK}, {"start_time": "2026-11-22T07:00:00Z", "end_time": "2026-11-22T06:00:00Z"}])
def test_the_report_warns_of_new_and_of_old_results(tmp_path: Path, about: dict[str, Any]) -> None:
    fib = [measurement("fib", [1.0, 1.1])]
    tasks = [TaskFolder("m", measurements=fib, metadata=about), of_values("m", {"fib": [1.0, 1.1]})]
    report = analyse(read_runs([write_run(tmp_path, "r", tasks)]), Options())
    assert [words for words in report.warnings if "clock" in words] == [
        f"m-1: {SET_BACK}. Its start and end tell no duration."
    ]


def test_explain_marks_it_without_calling_it_a_problem() -> None:
    told = explained([a_task(1, "completed", claimed_at=at(10), ended_at=at(60)), a_task(2, "completed")])
    finding = told.findings[-1]
    assert (finding.kind, finding.task_ids, told.fine) == ("clock", ["r.1"], True)
    assert finding.words == "1 task ended before it began: the control plane's clock was set back meanwhile"


def test_explain_marks_a_run_that_ended_before_it_was_created() -> None:
    told = explained([a_task(1, "completed")], run={"created_at": at(0), "completed_at": at(60), "status": "completed"})
    assert any(one.words.startswith("the run ended before it began") for one in told.findings)


@each_case(("completed_at", "marked"), [(at(400), True), (at(100), False)])
def test_runs_show_marks_it(completed_at: str, marked: bool) -> None:
    run = a_run([a_task(1, "completed")], status="completed", completed_at=completed_at)
    page = io.StringIO()
    print_run(run, now=NOW, console=Console(file=page, width=160))
    assert ("before it was created: the control plane's clock was set back" in page.getvalue()) is marked


def test_an_estimate_leaves_such_tasks_out() -> None:
    group = GroupCounts(provider="local", instance_type="docker", total=3, pending=1, running=1, completed=1)
    ended = a_task(1, "completed", claimed_at=at(100), ended_at=at(60))
    odd = a_task(2, "completed", claimed_at=at(0), ended_at=at(3_600))
    early = a_task(3, "running", claimed_at=at(-500))
    run = a_run([], groups=[group])
    assert remaining_s(run, [ended, early], now=NOW) == 80.0
    assert remaining_s(run, [ended, odd, early], now=NOW) == 80.0
    assert remaining_s(run, [odd, early], now=NOW) is None
