"""One entry a runner, from what it holds and from what it asked for."""

from dataclasses import replace

import pytest
from benchfleet_contract.runners import RunnerSeen
from benchfleet_contract.states import HeartbeatStatus

from chalicelib.domain.ports import Beat
from chalicelib.domain.records import Demand, Group, Presence, RunState
from chalicelib.services.tasks.read_runners import ReadRunners
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_request, a_run, a_task
from tests.contract.system import BODY, Clients, System


@pytest.fixture
def system(clients: Clients) -> System:
    system = System(clients)
    system.create_run(BODY)
    return system


def seen(system: System) -> list[RunnerSeen]:
    return system.read_runners("r").runners


def note(system: System, runner: str, at_s: float, *, demand: Demand = CLOUD, run_id: str | None = "r") -> None:
    system.runners.note(Presence(runner, demand, run_id, NOW_MS + int(at_s * 1000)))


def test_a_runner_that_asked_is_shown_as_it_asked(system: System) -> None:
    note(system, "one", 0)
    note(system, "two", 5, run_id=None)
    note(system, "three", 6, run_id="another run")
    system.clock.pass_s(10)
    place = {"provider": "aws", "instance_type": "c8g.medium", "live": True, "task_ids": []}
    assert [runner.model_dump() for runner in seen(system)] == [
        place | {"runner_id": "two", "seen_at": "2027-01-15T08:00:05Z", "any_run": True},
        place | {"runner_id": "one", "seen_at": "2027-01-15T08:00:00Z", "any_run": False},
    ]
    assert (system.read_runners("r").run_id, system.read_runners("r").truncated) == ("r", False)


def test_a_heartbeat_is_a_runners_last_word(system: System) -> None:
    system.claim_task("r", a_request("one", now_ms=NOW_MS))
    assert seen(system)[0].seen_at == "2027-01-15T08:00:00Z"
    system.clock.pass_s(20)
    system.renew_lease("r", 1, Beat("one", 1, HeartbeatStatus.RUNNING, None, None, None, system.clock()))
    assert seen(system)[0].seen_at == "2027-01-15T08:00:20Z"


@pytest.mark.parametrize(("noted_s", "place", "told"), [(-1, "docker", "08:00:00Z"), (3, "c8g.medium", "08:00:03Z")])
def test_what_a_runner_holds_and_what_it_asked_for_is_one_entry_with_the_latest_word(
    system: System, noted_s: int, place: str, told: str
) -> None:
    for run_id in ("r", None):
        note(system, "one", noted_s, run_id=run_id)
    for token in ("a", "b"):
        system.claim_task("r", a_request("one", token=token, now_ms=NOW_MS))
    (found,) = seen(system)
    assert (found.instance_type, found.seen_at) == (place, f"2027-01-15T{told}")
    assert (found.any_run, found.live, found.task_ids) == (True, True, ["r.1", "r.2"])


def test_a_runner_is_live_by_any_of_its_words(system: System) -> None:
    note(system, "one", -100)
    system.claim_task("r", a_request("two", now_ms=NOW_MS))
    note(system, "two", -100)
    assert [(runner.runner_id, runner.live) for runner in seen(system)] == [("two", True), ("one", False)]


def test_where_most_tasks_are_in_flight_is_looked_at_first(clients: Clients) -> None:
    """One call looks into so many places and no more."""
    system = System(clients)
    groups = tuple(Group(key, 3, (0,)) for key in (LOCAL, CLOUD))
    run = a_run(task_count=6, groups=groups)
    system.runs.reserve(run)
    system.tasks.create(a_task(n, demand=LOCAL if n <= 3 else CLOUD, group=int(n > 3)) for n in range(1, 7))
    system.runs.publish(run)
    system.tasks.open_headers(replace(run, state=RunState.RUNNING))
    for runner, key in (("a", LOCAL), ("b", CLOUD), ("c", CLOUD)):
        system.claim_task("r", a_request(runner, demand=key, now_ms=NOW_MS))
    system.drain()
    found = ReadRunners(system.runs, system.tasks, system.runners, system.clock, most_places=1)("r")
    assert ([runner.runner_id for runner in found.runners], found.truncated) == (["b", "c"], True)
