"""What ECS refuses of RunTask on Fargate, in its words. Pure: what is there is handed in."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from local_emulator.machines.errors import AwsError
from local_emulator.machines.faults import Market

GIB = 1024
# CPU units → MiB that go with them: AWS, "Amazon ECS task definition parameters for Fargate", task size.
SIZES: Mapping[int, Collection[int]] = {
    256: (512, GIB, 2 * GIB),
    512: range(GIB, 4 * GIB + 1, GIB),
    1024: range(2 * GIB, 8 * GIB + 1, GIB),
    2048: range(4 * GIB, 16 * GIB + 1, GIB),
    4096: range(8 * GIB, 30 * GIB + 1, GIB),
    8192: range(16 * GIB, 60 * GIB + 1, 4 * GIB),
    16384: range(32 * GIB, 120 * GIB + 1, 8 * GIB),
}
MOST_TASKS = 10
MOST_TOKEN_CHARS = 64


@dataclass(frozen=True)
class Order:
    """One RunTask as far as it is checked; `cpu` and `memory` are the task's, overrides applied."""

    cluster: str
    definition: str
    count: int
    market: Market
    subnets: list[str]
    security_groups: list[str]
    overrides: Mapping[str, Any]
    token: str | None

    @classmethod
    def read(cls, wanted: Mapping[str, Any]) -> "Order":
        """Raises AwsError."""
        network = (wanted.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
        providers = [each.get("capacityProvider") for each in wanted.get("capacityProviderStrategy") or []]
        if wanted.get("launchType") and providers:
            message = "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
            raise invalid(message)
        if (not providers and wanted.get("launchType") != "FARGATE") or set(providers) - {"FARGATE", "FARGATE_SPOT"}:
            raise invalid("No Container Instances were found in your cluster.")
        token = wanted.get("clientToken")
        if token and len(token) > MOST_TOKEN_CHARS:
            raise invalid(f"clientToken can have at most {MOST_TOKEN_CHARS} characters.")
        return cls(
            cluster=wanted.get("cluster", "default"),
            definition=wanted.get("taskDefinition", ""),
            count=wanted.get("count", 1),
            market="spot" if providers[:1] == ["FARGATE_SPOT"] else "on-demand",
            subnets=list(network.get("subnets", [])),
            security_groups=list(network.get("securityGroups", [])),
            overrides=wanted.get("overrides") or {},
            token=token,
        )


def check_order(
    order: Order, definition: Any, *, has_subnet: Callable[[str], bool], has_group: Callable[[str], bool]
) -> None:
    """`definition` is moto's task definition. Raises AwsError."""
    if not 1 <= order.count <= MOST_TASKS:
        raise invalid(f"Count must be between 1 and {MOST_TASKS}.")
    if definition.status != "ACTIVE":
        raise AwsError("ClientException", "TaskDefinition is inactive")
    if "FARGATE" not in (definition.requires_compatibilities or []):
        raise invalid("Task definition does not support launch_type FARGATE.")
    _check_network(order, has_subnet, has_group)
    _check_overrides(order, {container["name"] for container in definition.container_definitions})
    check_size(order.overrides.get("cpu") or definition.cpu, order.overrides.get("memory") or definition.memory)


def _check_network(order: Order, has_subnet: Callable[[str], bool], has_group: Callable[[str], bool]) -> None:
    if not order.subnets:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    for subnet in order.subnets:
        if not has_subnet(subnet):
            reason = f"The subnet ID '{subnet}' does not exist (ErrorCode: InvalidSubnetID.NotFound)"
            raise invalid(f"Error retrieving subnet information for {order.subnets}: {reason}")
    for group in order.security_groups:
        if not has_group(group):
            reason = f"The security group '{group}' does not exist (ErrorCode: InvalidGroup.NotFound)"
            raise invalid(f"Error retrieving security group information for {order.security_groups}: {reason}")


def _check_overrides(order: Order, names: Collection[str]) -> None:
    for override in order.overrides.get("containerOverrides", []):
        if (name := override.get("name")) not in names:
            raise invalid(f"Override for container named {name} is not a container in the TaskDefinition.")


def check_size(cpu: Any, memory: Any) -> None:
    """Raises AwsError."""
    try:
        fits = int(memory) in SIZES[int(cpu)]
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        given = f"{cpu} CPU, {memory} memory"
        hint = "See the Amazon ECS documentation for the valid values."
        raise AwsError("ClientException", f"No Fargate configuration exists for given values: {given}. {hint}")


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
