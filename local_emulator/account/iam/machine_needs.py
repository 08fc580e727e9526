"""Needs of EC2 and ECS.

RunInstances needs its action on everything that it makes or uses, CreateTags for what it tags, and PassRole for the
role in the instance profile: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
"""

import re
from collections.abc import Iterable, Mapping

from local_emulator.account.iam.needs import (
    Finder,
    Need,
    NeedsUnknown,
    World,
    only,
    pass_role,
    request_tags,
    resource_tags,
)
from local_emulator.account.iam.requests import ApiRequest, members
from local_emulator.account.tagging import plain_tags

_ENDS = ("TerminateInstances", "StopInstances", "StartInstances", "RebootInstances")
_TAG = re.compile(r"TagSpecification\.(\d+)\.(?:ResourceType|Tag\.(\d+)\.(Key|Value))\Z")


def ec2(request: ApiRequest, world: World) -> Iterable[Need]:
    operation, given = request.operation, request.parameters
    base = f"arn:aws:ec2:{request.region}:{world.account}"
    if operation.startswith(("Describe", "Get")):
        return only(f"ec2:{operation}")
    if operation == "RunInstances":
        return _run_instances(request, world, base)
    if operation in _ENDS:
        arns = [f"{base}:instance/{each}" for each in members(given, "InstanceId")]
        return [Need(f"ec2:{operation}", (arn,), resource_tags(world.tags(arn), "ec2")) for arn in arns]
    if operation == "CreateTags":
        tags = dict(zip(members_of(given, "Tag", "Key"), members_of(given, "Tag", "Value"), strict=False))
        arns = [_arn_of(base, each) for each in members(given, "ResourceId")]
        return [
            Need("ec2:CreateTags", (arn,), request_tags(tags) | resource_tags(world.tags(arn), "ec2")) for arn in arns
        ]
    raise NeedsUnknown(request)


def _run_instances(request: ApiRequest, world: World, base: str) -> Iterable[Need]:
    given = request.parameters
    tags = tag_specifications(given)
    instance = {
        "ec2:InstanceType": (str(given.get("InstanceType")),),
        "ec2:InstanceMarketType": (str(given.get("InstanceMarketOptions.MarketType", "on-demand")),),
        "ec2:MetadataHttpTokens": (str(given.get("MetadataOptions.HttpTokens", "optional")),),
        "ec2:MetadataHttpPutResponseHopLimit": (str(given.get("MetadataOptions.HttpPutResponseHopLimit", 1)),),
        "ec2:Region": (request.region,),
    }
    profile = given.get("IamInstanceProfile.Arn") or given.get("IamInstanceProfile.Name")
    if given.get("IamInstanceProfile.Arn"):
        instance["ec2:InstanceProfile"] = (str(profile),)
    subnet = given.get("SubnetId") or given.get("NetworkInterface.1.SubnetId")
    groups = [*members(given, "SecurityGroupId"), *members(given, "NetworkInterface.1.SecurityGroupId")]
    used = [(f"{base}:subnet/{subnet}", "subnet")] if subnet else []
    used += [(f"{base}:security-group/{each}", "security-group") for each in groups]
    yield Need("ec2:RunInstances", (f"{base}:instance/*",), instance | request_tags(tags.get("instance", {})))
    image = f"arn:aws:ec2:{request.region}::image/{given.get('ImageId')}"
    yield Need(
        "ec2:RunInstances", (image,), {"ec2:Owner": (world.image_owner(str(given.get("ImageId")), request.region),)}
    )
    yield Need("ec2:RunInstances", (f"{base}:volume/*",), request_tags(tags.get("volume", {})))
    yield Need("ec2:RunInstances", (f"{base}:network-interface/*",), request_tags(tags.get("network-interface", {})))
    for arn, _ in used:
        yield Need("ec2:RunInstances", (arn,), resource_tags(world.tags(arn), "ec2"))
    for kind, wanted in tags.items():
        yield Need(
            "ec2:CreateTags", (f"{base}:{kind}/*",), {"ec2:CreateAction": ("RunInstances",), **request_tags(wanted)}
        )
    if profile:
        yield pass_role(
            world.profile_role(str(profile)) or f"no role in the instance profile {profile}", "ec2.amazonaws.com"
        )


