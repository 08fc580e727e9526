"""What ECS refuses of RunTask on Fargate."""

from types import SimpleNamespace
from typing import Any

import pytest

from local_emulator.machines.errors import AwsError
from local_emulator.machines.task_checks import Order, check_order, check_size
from tests.each_case import each_case

WANTED: dict[str, Any] = {
    "cluster": "c", "taskDefinition": "t", "launchType": "FARGATE",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": ["sg-a"]}},
    "overrides": {"containerOverrides": [{"name": "runner", "command": ["x"]}]},
}  # fmt: skip


def definition(**changes: Any) -> Any:
    settled = {"status": "ACTIVE", "requires_compatibilities": ["FARGATE"], "cpu": "1024", "memory": "2048"}
    return SimpleNamespace(container_definitions=[{"name": "runner"}], **{**settled, **changes})


def check(found: Any | None = None, **changes: Any) -> None:
    order = Order.read({**WANTED, **changes})
    there = {"subnet-a", "sg-a"}.__contains__
    check_order(order, found or definition(), has_subnet=there, has_group=there)


def network(**given: Any) -> dict[str, Any]:
    return {"networkConfiguration": {"awsvpcConfiguration": given}}


def test_what_is_right_passes() -> None:
    check()
    check(launchType=None, capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}])


@each_case(
    ("changes", "words"),
    [
        ({"count": 11}, "Count must be between 1 and 10"),
        ({"networkConfiguration": None}, "Network Configuration must be provided"),
        (network(subnets=["subnet-x"]), "InvalidSubnetID.NotFound"),
        (network(subnets=["subnet-a"], securityGroups=["sg-x"]), "InvalidGroup.NotFound"),
        ({"overrides": {"containerOverrides": [{"name": "other"}]}}, "container named other"),
        ({"overrides": {"cpu": "1000"}}, "No Fargate configuration exists for given values: 1000 CPU, 2048 memory"),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}, "both a launch type and capacity"),
        ({"launchType": "EC2"}, "No Container Instances"),
        ({"clientToken": "t" * 65}, "at most 64"),
    ],
)
def test_wrong_parameters(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(AwsError, match=words):
        check(**changes)


@each_case(
    ("found", "words"),
    [
        ({"status": "INACTIVE"}, "inactive"),
        ({"requires_compatibilities": ["EC2"]}, "does not support launch_type FARGATE"),
    ],
)
def test_wrong_definitions(found: dict[str, Any], words: str) -> None:
    with pytest.raises(AwsError, match=words):
        check(definition(**found))


@each_case(("cpu", "memory"), [(256, 512), (256, 2048), (1024, 8192), ("4096", "30720"), (16384, 32768)])
def test_sizes_that_fargate_has(cpu: Any, memory: Any) -> None:
    check_size(cpu, memory)


@each_case(("cpu", "memory"), [(256, 4096), (1024, 1024), (1024, 2500), (8192, 17408), (None, 1), ("x", 1)])
def test_sizes_that_it_has_not(cpu: Any, memory: Any) -> None:
    with pytest.raises(AwsError, match="No Fargate configuration"):
        check_size(cpu, memory)
