"""Machines that the control plane brings, in words: in progress, in `runs show`, in explanations."""

import io
from typing import Any

from benchfleet.cli.progress import PlainLines
from benchfleet.cli.runs.shown import print_machines
from benchfleet.explaining.judging import judge
from benchfleet.watch.machines import MOST_TOLD, MachineNews, name_words, state_words
from benchfleet.watch.poller import RunPoller, Snapshot
from benchfleet.watch.waiting import WaitReasons
from benchfleet_contract.launches import LaunchFailure, LaunchView
from benchfleet_contract.runners import RunnerList
from rich.console import Console

from tests.each_case import each_case
from tests.unit.explained_runs import NOW, a_run, a_task
from tests.unit.run_parts import FakeClient, HandClock, detail, group

QUOTA = LaunchFailure(code="quota", message="no more vCPUs in eu-north-1", remedy="ask for a higher quota")


def a_launch(number: int = 1, state: str = "running", **changes: Any) -> LaunchView:
    told: dict[str, Any] = dict.fromkeys(LaunchView.model_fields) | {
        "name": f"bf-1a2b3c4d-{number}", "provider": "aws", "provisioner": "aws-ec2", "instance_type": "c8g.medium",
        "region": "eu-north-1", "market": "on-demand", "state": state,
    }  # fmt: skip
    return LaunchView.model_validate(told | changes)


def test_a_machine_is_named_with_its_kind_and_its_place() -> None:
    assert name_words(a_launch()) == "bf-1a2b3c4d-1 (aws/c8g.medium, eu-north-1)"
    spot = a_launch(zone="eu-north-1b", market="spot")
    assert name_words(spot) == "bf-1a2b3c4d-1 (aws/c8g.medium, eu-north-1b, spot)"
    assert name_words(a_launch(region=None)) == "bf-1a2b3c4d-1 (aws/c8g.medium)"


@each_case(
    ("launch", "words"),
    [
        (a_launch(state="starting"), "starting"),
        (a_launch(phase="image", message="pulling"), "running, image: pulling"),
        (a_launch(phase="runner"), "running"),
        (a_launch(state="ended", phase="ended"), "ended"),
        (a_launch(state="wanted", failure=QUOTA), "waits: quota: no more vCPUs in eu-north-1"),
        (a_launch(state="failed", failure=QUOTA), "failed: quota: no more vCPUs in eu-north-1"),
    ],
)
def test_a_state_is_told_with_what_is_known_of_it(launch: LaunchView, words: str) -> None:
    assert state_words(launch) == words


def test_each_change_is_told_once() -> None:
    news = MachineNews()
    assert news.of([a_launch(state="starting"), a_launch(2, "wanted")]) == [
        "machine bf-1a2b3c4d-1 (aws/c8g.medium, eu-north-1): starting",
        "machine bf-1a2b3c4d-2 (aws/c8g.medium, eu-north-1): wanted",
    ]
    assert news.of([a_launch(state="starting"), a_launch(2, "failed", failure=QUOTA)]) == [
        "machine bf-1a2b3c4d-2 (aws/c8g.medium, eu-north-1): failed: quota: no more vCPUs in eu-north-1; "
        "ask for a higher quota"
    ]
    assert len(MachineNews().of([a_launch(number) for number in range(1, 2 * MOST_TOLD)])) == MOST_TOLD


def test_progress_tells_machines_that_come_and_go() -> None:
    console = Console(file=io.StringIO(), width=200)
    lines = PlainLines(console)
    for state in ("starting", "running", "running", "ended"):
        lines.show(Snapshot(detail(groups=[group(pending=1)]), launches=(a_launch(state=state),)), [])
    told = [line for line in console.file.getvalue().splitlines() if "machine" in line]  # type: ignore[attr-defined]
    assert [line.rpartition(": ")[2] for line in told] == ["starting", "running", "ended"]


def test_machines_are_read_when_one_changes_and_now_and_then_while_some_are_open() -> None:
    running = detail(groups=[group(completed=1)]).model_copy(update={"launches": {"running": 1}})
    ended = running.model_copy(update={"launches": {"ended": 1}})
    api = FakeClient([*[running] * 25, *[ended] * 25], known=[], seen=[], exists=True)
    api.machines, clock = [a_launch()], HandClock()
    poller = RunPoller(api, "7", clock=lambda: clock.now_s)
    for _ in range(50):
        assert len(poller.poll().launches) == 1
        clock.sleep(1)
    assert api.asked.count("launches") == 4  # at 0, 10 and 20 s, and when it had ended
    assert RunPoller(FakeClient([detail()], known=[], exists=True), "7").poll().launches == ()


AT = "2026-11-22T12:00:00Z"


@each_case(
    ("launch", "told"),
    [
        (a_launch(state="wanted"), 0),
        (a_launch(state="starting"), 0),
        (a_launch(), 0),
        (a_launch(phase="image", called_home_at=AT), 0),
        (a_launch(phase="runner", called_home_at=AT), 1),
        (a_launch(state="ended"), 1),
    ],
)
def test_what_is_on_its_way_is_no_runner_that_is_missing(launch: LaunchView, told: int) -> None:
    clock = HandClock()
    waiting = Snapshot(detail(groups=[group("aws/c8g.medium", pending=1)]), launches=(launch,))
    reasons = WaitReasons(now=clock.clocks().now)
    reasons.of(waiting)
    clock.sleep(60)
    assert len(reasons.of(waiting)) == told


def test_runs_show_has_a_table_of_machines() -> None:
    console = Console(file=io.StringIO(), width=200)
    print_machines([], console=console)
    assert console.file.getvalue() == ""  # type: ignore[attr-defined]
    launches = [a_launch(market="spot", cost_usd=0.0123), a_launch(2, "failed", failure=QUOTA)]
    print_machines(launches, console=console)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "eu-north-1, spot" in printed
    assert "0.0123" in printed
    assert "failed: quota: no more vCPUs in eu-north-1" in printed


def explained(*launches: LaunchView) -> list[tuple[str, str, str]]:
    tasks = [a_task(provider="aws", instance_type="c8g.medium")]
    run = a_run(tasks)
    runners = RunnerList(run_id="r", runners=[])
    found = judge(run, tasks, runners, NOW, launches=launches).findings
    return [(finding.kind, finding.weight, finding.words) for finding in found]


def test_tasks_without_runners_wait_for_machines_that_are_on_their_way() -> None:
    assert explained(a_launch(state="starting")) == [
        ("coming", "waiting", "r.1 waits for aws/c8g.medium: 1 machine is on its way")
    ]


def test_a_machine_that_failed_is_a_problem_with_a_remedy_unless_another_came() -> None:
    words = "1 machine for aws/c8g.medium failed: quota: no more vCPUs in eu-north-1"
    alone, replaced = explained(a_launch(state="failed", failure=QUOTA)), explained(
        a_launch(state="failed", failure=QUOTA), a_launch(2)
    )  # fmt: skip
    assert alone[0] == ("machine_failed", "problem", words)
    assert replaced[0] == ("machine_failed", "waiting", words)
    waits = explained(a_launch(state="wanted", failure=QUOTA))
    assert waits[0][2].startswith("1 machine for aws/c8g.medium waits: quota")
    assert [weight for _, weight, _ in waits] == ["waiting", "waiting"]
