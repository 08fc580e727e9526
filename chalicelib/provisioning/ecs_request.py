"""The request that starts a task on Fargate. Pure; parameters of
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html.
"""

from typing import Any

from benchfleet_contract.places import Place, Places

from chalicelib.domain.launches import LaunchFailed, Order
from chalicelib.provisioning.fargate import Size

CONTAINER = "runner"  # its name in the task definitions
LEAST_DISK_GB = 21  # 20 GB come with every task: more is asked for, and then it is at least 21
MOST_DISK_GB = 200


def run_request(order: Order, place: Place, places: Places, size: Size) -> dict[str, Any]:
    """Raises LaunchFailed for what a task cannot have. The key is a secret of the task definition, not in the request."""
    request: dict[str, Any] = {
        "cluster": place.cluster,
        "taskDefinition": _definition(order, place, size),
        "count": 1,
        "clientToken": order.token,
        "startedBy": order.name,
        "networkConfiguration": {"awsvpcConfiguration": _network(place)},
        "overrides": _overrides(order, places, size),
        "tags": [{"key": key, "value": value} for key, value in order.tags.items()],
    }
    if order.market == "spot":
        return {**request, "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    return {**request, "launchType": "FARGATE"}


def _definition(order: Order, place: Place, size: Size) -> str:
    if order.image is not None:
        words = f"{order.name}: a task of ECS has the image of its definition, not {order.image}"
        raise LaunchFailed("invalid", words, "leave `image` out, or take aws-ec2")
    definition = place.task_definitions.get(size.architecture)
    if definition is None:
        words = f"{order.region} has no task definition for {size.architecture}"
        raise LaunchFailed("invalid", words, "run `benchfleet deploy` again")
    return definition


def _network(place: Place) -> dict[str, Any]:
    """All subnets: ECS itself takes one that has capacity. A public address, for requests that go out."""
    return {"subnets": place.subnets, "securityGroups": [place.security_group], "assignPublicIp": "ENABLED"}


def _overrides(order: Order, places: Places, size: Size) -> dict[str, Any]:
    overrides: dict[str, Any] = {
        "cpu": str(size.cpu_units),
        "memory": str(size.memory_mib),
        "containerOverrides": [
            {
                "name": CONTAINER,
                "command": _command(order, places, size),
                "environment": [{"name": "BENCHFLEET_RUNNER_NAME", "value": order.name}],
            }
        ],
    }
    if order.disk_gb > MOST_DISK_GB:
        words = f"{order.name}: a task of Fargate has at most {MOST_DISK_GB} GB of disk, not {order.disk_gb}"
        raise LaunchFailed("unsupported", words, "take a smaller `disk_gb`, or aws-ec2")
    if order.disk_gb >= LEAST_DISK_GB:
        overrides["ephemeralStorage"] = {"sizeInGiB": order.disk_gb}
    return overrides


def _command(order: Order, places: Places, size: Size) -> list[str]:
    slots = {"core": size.facts.cores, "vcpu": size.facts.vcpus}.get(str(order.slots), order.slots)
    return [
        "--orchestrator-url", places.api_url, "--run-id", order.run_id, "--provider", order.provider,
        "--instance-type", order.instance_type, "--slots", str(slots),
    ]  # fmt: skip
