"""A run that brings its machines, from POST /runs to its results, with the emulator as the cloud."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from local_emulator.machines.faults import Capacity, FaultPlan
from local_emulator.stack import Emulator
from tests.integration.api_client import Api
from tests.machine_calls import Account

OVER = ("ended", "failed")


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    with closing(Api(emulator.ready)) as made:
        yield made


@pytest.mark.system
def test_a_run_brings_a_machine_where_there_is_room_and_takes_it_away(account: Account, api: Api) -> None:
    """us-east-1a has no capacity, so that it is another zone's. Its price is the shipped one, with disk and address."""
    account.machines.faults.set(FaultPlan(capacity=[Capacity(zone="us-east-1a")]))
    run_id = api.create(
        ruby_version=None,
        workload="mock",
        per_instance_type={"tasks": 2},
        local=None,
        aws=[{"instance_type": "c8g.medium", "alias": "c8g"}],
        provision={"aws": {"slots": 1}},
        max_cost=1,
    )["run_id"]
    run = api.until(f"/runs/{run_id}", lambda run: run["status"] != "running")
    assert run["status"] == "completed"
    listed = api.until(
        f"/runs/{run_id}/launches", lambda found: all(each["state"] in OVER for each in found["launches"])
    )
    (launch,) = listed["launches"]
    assert (launch["state"], launch["zone"], launch["failure"]) == ("ended", "us-east-1b", None)
    assert launch["hourly_usd"] == pytest.approx(0.03988 + 30 * 0.08 / 730 + 0.005)
    assert 0 < launch["cost_usd"] < 0.01
    tasks = api("GET", f"/runs/{run_id}/tasks").json()["tasks"]
    assert {task["status"] for task in tasks} == {"completed"}
    assert all(task["runner_id"].startswith(f"{launch['name']}-") for task in tasks)
    assert account.show(launch["resource_id"])["State"]["Name"] == "terminated"
    named = [{"Name": "tag:benchfleet:run", "Values": [run_id]}]
    instances = account.ec2.describe_instances(Filters=named)["Reservations"]
    assert [each["Instances"][0]["InstanceId"] for each in instances] == [launch["resource_id"]]
