"""Who is there: what a claim in vain leaves behind, and what a run tells of its runners."""

from collections.abc import Iterator
from typing import Any

import pytest
from benchfleet_contract.runners import RunnerSeen
from benchfleet_contract.states import HeartbeatStatus, TaskStatus
from benchfleet_contract.tasks import ClaimReply

from chalicelib.domain.errors import RunNotFound, TaskNotFound
from chalicelib.domain.outcomes import Done, Wait
from chalicelib.domain.ports import Beat, Verdict
from chalicelib.domain.records import ClaimRequest, Demand, Presence, RunState
from chalicelib.domain.selection import Wanted
from chalicelib.services.present import claimed
from chalicelib.services.tasks.note_runners import NoteRunners
from chalicelib.services.tasks.read_runners import ReadRunners
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_request, a_run, tasks_of
from tests.contract.system import BODY, Clients, System


@pytest.fixture
def system(clients: Clients) -> System:
    system = System(clients)
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    return system


def claim(system: System, runner: str = "one", *, demand: Demand = LOCAL, any_run: bool = False) -> ClaimReply:
    """As the routes do it."""
    request = a_request(runner, demand=demand, now_ms=system.clock())
    if any_run:
        outcome = system.note_runners(None, request, system.claims_of_any(request, workloads=frozenset()))
    else:
        outcome = system.note_runners("r", request, system.claims("r", request))
    return claimed(outcome, system.storage)


def shown(system: System) -> dict[str, RunnerSeen]:
    return {runner.runner_id: runner for runner in system.read_runners("r").runners}


def test_who_gets_a_task_is_shown_with_it_and_costs_no_note(system: System) -> None:
    assert claim(system).status == "assigned"
    assert system.runners.seen("r", now_ms=NOW_MS) == []
    expected = RunnerSeen(
        runner_id="one", provider="local", instance_type="docker", seen_at="2027-01-15T08:00:00Z", live=True,
        task_ids=["r.1"],
    )  # fmt: skip
    assert shown(system) == {"one": expected}


def test_who_waits_is_shown_without_a_task(system: System) -> None:
    claim(system)
    assert claim(system, "two").status == "wait"
    system.clock.pass_s(60)
    assert (shown(system)["two"].live, shown(system)["two"].task_ids) == (True, [])
    system.clock.pass_s(60)
    assert not shown(system)["two"].live


def test_who_came_to_the_wrong_place_is_shown(system: System) -> None:
    assert claim(system, "lost", demand=CLOUD).status == "done"
    assert (shown(system)["lost"].provider, shown(system)["lost"].instance_type) == ("aws", "c8g.medium")


def test_who_finds_everything_done_leaves_no_note(system: System) -> None:
    reply = claim(system)
    assert reply.presigned_urls
    key = reply.presigned_urls.result_key
    system.finish_task("r", 1, Verdict(TaskStatus.COMPLETED, "one", 1, system.clock(), result_key=key))
    assert claim(system, "two").status == "done"
    assert shown(system) == {}


def test_who_asks_for_any_run_is_shown_under_every_run(system: System) -> None:
    claim(system)
    assert claim(system, "free", any_run=True).status == "wait"
    assert shown(system)["free"].any_run
    system.create_run({**BODY, "run_id": "r2"})
    assert [runner.runner_id for runner in system.read_runners("r2").runners] == ["free"]


def test_a_runner_is_one_entry_with_all_its_tasks_and_its_last_word(system: System) -> None:
    system.create_run({**BODY, "run_id": "r2"})
    requests = [a_request("one", token=f"t{n}", now_ms=system.clock()) for n in range(2)]
    for request in requests:
        system.note_runners("r2", request, system.claims("r2", request))
    system.clock.pass_s(40)
    late = a_request("one", token="t3", now_ms=system.clock())
    assert isinstance(system.note_runners("r2", late, system.claims("r2", late)), Wait)
    (found,) = system.read_runners("r2").runners
    assert sorted(found.task_ids) == ["r2.1", "r2.2"]
    assert found.seen_at == "2027-01-15T08:00:40Z"


