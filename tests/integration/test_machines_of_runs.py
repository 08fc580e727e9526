"""Runs that bring their machines, from the request to nothing being left: the whole system, with machines that are real."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from local_emulator.stack import Emulator
from tests.integration.api_client import Api, fresh
from tests.machine_calls import Account

pytestmark = pytest.mark.proof  # looks are 15 seconds apart


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    with closing(Api(emulator.ready)) as made:
        yield made


def brought(api: Api, **changes: Any) -> str:
    """A run of one EC2 instance and one task of Fargate."""
    body = {
        "run_id": fresh("brought"), "ruby_version": None, "workload": "mock", "workload_options": {}, "local": None,
        "aws": [{"instance_type": "c8g.medium"}], "box": [{"instance_type": "fargate-1vcpu-2gb"}],
        "provision": {"aws": {}, "box": {"provisioner": "aws-ecs"}}, "per_instance_type": {"tasks": 1},
    }  # fmt: skip
    return str(api.create(**(body | changes))["run_id"])


def launches(api: Api, run_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api("GET", f"/runs/{run_id}/launches").json()["launches"]
    return found


def all_ended(run: dict[str, Any]) -> bool:
    return bool(run["launches"]) and set(run["launches"]) <= {"ended", "failed"}


def test_a_run_brings_its_machines_works_and_leaves_nothing(api: Api, account: Account) -> None:
    run_id = brought(api)
    run = api.until(f"/runs/{run_id}", lambda run: run["archive"]["state"] == "ready")
    assert (run["status"], run["reason"], run["tasks"]["completed"]) == ("completed", None, 2)
    api.until(f"/runs/{run_id}", all_ended)
    found = launches(api, run_id)
    assert [(each["provisioner"], each["state"], each["failure"]) for each in found] == [
        ("aws-ec2", "ended", None), ("aws-ecs", "ended", None),
    ]  # fmt: skip
    assert all(each["launched_at"] and each["ended_at"] for each in found)
    assert (found[0]["phase"], bool(found[0]["called_home_at"])) == ("ended", True)  # its own last word
    tasks = api("GET", f"/runs/{run_id}/tasks").json()["tasks"]
    homes = {task["instance_type"]: task["runner_id"].rpartition("-s")[0] or task["runner_id"] for task in tasks}
    assert all(homes[each["instance_type"]].startswith(f"{each['name']}-") for each in found)
    instance, task = (each["resource_id"] for each in found)
    account.ended(instance)
    assert account.client("ecs").describe_tasks(cluster="benchfleet-local", tasks=[task])["tasks"][0]["lastStatus"] == (
        "STOPPED"
    )


def test_a_stop_ends_a_machine_that_is_at_work(api: Api, account: Account) -> None:
    run_id = brought(api, box=None, provision={"aws": {}}, workload_options={"step_s": 600})
    api.until(f"/runs/{run_id}", lambda run: run["tasks"]["running"] == 1)
    assert api("POST", f"/runs/{run_id}/stop").status_code == 200
    api.until(f"/runs/{run_id}", all_ended)
    account.ended(launches(api, run_id)[0]["resource_id"])
