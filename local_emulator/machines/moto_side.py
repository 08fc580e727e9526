"""moto's own objects of EC2, ECS and SSM: the one module of this folder that knows their insides.

Importing it loads moto's EC2, which costs seconds and 60 MB: nothing imports it before a machine is asked for. Callers
hold the endpoint's lock.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.backends import get_backend
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES
from moto.ec2.models.instances import InstanceState, StateReason
from moto.ec2.utils import filter_dict_attribute_mapping
from moto.moto_api import state_manager

from local_emulator import backends
from local_emulator.config import ACCOUNT

STATES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
NEVER = 1_000_000_000  # looks until moto would move a task on by itself: here a task is moved by what it does


def prepare() -> None:
    """Everything that the first requests would load."""
    for service in backends.LATE:
        importlib.import_module(f"moto.{service}.urls")
        get_backend(service)
    filter_dict_attribute_mapping.setdefault("client-token", "client_token")  # which moto keeps and cannot look for
    # Asked of every task, and not set in a VPC without host names: one of a stack, whose setting moto drops.
    NetworkInterface.private_dns_name = ""
    state_manager.set_transition(model_name="ecs::task", transition={"progression": "manual", "times": NEVER})


def backend(service: str, region: str) -> Any:
    return get_backend(service)[ACCOUNT]["aws" if service == "iam" else region]


def type_facts(name: str, *, region: str, zone: str | None = None) -> dict[str, Any] | None:
    """What DescribeInstanceTypes tells of a type that is offered there; None for one that is not."""
    places = INSTANCE_TYPE_OFFERINGS["availability-zone" if zone else "region"].get(region, [])
    offered = any(each["InstanceType"] == name and each["Location"] == (zone or region) for each in places)
    return INSTANCE_TYPES.get(name) if offered else None


def type_exists(name: str) -> bool:
    return name in INSTANCE_TYPES


def zones_with(name: str, *, region: str) -> list[str]:
    places = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, [])
    return sorted(each["Location"] for each in places if each["InstanceType"] == name)


def image_architecture(image_id: str, *, region: str) -> str | None:
    """`x86_64` or `arm64`; None if the region has no such image."""
    image = backend("ec2", region).amis.get(image_id)
    return str(image.architecture) if image else None


def subnet_zone(subnet_id: str, *, region: str) -> str | None:
    try:
        return str(backend("ec2", region).get_subnet(subnet_id).availability_zone)
    except EC2ClientError:
        return None


def instance(instance_id: str, *, region: str) -> Any:
    """Raises moto's InvalidInstanceIdError."""
    return backend("ec2", region).get_instance(instance_id)


def instances(region: str) -> list[Any]:
    return list(backend("ec2", region).all_instances())


def set_state(found: Any, name: str, *, code: str = "", message: str = "") -> None:
    """`code` and `message` are the state's reason. A terminated one gives its volumes and addresses back.

    Its first network interface goes with it, as it came: moto keeps it unless the launch said otherwise.
    """
    if name == "terminated" and found.state != "terminated":
        for interface in list(found.nics.values())[:1]:
            interface.delete_on_termination = True
        found.terminate()
    found._state = InstanceState(name, STATES[name])
    found.state_reason = StateReason(f"{code}: {message}" if message else code, code)
    found._reason = f"{message}" if message else ""


def has_profile(arn: str) -> bool:
    return any(profile.arn == arn for profile in backend("iam", "").instance_profiles.values())


def public_parameter(name: str, *, region: str) -> str | None:
    found = backend("ssm", region).get_parameter(name)
    return str(found.value) if found else None


def task_definition(name: str, *, region: str) -> Any:
    """By family, `family:revision` or ARN. Raises LookupError."""
    try:
        return backend("ecs", region).describe_task_definition(name)
    except Exception as error:  # moto has a class for each way of not finding it
        raise LookupError(name) from error


@contextmanager
def with_memory(definition: Any) -> Iterator[None]:
    """moto adds up the memory of containers; on Fargate the task has it, and a container needs none of its own."""
    bare = [each for each in definition.container_definitions if not {"memory", "memoryReservation"} & set(each)]
    for container in bare:
        container["memory"] = 0
    try:
        yield
    finally:
        for container in bare:
            del container["memory"]


def has_cluster(name: str, *, region: str) -> bool:
    return name.rpartition("/")[2] in backend("ecs", region).clusters


def task(arn: str, *, region: str) -> Any:
    """None if there is none."""
    for tasks in backend("ecs", region).tasks.values():
        for found in tasks.values():
            if arn in (found.task_arn, found.id):
                return found
    return None


def attached(found: Any, name: str) -> list[str]:
    """What the attachments of a task say of this name."""
    details = (detail for attachment in found.attachments for detail in attachment["details"])
    return [str(each["value"]) for each in details if each["name"] == name]


def release_interfaces(found: Any, *, region: str) -> None:
    """The network interfaces of a task that ends, which moto keeps for ever and EC2 deletes."""
    for interface in attached(found, "networkInterfaceId"):
        backend("ec2", region).enis.pop(interface, None)
    for attachment in found.attachments:
        attachment["status"] = "DELETED"


def has_security_group(group_id: str, *, region: str) -> bool:
    return backend("ec2", region).get_security_group_from_id(group_id) is not None


def default_security_group(subnet_id: str, *, region: str) -> str:
    """Of the subnet's network: what a task has that names none."""
    ec2 = backend("ec2", region)
    return str(ec2.get_default_security_group(ec2.get_subnet(subnet_id).vpc_id).id)
