"""The emulator's EC2: what it refuses, and instances that execute their user-data."""

import gzip
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_emulator.machines.faults import Capacity, FaultPlan
from tests.machine_calls import Account, eventually, is_alive

pytestmark = pytest.mark.system

STAY = "#!/bin/bash\necho up $$\nsleep 600\n"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_the_same_token_is_the_same_instance_as_it_is_now(account: Account) -> None:
    first = account.start(ClientToken="once")
    assert first["State"]["Name"] == "pending"
    account.ec2.terminate_instances(InstanceIds=[first["InstanceId"]])
    account.ended(first["InstanceId"])
    again = account.start(ClientToken="once")
    assert (again["InstanceId"], again["State"]["Name"]) == (first["InstanceId"], "terminated")
    with pytest.raises(ClientError) as caught:
        account.start(ClientToken="once", InstanceType="c8g.large")
    assert code_of(caught) == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"InstanceType": "c99z.large"}, "InvalidParameterValue"),
        ({"InstanceType": "c7a.medium"}, "InvalidParameterValue"),  # the image is for arm64
        ({"ImageId": "ami-00000000000000000"}, "InvalidAMIID.NotFound"),
        ({"UserData": "x" * 16_385}, "InvalidParameterValue"),
        ({"SubnetId": "subnet-nope"}, "InvalidSubnetID.NotFound"),
        ({"SecurityGroupIds": ["sg-nope"]}, "InvalidGroup.NotFound"),
        ({"IamInstanceProfile": {"Name": "nobody"}}, "InvalidParameterValue"),
    ],
)
def test_refusals_and_nothing_is_left_of_them(account: Account, changes: dict[str, Any], code: str) -> None:
    before = len(account.ec2.describe_instances()["Reservations"])
    with pytest.raises(ClientError) as caught:
        account.start(ClientToken="new", **changes)
    assert code_of(caught) == code
    assert len(account.ec2.describe_instances()["Reservations"]) == before


def test_a_type_that_the_zone_has_not(account: Account) -> None:
    with pytest.raises(ClientError) as caught:
        account.start(SubnetId=account.place["subnets"][4])  # us-east-1e has no c8g
    assert code_of(caught) == "Unsupported"


def test_capacity_and_quota_on_demand(account: Account) -> None:
    account.machines.faults.set(FaultPlan(capacity=[Capacity(zone="us-east-1a")]))
    with pytest.raises(ClientError) as caught:
        account.start(ClientToken="capacity")
    assert code_of(caught) == "InsufficientInstanceCapacity"
    elsewhere = account.start(ClientToken="capacity", SubnetId=account.place["subnets"][1])
    account.machines.faults.set(FaultPlan(vcpus={"on-demand": 0}))
    with pytest.raises(ClientError) as caught:
        account.start()
    assert code_of(caught) == "VcpuLimitExceeded"
    account.ec2.terminate_instances(InstanceIds=[elsewhere["InstanceId"]])


def test_an_instance_executes_its_script_and_ends_itself(account: Account) -> None:
    script = """#!/bin/bash
        token=$(curl -sf -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
        curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/tags/instance/benchfleet:run
        echo
        curl -s -o /dev/null -w '%{http_code}\\n' http://169.254.169.254/latest/meta-data/instance-id
        dnf install -y dockr
        shutdown -h now
        sleep 600"""
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "benchfleet:run", "Value": "run-7"}]}]
    started = account.start(script, TagSpecifications=tags)
    ended = account.ended(started["InstanceId"])
    assert ended["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    assert account.console(started["InstanceId"]).splitlines()[:4] == [
        "run-7",
        "401",
        "No match for argument: dockr",
        "Error: Unable to find a match: dockr",
    ]


def test_nothing_is_left_when_it_is_terminated(account: Account) -> None:
    """Not even a child that left its session and ignores SIGTERM; and one that does not ignore it is asked first."""
    script = """#!/bin/bash
        setsid bash -c 'trap "" TERM; echo stubborn $BASHPID; while :; do sleep 0.1; done' &
        trap 'echo asked' TERM
        echo up $$
        while :; do sleep 0.1; done"""
    instance = account.start(script)["InstanceId"]
    account.said(instance, "up ")
    pids = [int(pid) for pid in re.findall(r"(?:up|stubborn) (\d+)", account.said(instance, "stubborn "))]
    assert len(pids) == 2
    assert all(map(is_alive, pids))
    reply = account.ec2.terminate_instances(InstanceIds=[instance])["TerminatingInstances"][0]
    assert (reply["PreviousState"]["Name"], reply["CurrentState"]["Name"]) == ("running", "shutting-down")
    states: list[str] = []

    def is_over() -> bool:
        states.append(account.state(instance))
        return states[-1] != "shutting-down"

    eventually(is_over)
    assert states[-1] == "terminated"
    assert not any(map(is_alive, pids))
    assert "asked" in account.console(instance)
    reply = account.ec2.terminate_instances(InstanceIds=[instance])["TerminatingInstances"][0]
    assert reply["CurrentState"]["Name"] == "terminated"


@pytest.mark.proof
def test_a_script_that_ends_leaves_the_instance_running_until_the_armed_end(account: Account) -> None:
    instance = account.start("#!/bin/bash\nshutdown -h +2\nfalse\n")["InstanceId"]  # two seconds here
    assert "Failed running" in account.said(instance, "cloud-init: finished")
    assert account.state(instance) == "running"
    assert account.ended(instance)["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"


@pytest.mark.proof
def test_an_instance_whose_shutdown_stops_it(account: Account) -> None:
    instance = account.start("#!/bin/bash\nshutdown -h now\n", InstanceInitiatedShutdownBehavior="stop")["InstanceId"]
    account.ended(instance, state="stopped")
    account.ec2.terminate_instances(InstanceIds=[instance])
    assert account.state(instance) == "terminated"


@pytest.mark.proof
def test_gzip_is_unpacked_and_what_is_no_script_is_not_executed(account: Account) -> None:
    packed = account.start(gzip.compress(b"#!/bin/bash\necho unpacked\n"))["InstanceId"]  # type: ignore[arg-type]
    plain = account.start("echo never\n")["InstanceId"]
    account.said(packed, "unpacked")
    assert "never" not in account.said(plain, "Unhandled non-multipart")
    account.ec2.terminate_instances(InstanceIds=[packed, plain])


def test_an_instance_that_never_boots(account: Account) -> None:
    account.machines.faults.set(FaultPlan(never_boot=1))
    instance = account.start(STAY)["InstanceId"]
    eventually(lambda: account.state(instance) == "running")
    assert "up" not in account.said(instance, "finished")
    account.ec2.terminate_instances(InstanceIds=[instance])


@pytest.mark.proof
def test_a_spot_instance_gets_a_notice_and_is_taken_back(account: Account) -> None:
    script = """#!/bin/bash
        ask() { curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/$1; }
        token=$(curl -sf -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
        ask instance-life-cycle
        until ask spot/instance-action; do sleep 0.1; done
        sleep 600"""
    market = {"MarketType": "spot", "SpotOptions": {"SpotInstanceType": "one-time"}}
    instance = account.start(script, InstanceMarketOptions=market)["InstanceId"]
    account.said(instance, "spot")
    assert account.show(instance)["InstanceLifecycle"] == "spot"
    account.machines.interrupt(instance)
    assert '"action": "terminate"' in account.said(instance, "action")
    assert account.ended(instance)["StateReason"]["Code"] == "Server.SpotInstanceTermination"
