"""Machines of runs: brought, watched, ended; with every trouble that a cloud may have."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from benchfleet_contract.launches import LaunchReport
from benchfleet_contract.states import TaskStatus

from chalicelib.domain.errors import LaunchNotFound, RunNotFound
from chalicelib.domain.launch_planning import READY_MS
from chalicelib.domain.launch_records import Launch
from chalicelib.domain.launches import LaunchFailed
from chalicelib.domain.records import Demand, RunState
from chalicelib.domain.strays import GRACE_MS
from tests.contract.machines import places_in
from tests.contract.records import CLOUD, a_request, a_verdict
from tests.contract.system import System

BIG = Demand("aws", "c8g.large")
BODY: dict[str, Any] = {
    "run_id": "r", "workload": "mock", "per_instance_type": {"tasks": 2, "instances": 1}, "max_attempts": 2,
    "aws": [{"instance_type": "c8g.medium"}], "provision": {"aws": {}},
}  # fmt: skip
TWO_TYPES = {"aws": [{"instance_type": "c8g.medium"}, {"instance_type": "c8g.large"}]}


def body(**changes: Any) -> dict[str, Any]:
    return BODY | changes


def look(system: System, *, after_s: float = 0) -> list[Launch]:
    """Time passes, the stream is counted, messages come; the launches after that."""
    system.clock.pass_s(after_s)
    system.drain()
    system.bring()
    return system.launches.all("r")


def states(system: System) -> list[str]:
    return [launch.state for launch in system.launches.all("r")]


def work(system: System, launch: Launch, *, slot: int = 0) -> int | None:
    """A runner on this machine asks for a task: its number, None if it gets none."""
    runner = f"{launch.name}-{slot}"
    token = f"{runner}-{system.clock()}"
    request = a_request(runner, token=token, now_ms=system.clock(), demand=launch.demand)
    reply = system.claim_task("r", request)
    return int(reply.task.id.rpartition(".")[2]) if reply.task else None


def complete(system: System, launch: Launch, number: int) -> None:
    task = system.tasks.get("r", number)
    assert task
    verdict = a_verdict(f"{launch.name}-0", attempt=task.attempt, nonce=None, result_key=None)
    system.finish_task("r", number, replace(verdict, now_ms=system.clock()))


def booted(system: System, **changes: Any) -> list[Launch]:
    """A run whose machines run."""
    system.create_run(body(**changes))
    look(system)
    system.cloud.boot()
    return look(system, after_s=15)


# from nothing to nothing


def test_a_machine_is_brought_works_and_ends(system: System) -> None:
    system.create_run(body())
    (launch,) = look(system)
    assert (launch.state, launch.region, launch.zone) == ("starting", "eu-north-1", "eu-north-1a")
    assert launch.expires_ms == system.run().deadline_ms
    system.cloud.boot()
    (launch,) = look(system, after_s=15)
    assert launch.state == "running"
    for _ in range(2):
        number = work(system, launch)
        assert number
        (launch,) = look(system, after_s=15)
        assert (launch.state, launch.called_home_ms is None) == ("running", False)
        complete(system, launch, number)
    (launch,) = look(system, after_s=15)
    assert launch.state == "ending"
    (launch,) = look(system, after_s=60)
    assert (launch.state, launch.failure) == ("ended", None)
    system.finalize()
    assert (system.run().state, system.run().reason) == (RunState.COMPLETED, None)
    look(system, after_s=60)
    assert (system.provision.messages, system.cloud.standing()) == ([], [])


def test_what_the_cloud_is_asked_for_says_whose_machine_it_is(system: System) -> None:
    system.create_run(body(provision={"aws": {"market": "spot", "slots": "core", "max_lifetime_s": 600}}))
    (launch,) = look(system)
    (box,) = system.cloud.boxes.values()
    order = box.order
    assert (order.run_id, order.name, order.market, order.slots) == ("r", launch.name, "spot", "core")
    assert order.expires_ms == system.clock() + 600_000
    assert order.tags == {
        "benchfleet": "dev", "benchfleet:run": "r", "benchfleet:launch": launch.name,
        "benchfleet:expires": "2027-01-15T08:10:00Z",
    }  # fmt: skip
    assert len(order.token) <= 64


def test_a_run_that_brings_nothing_has_no_machines_and_sends_no_message(system: System) -> None:
    system.create_run({key: value for key, value in BODY.items() if key != "provision"})
    system.advance("r")
    system.sweep()
    assert (system.launches.all("r"), system.provision.messages) == ([], [])
    assert system.read_runs.detail("r").launches is None
    system.advance("unknown")


def test_there_are_as_many_machines_as_asked_for_and_never_more_than_tasks(system: System) -> None:
    system.create_run(body(per_instance_type={"tasks": 2, "instances": 5}, **TWO_TYPES))
    found = look(system)
    assert [(each.number, each.instance_type, each.slot) for each in found] == [
        (1, "c8g.medium", 0), (2, "c8g.large", 0), (3, "c8g.medium", 1), (4, "c8g.large", 1),
    ]  # fmt: skip
    assert len({each.name for each in found}) == 4
    assert len(look(system, after_s=15)) == 4


def test_a_machine_ends_when_its_own_types_work_is_done(system: System) -> None:
    small, large = booted(system, per_instance_type={"tasks": 1}, **TWO_TYPES)
    for launch in (small, large):
        work(system, launch)
    complete(system, small, 1)
    assert [each.state for each in look(system, after_s=15)] == ["ending", "running"]


def test_of_two_machines_the_idle_one_ends_first(system: System) -> None:
    one, other = booted(system, per_instance_type={"tasks": 2, "instances": 2})
    first, second = work(system, one), work(system, other)
    assert (first, second) == (1, 2)
    complete(system, one, 1)
    assert [each.state for each in look(system, after_s=15)] == ["ending", "running"]


def test_messages_that_come_too_early_or_twice_are_not_heard(system: System) -> None:
    system.create_run(body())
    look(system)
    asked = len(system.cloud.asked)
    for _ in range(5):
        system.advance("r")
    assert len(system.cloud.asked) == asked
    assert len(system.provision.messages) == 1  # one look follows the other, however many messages there are


# stop, deadline, deletion


def test_a_stop_ends_machines_at_once(system: System) -> None:
    booted(system)
    system.stop_run("r")
    assert states(system) == ["running"]
    system.bring()
    assert states(system) == ["ending"]
    assert list(system.cloud.names()) == []


def test_a_machine_that_was_not_yet_launched_is_not_launched_after_a_stop(system: System) -> None:
    system.create_run(body())
    system.stop_run("r")
    look(system)
    assert (system.cloud.boxes, states(system)) == ({}, [])


def test_a_run_past_its_deadline_has_no_machines(system: System) -> None:
    booted(system, deadline_s=3600)
    system.clock.pass_s(3601)
    system.cloud.expire()
    system.sweep()
    look(system)
    assert states(system) == ["ended"]


def test_a_deleted_run_takes_its_launches_along(system: System) -> None:
    system.create_run(body())
    look(system)
    system.stop_run("r")
    look(system)
    look(system, after_s=60)
    system.finalize()
    system.delete_run("r")
    system.remove()
    assert system.launches.all("r") == []
    with pytest.raises(RunNotFound):
        system.read_launches("r")


# what clouds refuse


def test_the_next_region_is_tried_where_there_is_no_capacity(system: System) -> None:
    system.cloud.full.add(("eu-north-1", "c8g.medium"))
    system.create_run(body(provision={"aws": {"regions": ["eu-north-1", "eu-west-1"]}}))
    (launch,) = look(system)
    assert (launch.state, launch.region, launch.attempt, launch.failure) == ("starting", "eu-west-1", 2, None)


@pytest.mark.parametrize(
    ("regions", "code", "words"),
    [
        (["eu-north-1"], "capacity", "no c8g.medium is free in eu-north-1"),
        (["eu-north-1", "eu-south-9"], "capacity", "no c8g.medium is free in eu-north-1"),
    ],
)
def test_a_lack_of_capacity_is_waited_out_for_a_minute(
    system: System, regions: list[str], code: str, words: str
) -> None:
    system.cloud.full.add(("eu-north-1", "c8g.medium"))
    system.create_run(body(provision={"aws": {"regions": regions}}))
    (launch,) = look(system)
    assert launch.state == "wanted"
    assert launch.failure
    assert (launch.failure.code, launch.failure.words) == (code, words)
    for _ in range(8):
        (launch,) = look(system, after_s=15)
    assert launch.state == "failed"
    assert len({token for _, region, token in system.cloud.asked if region == "eu-north-1"}) == 3


def test_what_comes_back_into_stock_is_launched(system: System) -> None:
    system.cloud.full.add(("eu-north-1", "c8g.medium"))
    system.create_run(body())
    look(system)
    system.cloud.full.clear()
    assert [each.state for each in look(system, after_s=30)] == ["starting"]


def test_a_type_that_no_region_has_fails_at_once_and_its_tasks_too(system: System) -> None:
    system.create_run(body(aws=[{"instance_type": "c99.huge"}], provision={"aws": {"regions": ["eu-north-1"]}}))
    (launch,) = look(system)
    assert launch.failure
    assert (launch.state, launch.failure.code) == ("failed", "unsupported")
    tasks = system.all()
    assert {(t.status, t.reason, t.error_type, t.failure_class) for t in tasks} == {
        (TaskStatus.FAILED, "not_provisioned", "not_provisioned", "infrastructure")
    }
    words = "unsupported: eu-north-1 has no c99.huge; another type, or another region"
    assert {task.error_message for task in tasks} == {words}
    system.drain()
    system.finalize()
    assert (system.run().state, system.run().reason) == (RunState.FAILED, "not_provisioned")


def test_types_that_can_be_had_are_measured_without_the_others(system: System) -> None:
    types = [{"instance_type": "c99.huge"}, {"instance_type": "c8g.medium"}]
    _, launch = booted(system, aws=types, per_instance_type={"tasks": 1})
    number = work(system, launch)
    assert number
    complete(system, launch, number)
    system.drain()
    system.finalize()
    assert (system.run().state, system.run().reason) == (RunState.COMPLETED, "partly_provisioned")


def test_a_region_without_a_place_is_told_with_the_remedy(system: System) -> None:
    system.places = places_in("eu-north-1")
    system.create_run(body(provision={"aws": {"regions": ["ap-south-1"]}}))
    (launch,) = look(system)
    assert launch.failure
    assert "no place for machines in ap-south-1" in launch.failure.words
    assert "benchfleet deploy --region ap-south-1" in launch.failure.remedy
    assert system.cloud.asked == []


def test_a_full_quota_waits_for_a_machine_to_end(system: System) -> None:
    system.cloud.quota["eu-north-1"] = 1
    system.create_run(body(per_instance_type={"tasks": 1}, **TWO_TYPES))
    small, large = look(system)
    assert (small.state, large.state) == ("starting", "wanted")
    assert large.failure
    assert large.failure.code == "quota"
    for _ in range(5):
        look(system, after_s=60)
        work(system, small)
    assert states(system)[1] == "wanted"
    complete(system, small, 1)
    for _ in range(3):
        found = look(system, after_s=60)
    assert [each.state for each in found] == ["ended", "starting"]


def test_a_quota_of_zero_fails_at_once(system: System) -> None:
    system.cloud.quota["eu-north-1"] = 0
    system.create_run(body(per_instance_type={"tasks": 3, "instances": 3}))
    found = look(system)
    assert [(each.state, each.failure and each.failure.code) for each in found] == [("failed", "quota")] * 3
    assert len(system.cloud.asked) == 1  # the others of its kind need not ask
    assert {task.status for task in system.all()} == {TaskStatus.FAILED}


@pytest.mark.parametrize("code", ["permission", "credentials", "image", "invalid"])
def test_what_no_wait_will_mend_fails_at_once(system: System, code: Any) -> None:
    system.cloud.trouble = LaunchFailed(code, "it may not be", "see to it")
    system.create_run(body())
    (launch,) = look(system)
    assert launch.failure
    assert (launch.state, launch.failure.code, launch.failure.remedy) == ("failed", code, "see to it")


def test_a_cloud_that_does_not_answer_is_asked_the_same_again(system: System) -> None:
    system.cloud.trouble = LaunchFailed("network", "no answer", "wait")
    system.create_run(body())
    (launch,) = look(system)
    assert (launch.state, launch.aimed) == ("wanted", True)
    look(system, after_s=30)
    system.cloud.trouble = None
    (launch,) = look(system, after_s=30)
    assert launch.state == "starting"
    assert len({token for _, _, token in system.cloud.asked}) == 1


def test_a_cloud_that_stays_silent_is_given_up(system: System) -> None:
    system.cloud.trouble = LaunchFailed("network", "no answer", "wait")
    system.create_run(body())
    for _ in range(12):
        (launch,) = look(system, after_s=15)
    assert launch.failure
    assert (launch.state, launch.failure.code) == ("failed", "network")
    assert len(system.cloud.asked) == 5


def test_a_machine_that_nobody_could_tell_us_of_is_ended_by_its_tags(system: System) -> None:
    """The cloud launched it, every answer was lost, and the launch was given up."""
    system.create_run(body())
    (launch,) = look(system)
    lost = replace(launch, state="wanted", resource_id=None, launched_ms=None, aimed=True)
    system.launches.erase("r")
    for _ in system.launches.erase("r"):
        pass
    system.launches.add(lost)
    assert system.end_strays() == 0  # the next try will find it
    assert system.launches.change(lost, lost.evolve(state="failed", aimed=False))
    assert system.end_strays() == 1
    assert list(system.cloud.names()) == []


# machines that do not do what they should


def test_a_machine_that_never_calls_home_is_replaced_once_and_then_given_up(system: System) -> None:
    booted(system)
    look(system, after_s=READY_MS / 1000 - 15)
    assert states(system) == ["running"]
    (launch,) = look(system, after_s=15)
    assert launch.failure
    assert (launch.state, launch.failure.code) == ("ending", "not_ready")
    assert "never called home" in launch.failure.words
    for _ in range(3):
        look(system, after_s=60)
    assert states(system) == ["failed", "starting"]
    for _ in range(20):
        look(system, after_s=60)
    assert states(system) == ["failed", "failed"]
    assert {(task.status, task.reason) for task in system.all()} == {(TaskStatus.FAILED, "not_provisioned")}


def test_a_machine_whose_runners_fell_silent_is_not_ready_either(system: System) -> None:
    (launch,) = booted(system)
    system.report_launch("r", launch.name, LaunchReport(phase="image", message="pulling"))
    look(system, after_s=READY_MS / 1000)
    (launch,) = look(system, after_s=15)
    assert launch.failure
    assert launch.failure.code == "not_ready"
    assert launch.failure.words.endswith("; its last word was image (pulling)")


def test_an_interrupted_machine_is_replaced_while_there_is_work(system: System) -> None:
    (launch,) = booted(system, provision={"aws": {"market": "spot"}})
    number = work(system, launch)
    assert launch.resource_id
    system.cloud.lose(launch.resource_id)
    first, second = look(system, after_s=15)
    assert (first.state, first.failure and first.failure.code) == ("failed", "interrupted")
    assert (second.state, second.slot, second.turn, second.number) == ("starting", 0, 1, 2)
    system.clock.pass_s(121)
    system.sweep()
    system.cloud.boot()
    look(system, after_s=15)
    again = {work(system, second), work(system, second, slot=1)}
    assert number in again


def test_a_machine_that_ended_by_itself_when_all_was_done_is_fine(system: System) -> None:
    (launch,) = booted(system, per_instance_type={"tasks": 1})
    number = work(system, launch)
    assert number
    assert launch.resource_id
    complete(system, launch, number)
    system.report_launch("r", launch.name, LaunchReport(phase="ended"))
    system.cloud.lose(launch.resource_id, "Client.InstanceInitiatedShutdown")
    (launch,) = look(system, after_s=15)
    assert (launch.state, launch.failure, launch.phase) == ("ended", None, "ended")


def test_a_machine_that_cannot_get_ready_says_at_which_step(system: System) -> None:
    (launch,) = booted(system)
    for report in (LaunchReport(phase="image"), LaunchReport(phase="failed", message="manifest unknown")):
        system.report_launch("r", launch.name, report)
    (launch,) = look(system, after_s=15)
    assert launch.failure
    assert (launch.state, launch.failure.code, launch.failure.words) == ("ending", "image", "manifest unknown")
    assert "benchfleet deploy" in launch.failure.remedy
    look(system, after_s=60)
    assert {task.status for task in system.all()} == {TaskStatus.FAILED}


def test_a_report_of_a_launch_that_there_is_not_is_refused(system: System) -> None:
    booted(system)
    with pytest.raises(LaunchNotFound):
        system.report_launch("r", "bf-00000000-1", LaunchReport(phase="boot"))


def test_a_runner_that_came_by_itself_keeps_a_run_from_being_given_up(system: System) -> None:
    system.cloud.quota["eu-north-1"] = 0
    system.create_run(body())
    system.claim_task("r", a_request("by-hand-1", now_ms=system.clock(), demand=CLOUD))
    look(system)
    assert TaskStatus.FAILED not in {task.status for task in system.all()}


# order and money


def test_cheap_types_come_first_where_that_was_asked_for(system: System) -> None:
    system.prices.known = {"c8g.medium": Decimal("0.08"), "c8g.large": Decimal("0.04")}
    system.cloud.quota["eu-north-1"] = 1
    system.create_run(body(provision={"aws": {"order": "cheapest-first"}}, **TWO_TYPES))
    assert [each.instance_type for each in look(system) if each.state == "starting"] == ["c8g.large"]


def test_nothing_is_launched_that_could_pass_max_cost(system: System) -> None:
    """Ten minutes of one machine cost 1 USD, of two 2 USD."""
    system.prices.known = {"c8g.medium": Decimal(6)}
    system.create_run(body(per_instance_type={"tasks": 2, "instances": 2}, max_cost=1.5))
    one, other = look(system)
    assert (one.state, other.state) == ("starting", "wanted")
    assert other.failure
    assert other.failure.code == "cost"
    assert one.expires_ms == system.clock() + 15 * 60_000  # then it alone would have cost all


def test_what_nobody_knows_the_price_of_is_not_launched_under_max_cost(system: System) -> None:
    system.create_run(body(max_cost=1000))
    (launch,) = look(system)
    assert launch.failure
    assert (launch.state, launch.failure.code) == ("failed", "cost")
    assert "nobody knows what c8g.medium costs in eu-north-1" in launch.failure.words
    assert {task.error_type for task in system.all()} == {"not_provisioned"}


def test_machines_end_before_max_cost_is_passed(system: System) -> None:
    system.prices.known = {"c8g.medium": Decimal(6)}
    (launch,) = booted(system, max_cost=2, lease_s=3600)
    work(system, launch)
    while system.launches.all("r")[0].state == "running":
        look(system, after_s=15)
    (launch,) = system.launches.all("r")
    assert launch.failure
    assert launch.failure.code == "cost"
    look(system, after_s=60)
    (view,) = system.read_launches("r").launches
    assert view.cost_usd
    assert 1.6 < view.cost_usd <= 2
    assert list(system.cloud.names()) == []


def test_max_cost_holds_for_spot_machines_at_the_price_on_demand_to_which_theirs_may_rise(system: System) -> None:
    system.prices.known, system.prices.spot = {"c8g.medium": Decimal(6)}, {"c8g.medium": Decimal(2)}
    spot = {"aws": {"market": "spot"}}
    system.create_run(body(provision=spot, per_instance_type={"tasks": 2, "instances": 2}, max_cost=1.5))
    one, other = look(system)
    assert (one.state, other.state, one.expires_ms) == ("starting", "wanted", system.clock() + 15 * 60_000)
    assert other.failure
    assert "up to 6 USD an hour could pass max_cost" in other.failure.words
    (view, _) = system.read_launches("r").launches
    assert (view.hourly_usd, view.price_date) == (2, "2027-01-01")  # what it costs as far as anybody knows


def test_a_spot_machine_without_a_price_on_demand_is_not_launched_under_max_cost(system: System) -> None:
    system.prices.spot = {"c8g.medium": Decimal(2)}
    system.create_run(body(provision={"aws": {"market": "spot"}}, max_cost=1000))
    (launch,) = look(system)
    assert launch.failure
    assert "costs in eu-north-1 on demand" in launch.failure.words


# the sweep


def test_a_lost_message_is_made_good_by_the_sweep(system: System) -> None:
    system.create_run(body())
    system.provision.messages.clear()
    system.sweep()
    assert [each.state for each in look(system)] == ["starting"]


def test_the_sweep_ends_by_its_tags_what_outlived_its_run(system: System) -> None:
    booted(system)
    (box,) = system.cloud.boxes.values()
    box.order = replace(box.order, run_id="gone")
    system.provision.messages.clear()
    system.sweep()
    system.bring()
    assert list(system.cloud.names()) == []


def test_a_machine_that_the_sweep_ends_has_not_failed_whatever_its_script_says_of_that(system: System) -> None:
    (launch,) = booted(system)
    system.stop_run("r")
    assert system.end_strays() == 1
    system.report_launch(
        "r", launch.name, LaunchReport(phase="failed", message="the machine is shut down from outside")
    )
    look(system, after_s=60)
    assert states(system) == ["ended"]


def test_a_machine_whose_run_just_ended_is_left_to_end_itself_and_to_ship_its_last_lines(system: System) -> None:
    (launch,) = booted(system)
    for _ in range(2):
        complete(system, launch, work(system, launch) or 0)
    system.drain()
    system.finalize()
    assert (system.run().state, system.end_strays()) == (RunState.COMPLETED, 0)
    system.clock.pass_s(GRACE_MS / 1_000)
    assert system.end_strays() == 1


def test_strays_are_looked_for_in_every_region_of_the_deployment(system: System) -> None:
    booted(system)
    (box,) = system.cloud.boxes.values()
    box.machine, box.order = replace(box.machine, region="eu-west-1"), replace(box.order, run_id="gone")
    assert system.end_strays() == 1


def test_nothing_is_looked_for_where_nothing_was_ever_launched(system: System) -> None:
    system.cloud.trouble = LaunchFailed("credentials", "none", "none")
    system.create_run({**BODY, "provision": None})
    system.sweep()
    assert (system.provision.messages, system.end_strays()) == ([], 0)


# what is told


def test_machines_are_told_with_the_run(system: System) -> None:
    system.prices.known = {"c8g.medium": Decimal("0.0425")}
    (launch,) = booted(system)
    work(system, launch)
    look(system, after_s=15)
    look(system, after_s=3570)
    assert system.read_runs.detail("r").launches == {"running": 1}
    found = system.read_launches("r")
    (view,) = found.launches
    assert (found.run_id, found.truncated) == ("r", False)
    assert (view.name, view.provider, view.provisioner) == (launch.name, "aws", "aws-ec2")
    assert (view.hourly_usd, view.cost_usd) == (0.0425, 0.0425)
    assert (view.launched_at, view.called_home_at) == ("2027-01-15T08:00:00Z", "2027-01-15T08:00:15Z")
