"""EC2 and ECS beyond the suite of every cloud: zones, repeats, refusals, pages, as they are on the wire."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.launches import LaunchFailed, Order
from chalicelib.provisioning.clients import Clients
from chalicelib.provisioning.ec2 import Ec2Machines
from chalicelib.provisioning.ecs import EcsTasks
from tests.aws_places import REGION, SUBNETS, some_places
from tests.contract.providers import an_order
from tests.integration.aws_wire import Aws, serving

FULL = ("InsufficientInstanceCapacity", "We currently do not have sufficient capacity in the zone you requested.")
ORDER = an_order()
TASK = replace(ORDER, instance_type="fargate-1vcpu-2gb")


@pytest.fixture(scope="module")
def clients_and_aws() -> Iterator[tuple[Clients, Aws]]:
    aws = Aws()
    with serving(aws) as clients:
        yield clients, aws


@pytest.fixture
def aws(clients_and_aws: tuple[Clients, Aws]) -> Aws:
    clients_and_aws[1].reset()
    return clients_and_aws[1]


@pytest.fixture
def clients(clients_and_aws: tuple[Clients, Aws]) -> Clients:
    return clients_and_aws[0]


@pytest.fixture
def ec2(aws: Aws, clients: Clients) -> Ec2Machines:
    return Ec2Machines(some_places, clients)


@pytest.fixture
def ecs(aws: Aws, clients: Clients) -> EcsTasks:
    return EcsTasks(some_places, clients)


def refused(provider: Ec2Machines | EcsTasks, order: Order) -> LaunchFailed:
    with pytest.raises(LaunchFailed) as caught:
        provider.launch(order)
    return caught.value


def test_a_zone_without_room_is_followed_by_the_next(ec2: Ec2Machines, aws: Aws) -> None:
    aws.refuse("RunInstances", *FULL, status=500, subnet=SUBNETS[0])
    words = "Your requested instance type (c8g.medium) is not supported in your requested Availability Zone"
    aws.refuse("RunInstances", "Unsupported", words, subnet=SUBNETS[1])
    assert ec2.launch(ORDER).zone == f"{REGION}c"
    assert [each["NetworkInterface.1.SubnetId"] for each in aws.asked("RunInstances")] == SUBNETS


def test_a_launch_repeated_when_the_first_zone_has_room_again_brings_no_second_machine(
    ec2: Ec2Machines, aws: Aws
) -> None:
    aws.refuse("RunInstances", *FULL, subnet=SUBNETS[0], times=1)
    first = ec2.launch(ORDER)
    assert ec2.launch(ORDER).resource_id == first.resource_id
    assert len(aws.instances) == 1


def test_a_machine_that_cannot_be_seen_yet_is_not_launched_twice(ec2: Ec2Machines, aws: Aws) -> None:
    """Right after a launch EC2 may not show the instance; and a new machine image makes the request another one."""
    first = ec2.launch(ORDER)
    aws.instances[first.resource_id]["token"] = "not yet to be seen"
    assert ec2.launch(ORDER).resource_id == first.resource_id
    aws.parameters = dict.fromkeys(aws.parameters, "ami-newer")
    failed = refused(Ec2Machines(some_places, ec2._clients), ORDER)
    assert failed.code == "unknown"  # asked again
    assert len(aws.instances) == 1


def test_no_room_in_any_zone_is_capacity_even_if_one_has_no_such_type(ec2: Ec2Machines, aws: Aws) -> None:
    aws.refuse("RunInstances", "Unsupported", "not supported in your requested Availability Zone", subnet=SUBNETS[2])
    aws.refuse("RunInstances", *FULL)
    failed = refused(ec2, ORDER)
    assert failed.code == "capacity"
    assert failed.try_elsewhere
    assert aws.instances == {}


def test_a_type_that_no_zone_has_is_unsupported(ec2: Ec2Machines, aws: Aws) -> None:
    aws.refuse("RunInstances", "Unsupported", "not supported in your requested Availability Zone")
    assert refused(ec2, ORDER).code == "unsupported"


@pytest.mark.parametrize(
    ("code", "ours"),
    [("VcpuLimitExceeded", "quota"), ("UnauthorizedOperation", "permission"), ("ExpiredToken", "credentials"),
     ("RequestLimitExceeded", "network"), ("InvalidSubnetID.NotFound", "invalid")],
)  # fmt: skip
def test_what_no_other_zone_mends_is_told_at_once(ec2: Ec2Machines, aws: Aws, code: str, ours: str) -> None:
    aws.refuse("RunInstances", code, "no")
    assert refused(ec2, ORDER).code == ours
    assert len(aws.asked("RunInstances")) == 1


def test_a_wrong_clock_is_seen_by_the_date_of_the_answer(ec2: Ec2Machines, aws: Aws) -> None:
    aws.refuse("DescribeInstanceTypes", "AuthFailure", "AWS was not able to validate the provided access credentials")
    aws.refuse("RunInstances", "RequestExpired", "Request has expired.")
    aws.date = "Fri, 01 Jan 1999 00:00:00 GMT"
    assert refused(ec2, ORDER).code == "credentials"
    aws.refusals.pop(0)
    failed = refused(ec2, ORDER)
    assert failed.code == "credentials"
    assert "ahead of AWS's" in failed.words


def test_the_image_is_that_of_the_types_architecture_and_a_withdrawn_one_is_forgotten(
    ec2: Ec2Machines, aws: Aws
) -> None:
    ec2.launch(ORDER)
    ec2.launch(replace(ORDER, instance_type="m7i.xlarge", token="x"))
    assert [each["ImageId"] for each in aws.asked("RunInstances")] == ["ami-arm64", "ami-x8664"]
    aws.refuse("RunInstances", "InvalidAMIID.NotFound", "The image id '[ami-arm64]' does not exist", times=1)
    assert refused(ec2, replace(ORDER, token="y")).code == "image"
    aws.parameters = dict.fromkeys(aws.parameters, "ami-newer")
    ec2.launch(replace(ORDER, token="y"))
    assert aws.asked("RunInstances")[-1]["ImageId"] == "ami-newer"


def test_a_mac_is_no_type_for_linux(ec2: Ec2Machines) -> None:
    assert ec2.facts(REGION, ["mac2.metal"]) == {}
    assert refused(ec2, replace(ORDER, instance_type="mac2.metal")).code == "unsupported"


def test_facts_are_asked_for_once(ec2: Ec2Machines, aws: Aws) -> None:
    for _ in range(2):
        assert ec2.facts(REGION, ["c8g.medium", "m7i.xlarge"]).keys() == {"c8g.medium", "m7i.xlarge"}
    assert len(aws.asked("DescribeInstanceTypes")) == 1


def test_a_launch_that_is_not_permitted_is_the_first_thing_asked_and_nothing_is_started(
    ec2: Ec2Machines, aws: Aws
) -> None:
    aws.refuse("RunInstances", "UnauthorizedOperation", "is not authorized to perform: ec2:RunInstances", status=403)
    failed = refused(ec2, ORDER)
    assert (failed.code, failed.remedy.startswith("allow ec2:RunInstances")) == ("permission", True)
    assert (len(aws.asked("RunInstances")), aws.instances) == (1, {})


def test_many_instances_come_in_pages_and_those_of_others_are_left_alone(ec2: Ec2Machines, aws: Aws) -> None:
    names = {ec2.launch(replace(ORDER, token=str(n))).resource_id for n in range(5)}
    stranger = ec2.launch(replace(ORDER, token="s", tags={**ORDER.tags, "benchfleet": "prod"})).resource_id
    assert ec2.describe(REGION, sorted(names)).keys() == names
    assert {each.resource_id for each in ec2.tagged(REGION)} == names
    assert stranger not in names


def test_an_instance_that_is_gone_does_not_keep_others_from_ending(ec2: Ec2Machines, aws: Aws) -> None:
    machine = ec2.launch(ORDER)
    ec2.terminate(REGION, ["i-0123456789abcdef0", machine.resource_id, "i-0123456789abcdef1"])
    assert aws.instances[machine.resource_id]["state"] == "shutting-down"


def test_an_instance_that_may_not_be_ended_is_told(ec2: Ec2Machines, aws: Aws) -> None:
    aws.refuse("TerminateInstances", "UnauthorizedOperation", "is not authorized to perform: ec2:TerminateInstances")
    with pytest.raises(LaunchFailed) as caught:
        ec2.terminate(REGION, ["i-1"])
    assert caught.value.code == "permission"


def test_a_region_that_cannot_be_reached_is_the_network(aws: Aws) -> None:
    from tests.integration.aws_wire import clients_at

    failed = refused(Ec2Machines(some_places, clients_at("http://127.0.0.1:9")), ORDER)
    assert failed.code == "network"
    assert REGION in failed.words


def test_a_task_that_run_task_does_not_place_is_told_by_its_reason(ecs: EcsTasks, aws: Aws) -> None:
    words = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
    aws.refuse("RunTask", "", status=200, more={"tasks": [], "failures": [{"reason": words}]})
    assert refused(ecs, TASK).code == "capacity"


def test_a_token_with_another_definition_since_a_deployment_finds_its_task(
    ecs: EcsTasks, aws: Aws, clients: Clients
) -> None:
    first = ecs.launch(TASK)
    places = some_places()
    places.regions[REGION].task_definitions["x86_64"] = "arn:aws:ecs:x:task-definition/x86:2"
    assert EcsTasks(lambda: places, clients).launch(TASK).resource_id == first.resource_id
    assert len(aws.tasks) == 1


@pytest.mark.parametrize(
    ("code", "message", "ours"),
    [("AccessDeniedException", "is not authorized to perform: ecs:RunTask", "permission"),
     ("ClientException", "TaskDefinition is inactive", "invalid"), ("BlockedException", "", "permission"),
     ("ClusterNotFoundException", "Cluster not found.", "invalid"), ("ServerException", "", "unknown")],
)  # fmt: skip
def test_what_ecs_refuses_is_told(ecs: EcsTasks, aws: Aws, code: str, message: str, ours: str) -> None:
    aws.refuse("RunTask", code, message)
    assert refused(ecs, TASK).code == ours


def test_many_tasks_come_in_pages_and_those_of_others_are_left_alone(ecs: EcsTasks, aws: Aws) -> None:
    names = {ecs.launch(replace(TASK, token=str(n))).resource_id for n in range(5)}
    ecs.launch(replace(TASK, token="s", tags={**TASK.tags, "benchfleet": "prod"}))
    over = ecs.launch(replace(TASK, token="o")).resource_id
    aws.tasks[over].update(lastStatus="STOPPED", desiredStatus="STOPPED")
    assert {each.resource_id for each in ecs.tagged(REGION)} == names
    ecs.terminate(REGION, sorted(names)[:1])
    assert {each.resource_id for each in ecs.tagged(REGION)} == names  # it is told to stop, and has not yet


def test_where_the_stage_has_no_place_any_more_its_tasks_are_still_found_and_ended(
    ecs: EcsTasks, aws: Aws, clients: Clients
) -> None:
    arn = ecs.launch(TASK).resource_id
    nowhere = some_places().model_copy(update={"regions": {}})
    later = EcsTasks(lambda: nowhere, clients)
    assert [each.resource_id for each in later.tagged(REGION)] == [arn]
    later.terminate(REGION, [arn])
    assert later.describe(REGION, [arn])[arn].state == "ending"


def test_a_cluster_that_is_gone_has_no_tasks(ecs: EcsTasks, aws: Aws) -> None:
    arn = ecs.launch(TASK).resource_id
    for action in ("ListTasks", "DescribeTasks", "StopTask"):
        aws.refuse(action, "ClusterNotFoundException", "Cluster not found.")
    assert ecs.tagged(REGION) == []
    assert ecs.describe(REGION, [arn]) == {}
    ecs.terminate(REGION, [arn])


def test_a_task_that_may_not_be_stopped_is_told(ecs: EcsTasks, aws: Aws) -> None:
    aws.refuse("StopTask", "AccessDeniedException", "is not authorized to perform: ecs:StopTask")
    with pytest.raises(LaunchFailed) as caught:
        ecs.terminate(REGION, ["arn:aws:ecs:eu-north-1:123456789012:task/benchfleet-dev/1"])
    assert caught.value.code == "permission"
