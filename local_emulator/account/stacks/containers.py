"""Clusters, task definitions, repositories and log groups of templates: moto drops their roles, sizes, tags and times."""

from collections.abc import Mapping
from typing import Any

from local_emulator.account.clients import tags_of
from local_emulator.account.stacks.kinds import Client, Kind, Made, Properties, Unmakeable

_WHOLE = {
    "StopTimeout",
    "ContainerPort",
    "HostPort",
    "SizeInGiB",
    "Weight",
    "Base",
    "SoftLimit",
    "HardLimit",
    "Interval",
}
_MAPS = {"Options", "DockerLabels"}  # whose keys are the user's own
_FLAGS = {"Essential", "ReadonlyRootFilesystem", "Privileged", "InitProcessEnabled"}


def lower(given: Any, name: str = "") -> Any:
    """A template's words as ECS's API writes them: names in lower case, numbers and flags as such."""
    if isinstance(given, Mapping):
        if name in _MAPS:
            return {key: str(value) for key, value in given.items()}
        return {key[0].lower() + key[1:]: lower(value, key) for key, value in given.items()}
    if isinstance(given, list):
        return [lower(each, name) for each in given]
    if name in _FLAGS:
        return str(given).lower() == "true"
    return int(given) if name in _WHOLE else given


def _tags(properties: Properties) -> list[dict[str, str]]:
    return [{"key": tag["Key"], "value": tag["Value"]} for tag in tags_of(properties)]


_DEFINITION = {
    "Family", "RequiresCompatibilities", "NetworkMode", "Cpu", "Memory", "RuntimePlatform", "ExecutionRoleArn",
    "TaskRoleArn", "ContainerDefinitions", "EphemeralStorage", "Volumes", "Tags",
}  # fmt: skip


def _definition(client: Client, name: str, properties: Properties) -> Made:
    wanted = {key: value for key, value in properties.items() if key != "Tags"}
    wanted |= {key: str(wanted[key]) for key in ("Cpu", "Memory") if key in wanted}
    made = client("ecs").register_task_definition(**lower(wanted), tags=_tags(properties))["taskDefinition"]
    return Made(made["taskDefinitionArn"], {"TaskDefinitionArn": made["taskDefinitionArn"]})


def _new_revision(client: Client, made: Made, properties: Properties) -> Made:
    new = _definition(client, "", properties)
    client("ecs").deregister_task_definition(taskDefinition=made.id)
    return new


def _cluster(client: Client, name: str, properties: Properties) -> Made:
    wanted = lower({key: value for key, value in properties.items() if key in ("CapacityProviders", "Configuration")})
    if "ClusterSettings" in properties:
        wanted["settings"] = lower(properties["ClusterSettings"])
    made = client("ecs").create_cluster(clusterName=name, tags=_tags(properties), **wanted)["cluster"]
    return Made(name, {"Arn": made["clusterArn"]})


_REPOSITORY = {
    "RepositoryName", "ImageScanningConfiguration", "ImageTagMutability", "EncryptionConfiguration", "EmptyOnDelete",
    "LifecyclePolicy", "RepositoryPolicyText", "Tags",
}  # fmt: skip


def _repository(client: Client, name: str, properties: Properties) -> Made:
    wanted: dict[str, Any] = {}
    if scan := properties.get("ImageScanningConfiguration"):
        wanted["imageScanningConfiguration"] = {"scanOnPush": str(scan["ScanOnPush"]).lower() == "true"}
    if encryption := properties.get("EncryptionConfiguration"):
        wanted["encryptionConfiguration"] = lower(encryption)
    wanted["imageTagMutability"] = properties.get("ImageTagMutability", "MUTABLE")
    ecr = client("ecr")
    made = ecr.create_repository(repositoryName=name, tags=tags_of(properties), **wanted)["repository"]
    found = Made(name, {"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]})
    return _update_repository(client, found, properties)


def _update_repository(client: Client, made: Made, properties: Properties) -> Made:
    policy = (properties.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
    if policy:
        client("ecr").put_lifecycle_policy(repositoryName=made.id, lifecyclePolicyText=policy)
    return made


def _end_repository(client: Client, made: Made, properties: Properties) -> None:
    force = str(properties.get("EmptyOnDelete")).lower() == "true"
    client("ecr").delete_repository(repositoryName=made.id, force=force)


def _group(client: Client, name: str, properties: Properties) -> Made:
    logs = client("logs")
    found = [each["logGroupName"] for each in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]]
    if name in found:
        raise Unmakeable(f"{name} already exists")
    logs.create_log_group(logGroupName=name, tags={tag["Key"]: tag["Value"] for tag in tags_of(properties)})
    return _update_group(client, Made(name), properties)


def _update_group(client: Client, made: Made, properties: Properties) -> Made:
    logs = client("logs")
    if "RetentionInDays" in properties:
        logs.put_retention_policy(logGroupName=made.id, retentionInDays=int(properties["RetentionInDays"]))
    groups = logs.describe_log_groups(logGroupNamePrefix=made.id)["logGroups"]
    (arn,) = [each["arn"] for each in groups if each["logGroupName"] == made.id]
    return Made(made.id, {"Arn": arn})


CONTAINERS: tuple[Kind, ...] = (
    Kind(
        "AWS::ECS::TaskDefinition", frozenset(_DEFINITION), _definition, update=_new_revision,
        end=lambda client, made, _: client("ecs").deregister_task_definition(taskDefinition=made.id),
    ),
    Kind(
        "AWS::ECS::Cluster", frozenset({"ClusterName", "ClusterSettings", "CapacityProviders", "Configuration", "Tags"}),
        _cluster, name="ClusterName", update=lambda client, made, _: made,
        end=lambda client, made, _: client("ecs").delete_cluster(cluster=made.id),
    ),
    Kind(
        "AWS::ECR::Repository", frozenset(_REPOSITORY), _repository, name="RepositoryName", update=_update_repository,
        end=_end_repository,
    ),
    Kind(
        "AWS::Logs::LogGroup", frozenset({"LogGroupName", "RetentionInDays", "Tags"}), _group, name="LogGroupName",
        update=_update_group, end=lambda client, made, _: client("logs").delete_log_group(logGroupName=made.id),
    ),
)  # fmt: skip