def tag_specifications(given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Kind of resource → its tags, of a form with `TagSpecification.1.ResourceType`, `TagSpecification.1.Tag.1.Key` …"""
    found: dict[str, dict[str, str]] = {}
    for name in given:
        if (match := _TAG.match(name)) and match[3] == "Key":
            prefix = f"TagSpecification.{match[1]}"
            kind = str(given.get(f"{prefix}.ResourceType"))
            found.setdefault(kind, {})[str(given[name])] = str(given.get(f"{prefix}.Tag.{match[2]}.Value", ""))
    return found


def members_of(given: Mapping[str, str], prefix: str, name: str) -> list[str]:
    pattern = re.compile(rf"{prefix}\.(\d+)\.{name}\Z")
    found = [(int(match[1]), str(value)) for key, value in given.items() if (match := pattern.match(key))]
    return [value for _, value in sorted(found)]


def _arn_of(base: str, resource_id: str) -> str:
    kinds = {"i": "instance", "vol": "volume", "eni": "network-interface", "subnet": "subnet", "sg": "security-group"}
    kind = kinds.get(resource_id.partition("-")[0], resource_id.partition("-")[0])
    return f"{base}:{kind}/{resource_id}"


def ecs(request: ApiRequest, world: World) -> Iterable[Need]:
    operation, given = request.operation, request.parameters
    base = f"arn:aws:ecs:{request.region}:{world.account}"
    cluster = str(given.get("cluster") or "default").rpartition("/")[2]
    of_cluster = {"ecs:cluster": (f"{base}:cluster/{cluster}",)}
    if operation == "RunTask":
        return _run_task(request, world, base, cluster)
    if operation in ("DescribeTasks", "StopTask"):
        tasks = given.get("tasks") or [given.get("task")]
        arns = [each if str(each).startswith("arn:") else f"{base}:task/{cluster}/{each}" for each in tasks]
        return [Need(f"ecs:{operation}", (arn,), of_cluster | resource_tags(world.tags(arn), "ecs")) for arn in arns]
    if operation == "ListTasks":
        return [Need("ecs:ListTasks", (f"{base}:container-instance/{cluster}/*",), of_cluster)]
    if operation == "DescribeClusters":
        return only("ecs:DescribeClusters", f"{base}:cluster/{cluster}")
    if operation in ("DescribeTaskDefinition", "ListTaskDefinitions", "ListClusters"):
        return only(f"ecs:{operation}")
    raise NeedsUnknown(request)


def _run_task(request: ApiRequest, world: World, base: str, cluster: str) -> Iterable[Need]:
    given = request.parameters
    definition = str(given.get("taskDefinition"))
    arn = definition if definition.startswith("arn:") else f"{base}:task-definition/{definition}"
    tags = plain_tags(given.get("tags"))
    of_cluster = {"ecs:cluster": (f"{base}:cluster/{cluster}",)}
    yield Need("ecs:RunTask", (arn,), of_cluster | request_tags(tags) | resource_tags(world.tags(arn), "ecs"))
    if tags:
        context = {"ecs:CreateAction": ("RunTask",), **request_tags(tags), **of_cluster}
        yield Need("ecs:TagResource", (f"{base}:task/{cluster}/*",), context)
    overrides = given.get("overrides") or {}
    overridden = [overrides[name] for name in ("taskRoleArn", "executionRoleArn") if overrides.get(name)]
    for role in dict.fromkeys([*world.task_roles(definition, request.region), *overridden]):
        yield pass_role(role, "ecs-tasks.amazonaws.com")


FINDERS: Mapping[str, Finder] = {"ec2": ec2, "ecs": ecs}
