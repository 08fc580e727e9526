"""Machines execute the very user-data of the control plane: from a launch to the results of a run."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from benchfleet_contract.places import Places

from chalicelib.domain.launches import Order
from chalicelib.provisioning.clients import Clients
from chalicelib.provisioning.ec2 import Ec2Machines
from chalicelib.provisioning.ecs import EcsTasks
from local_emulator.machines.faults import FaultPlan
from local_emulator.stack import Emulator
from tests.contract.providers import an_order
from tests.integration.api_client import Api
from tests.machine_calls import Account


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    with closing(Api(emulator.ready)) as made:
        yield made


def run_of(api: Api, instance_type: str) -> str:
    run = api.create(
        ruby_version=None, workload="mock", local=None, aws=[{"instance_type": instance_type}], workload_options={}
    )
    return str(run["run_id"])


def order_for(run_id: str, **changes: object) -> Order:
    order = an_order(region="us-east-1", run_id=run_id, token=f"t-{run_id}", **changes)
    tags = {**order.tags, "benchfleet": "local", "benchfleet:run": run_id}
    return replace(order, tags=tags, expires_ms=int((time.time() + 3_600) * 1_000))


def places_of(account: Account) -> Places:
    return Places.model_validate(account.places)


def clients_of(account: Account) -> Clients:
    return Clients(lambda service, region: account.client(service))


@pytest.mark.proof
def test_an_instance_does_a_run_s_work_and_ends_itself(account: Account, api: Api) -> None:
    run_id = run_of(api, "c8g.medium")
    machine = Ec2Machines(lambda: places_of(account), clients_of(account)).launch(order_for(run_id))
    run = api.until(f"/runs/{run_id}", lambda run: run["status"] != "running")
    console = account.console(machine.resource_id)
    assert run["status"] == "completed", console
    ended = account.ended(machine.resource_id)
    assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    console = account.console(machine.resource_id)
    assert "ended: the runners found nothing more to do" in console
    assert api.ready.keys.runner not in console
    (task,) = api("GET", f"/runs/{run_id}/tasks").json()["tasks"]
    assert task["runner_id"].startswith("bf-0a1b2c3d-1-")
    streams = account.client("logs").describe_log_streams(logGroupName=account.place["log_group"])["logStreams"]
    assert "bf-0a1b2c3d-1/boot" in [stream["logStreamName"] for stream in streams]


@pytest.mark.proof
def test_an_instance_whose_image_cannot_be_pulled_says_so_and_ends(account: Account, api: Api) -> None:
    account.machines.faults.set(FaultPlan(unpullable=["*/runner@*"]))
    provider = Ec2Machines(lambda: places_of(account), clients_of(account))
    machine = provider.launch(order_for(run_of(api, "c8g.medium")))
    assert "no such line" not in account.said(machine.resource_id, "manifest unknown")
    provider.terminate("us-east-1", [machine.resource_id])
    account.ended(machine.resource_id)


@pytest.mark.proof
def test_a_task_does_a_run_s_work_and_stops(account: Account, api: Api) -> None:
    run_id = run_of(api, "fargate-1vcpu-2gb")
    order = order_for(run_id, instance_type="fargate-1vcpu-2gb")
    task = EcsTasks(lambda: places_of(account), clients_of(account)).launch(order)
    run = api.until(f"/runs/{run_id}", lambda run: run["status"] != "running")
    assert run["status"] == "completed"
    ended = account.stopped(task.resource_id)
    assert (ended["stopCode"], ended["containers"][0]["exitCode"]) == ("EssentialContainerExited", 0)
    (done,) = api("GET", f"/runs/{run_id}/tasks").json()["tasks"]
    assert done["runner_id"].startswith("bf-0a1b2c3d-1-")
