"""What has the tag and is still there: AWS's tagging service names it, the thing's own service says whether it is so.

The tagging service goes on naming what is gone for up to an hour, so its word alone is not taken.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.tags import NAME
from benchfleet.nuke.missing import unless_gone
from benchfleet.nuke.results import BUCKET, TABLE
from benchfleet.nuke.thing import Thing

Client = Any
Delete = Callable[[Client, str], Any]


def stragglers(aws: Aws, stage: str, regions: list[str], *, with_results: bool) -> Iterator[Thing]:
    """`name` is the ARN. Table and bucket only `with_results`."""
    filters = [{"Key": NAME, "Values": [stage]}]
    for region in regions:
        for page in aws.pages("resourcegroupstaggingapi", "get_resources", region=region, TagFilters=filters):
            for arn in (it["ResourceARN"] for it in page["ResourceTagMappingList"]):
                kind = kind_of(arn)
                if (with_results or kind not in (TABLE, BUCKET)) and _is_there(aws, region, arn):
                    yield Thing(kind, arn, region)


def delete_straggler(aws: Aws, thing: Thing) -> bool:
    """False for a kind that only its stack or a person can delete."""
    service, delete = _DELETE.get(thing.kind, ("", None))
    if delete is None:
        return False
    client = aws.client(service, region=thing.region)
    unless_gone(lambda: delete(client, thing.name))
    return True


def kind_of(arn: str) -> str:
    """`arn:aws:ec2:eu-west-1:1:vpc/vpc-1` is a `vpc`; what has no kind in its ARN is called by its service."""
    _, _, service, _, _, rest = arn.split(":", 5)
    if service in _BY_SERVICE:
        return _BY_SERVICE[service]
    return rest.replace(":", "/").strip("/").partition("/")[0]


_BY_SERVICE = {"sqs": "queue", "sns": "topic", "s3": BUCKET}


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _delete_queue(client: Client, arn: str) -> None:
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


_DELETE: Mapping[str, tuple[str, Delete]] = {
    "queue": ("sqs", _delete_queue),
    "topic": ("sns", lambda client, arn: client.delete_topic(TopicArn=arn)),
    "log-group": (
        "logs", lambda client, arn: client.delete_log_group(logGroupName=arn.partition("log-group:")[2].rstrip(":*")),
    ),
    "repository": (
        "ecr", lambda client, arn: client.delete_repository(repositoryName=arn.partition("repository/")[2], force=True),
    ),
    "alarm": ("cloudwatch", lambda client, arn: client.delete_alarms(AlarmNames=[arn.partition(":alarm:")[2]])),
    "task-definition": ("ecs", lambda client, arn: client.deregister_task_definition(taskDefinition=_last(arn))),
    "cluster": ("ecs", lambda client, arn: client.delete_cluster(cluster=_last(arn))),
    "schedule-group": ("scheduler", lambda client, arn: client.delete_schedule_group(Name=_last(arn))),
    "volume": ("ec2", lambda client, arn: client.delete_volume(VolumeId=_last(arn))),
}  # fmt: skip


def _is_there(aws: Aws, region: str, arn: str) -> bool:
    """True for what cannot be asked for one by one."""
    service = arn.split(":")[2]
    if service == "ec2":
        return _ec2_is_there(aws.client("ec2", region=region), arn)
    if service == "ecs":
        return _ecs_is_there(aws.client("ecs", region=region), arn)
    if service == "cloudformation":
        found = unless_gone(lambda: aws.client("cloudformation", region=region).describe_stacks(StackName=arn))
        return found is not None and found["Stacks"][0]["StackStatus"] != "DELETE_COMPLETE"
    if service == "logs":
        name = arn.partition("log-group:")[2].removesuffix(":*")
        groups = aws.client("logs", region=region).describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return any(it["logGroupName"] == name for it in groups)
    if service == "sqs":
        client = aws.client("sqs", region=region)
        return unless_gone(lambda: client.get_queue_url(QueueName=arn.rpartition(":")[2])) is not None
    return True


def _ec2_is_there(client: Client, arn: str) -> bool:
    """An ended instance has its tags for an hour; all else loses them when it goes."""
    if ":instance/" in arn:
        found = unless_gone(lambda: client.describe_instances(InstanceIds=[_last(arn)])) or {"Reservations": []}
        states = [it["State"]["Name"] for one in found["Reservations"] for it in one["Instances"]]
        return any(state != "terminated" for state in states)
    return bool(client.describe_tags(Filters=[{"Name": "resource-id", "Values": [_last(arn)]}])["Tags"])


def _ecs_is_there(client: Client, arn: str) -> bool:
    if ":task-definition/" in arn:
        found = unless_gone(lambda: client.describe_task_definition(taskDefinition=arn))
        return found is not None and found["taskDefinition"]["status"] == "ACTIVE"
    if ":cluster/" in arn:
        return any(it["status"] != "INACTIVE" for it in client.describe_clusters(clusters=[arn])["clusters"])
    if ":task/" in arn:
        cluster = arn.split("/")[1]
        found = unless_gone(lambda: client.describe_tasks(cluster=cluster, tasks=[arn])) or {"tasks": []}
        return any(it["lastStatus"] not in ("STOPPED", "DELETED") for it in found["tasks"])
    return True