def test_a_runner_that_lost_its_lease_is_live_no_more(system: System) -> None:
    claim(system)
    system.clock.pass_s(121)
    assert (shown(system)["one"].live, shown(system)["one"].task_ids) == (False, ["r.1"])
    system.renew_lease("r", 1, Beat("one", 1, HeartbeatStatus.RUNNING, None, None, None, system.clock()))
    assert shown(system)["one"].live


def test_those_seen_last_come_first(system: System) -> None:
    claim(system)
    for runner in ("b", "a", "c"):
        system.clock.pass_s(1)
        claim(system, runner)
    assert [runner.runner_id for runner in system.read_runners("r").runners] == ["c", "a", "b", "one"]


def test_a_run_of_many_places_is_read_in_part_and_says_so(system: System) -> None:
    many = {Demand("aws", f"type-{number:03d}"): 1 for number in range(4)}
    run = a_run("wide", sizes=many, state=RunState.RUNNING)
    system.runs.reserve(run)
    system.tasks.create(tasks_of(run))
    system.runs.publish(run)
    frugal, enough = (
        ReadRunners(system.runs, system.tasks, system.runners, system.clock, most_places=most) for most in (3, 4)
    )
    assert frugal("wide").truncated
    assert not enough("wide").truncated


def test_a_runner_of_an_unknown_run_is_not_looked_for(system: System) -> None:
    with pytest.raises(RunNotFound):
        system.read_runners("nope")


class Broken:
    """A store whose every write fails."""

    def __init__(self) -> None:
        self.tries = 0

    def note(self, presence: Presence) -> None:
        self.tries += 1
        raise RuntimeError("no database today")

    def seen(self, run_id: str | None, *, now_ms: int) -> list[Presence]:
        return []

    def erase(self, run_id: str) -> Iterator[int]:
        return iter(())


def test_a_note_that_fails_is_logged_and_the_runner_gets_its_answer(caplog: pytest.LogCaptureFixture) -> None:
    broken = Broken()
    note, outcome = NoteRunners(broken), Wait(30)
    assert [note("r", a_request(), outcome) for _ in range(2)] == [outcome, outcome]
    assert broken.tries == 1
    assert "could not note that runner one waits" in caplog.text


def test_a_waiting_runner_costs_one_write_in_half_a_minute(system: System, clients: Clients) -> None:
    system.connect(clients.engine.client)
    claim(system)
    writes: list[Any] = []
    clients.engine.client.meta.events.register("before-call.dynamodb.PutItem", lambda **_: writes.append(1))
    for _ in range(15):
        claim(system, "two")
        system.clock.pass_s(2)
    assert sum(writes) == 2


def test_a_page_of_a_group_reads_no_more_than_its_tasks(system: System, clients: Clients) -> None:
    """The dashboard asks for one every three seconds."""
    system.connect(clients.engine.client)
    run = a_run("wide", sizes={LOCAL: 128, CLOUD: 128}, tasks_per_instance=128)
    system.runs.reserve(run)
    system.tasks.create(tasks_of(run))
    system.runs.publish(run)
    limits: list[Any] = []
    hook = "provide-client-params.dynamodb.Query"
    clients.engine.client.meta.events.register(hook, lambda params, **_: limits.append(params.get("Limit")))
    wanted = Wanted(CLOUD.provider, CLOUD.instance_type)
    assert len(system.read_runs.task_page("wide", wanted, after=0, limit=100).tasks) == 100
    assert [limit for limit in limits if limit] == [100]


def test_a_task_of_a_run_in_creation_is_not_there_yet(system: System) -> None:
    run = a_run("early")
    system.runs.reserve(run)
    system.tasks.create(tasks_of(run))
    for look in (system.read_runs.task, system.read_runs.files):
        with pytest.raises(TaskNotFound):
            look("early", 1)
    system.runs.publish(run)
    assert system.read_runs.task("early", 1).id == "early.1"


def test_an_ended_wish_is_no_presence() -> None:
    broken = Broken()
    NoteRunners(broken)("r", ClaimRequest(LOCAL, "one", "t", "n", NOW_MS), Done())
    assert broken.tries == 0
