"""The emulator's ECS: what it refuses, and tasks that run the runner."""

import pytest
from botocore.exceptions import ClientError

from local_emulator.machines.faults import Capacity, FaultPlan
from tests.machine_calls import Account, eventually

pytestmark = pytest.mark.system

NOBODY = ("--provider", "nowhere", "--instance-type", "none")


def command(*words: str) -> dict[str, object]:
    return {"overrides": {"containerOverrides": [{"name": "runner", "command": list(words)}]}}


def test_a_task_runs_its_container_and_tells_how_it_ended(account: Account) -> None:
    """The runner refuses what it is told; that it read its key from the parameter shows in what it lacks."""
    (task,) = account.run_task(**command("--provider", "aws"))["tasks"]
    assert task["lastStatus"] == "PROVISIONING"
    ended = account.stopped(task["taskArn"])
    assert (ended["stopCode"], ended["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert ended["containers"][0]["exitCode"] == 1
    assert ended["desiredStatus"] == "STOPPED"
    assert [each["status"] for each in ended["attachments"]] == ["DELETED"]
    gone = next(it["value"] for it in ended["attachments"][0]["details"] if it["name"] == "networkInterfaceId")
    interfaces = account.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert gone not in [each["NetworkInterfaceId"] for each in interfaces]


def test_the_same_token_is_the_same_task(account: Account) -> None:
    (first,) = account.run_task(clientToken="once", **command("--help"))["tasks"]
    (again,) = account.run_task(clientToken="once", **command("--help"))["tasks"]
    assert again["taskArn"] == first["taskArn"]
    with pytest.raises(account.ecs.exceptions.ConflictException) as caught:
        account.run_task(clientToken="once", **command("--version"))
    assert caught.value.response["resourceIds"] == [first["taskArn"]]
    assert account.stopped(first["taskArn"])["containers"][0]["exitCode"] == 0


def test_a_task_is_stopped_by_its_user(account: Account) -> None:
    url = account.places["api_url"]
    (task,) = account.run_task(**command("--orchestrator-url", url, "--no-exit", *NOBODY))["tasks"]
    arn = task["taskArn"]
    account.ecs.stop_task(cluster=account.place["cluster"], task=arn, reason="enough")
    ended = account.stopped(arn)
    assert (ended["stopCode"], ended["stoppedReason"]) == ("UserInitiated", "enough")


def test_an_image_that_cannot_be_pulled(account: Account) -> None:
    account.machines.faults.set(FaultPlan(unpullable=["*"]))
    (task,) = account.run_task()["tasks"]
    ended = account.stopped(task["taskArn"])
    assert ended["stopCode"] == "TaskFailedToStart"
    assert ended["stoppedReason"].startswith("CannotPullContainerError")


@pytest.mark.proof
def test_no_capacity_is_a_failure_in_the_answer_unless_another_zone_has_some(account: Account) -> None:
    account.machines.faults.set(FaultPlan(capacity=[Capacity(instance_type="fargate", zone="us-east-1a")]))
    network = {"awsvpcConfiguration": {"subnets": account.place["subnets"][:2]}}
    (task,) = account.run_task(networkConfiguration=network, **command("--help"))["tasks"]
    assert task["availabilityZone"] == "us-east-1b"
    reply = account.run_task(**command("--help"))
    assert reply["tasks"] == []
    assert reply["failures"][0]["reason"].startswith("Capacity is unavailable at this time")
    account.stopped(task["taskArn"])


@pytest.mark.proof
def test_a_spot_task_is_interrupted(account: Account) -> None:
    (task,) = account.run_task(
        launchType="FARGATE", **command("--orchestrator-url", account.places["api_url"], "--no-exit", *NOBODY)
    )["tasks"]
    eventually(lambda: account.task(task["taskArn"])["lastStatus"] == "RUNNING")
    account.machines.interrupt(task["taskArn"])
    assert account.stopped(task["taskArn"])["stopCode"] == "SpotInterruption"


def test_refusals(account: Account) -> None:
    with pytest.raises(ClientError, match="ClusterNotFoundException"):
        account.run_task(cluster="nope")
    with pytest.raises(ClientError, match="TaskDefinition not found"):
        account.run_task(taskDefinition="nope:1")
    with pytest.raises(ClientError, match="container named other"):
        account.run_task(overrides={"containerOverrides": [{"name": "other"}]})
    with pytest.raises(ClientError, match="not found"):
        account.ecs.stop_task(cluster=account.place["cluster"], task="0" * 32)
