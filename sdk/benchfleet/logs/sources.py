"""Where logs are: groups of CloudWatch Logs in the regions of a stage, and the consoles of instances."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchfleet.deploy import places
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.project import function_name
from benchfleet.deploy.tags import NAME
from benchfleet.nuke.machines import TASK, Machines
from benchfleet.nuke.tagged import LAUNCH

FUNCTIONS = ("api_handler", "sweep", "finalize", "count", "provision", "scheduled_run", "schedules")
_TASKS = "ecs/runner/"  # the prefix and the container's name of the task definitions


@dataclass(frozen=True)
class Group:
    """`label` is what lines are marked with; None: with their stream. `streams`: only those whose names begin so."""

    name: str
    region: str
    label: str | None = None
    streams: str | None = None


def function_groups(aws: Aws, stage: str, function: str | None) -> list[Group]:
    chosen = [function] if function else FUNCTIONS
    return [Group(f"/aws/lambda/{function_name(stage, it)}", aws.region, it) for it in chosen]


def machine_groups(aws: Aws, stage: str) -> list[Group]:
    """Of runners on instances and in tasks: one group in each region in which machines can be."""
    told = places.read(aws, stage)
    found = {region: place.log_group for region, place in told.regions.items()} if told else {}
    return [Group(name, region) for region, name in found.items() if name]


def streams_of(aws: Aws, stage: str, groups: list[Group], launch: str) -> list[Group]:
    """Of one launch: an instance's streams have its name, a task's have the task's id."""
    found = [replace(group, streams=f"{launch}/") for group in groups]
    for group in groups:
        tasks = [it for it in Machines(aws, stage).find([group.region]) if it.tags.get(LAUNCH) == launch]
        found += [
            replace(group, streams=f"{_TASKS}{it.resource_id.rpartition('/')[2]}") for it in tasks if it.kind == TASK
        ]
    return found


def instances(aws: Aws, stage: str, regions: list[str], launch: str) -> Iterator[tuple[str, str]]:
    """Id and region of the instances of this launch; ended ones, too, while EC2 tells of them."""
    filters = [
        {"Name": f"tag:{NAME}", "Values": [stage]},
        {"Name": f"tag:{LAUNCH}", "Values": [launch]},
    ]
    for region in regions:
        for page in aws.pages("ec2", "describe_instances", region=region, Filters=filters):
            yield from ((it["InstanceId"], region) for one in page["Reservations"] for it in one["Instances"])
