"""Schedules of EventBridge Scheduler: they are in the stage's own group."""

from collections.abc import Iterator

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.wanted import main_name
from benchfleet.nuke.missing import unless_gone
from benchfleet.nuke.tagged import is_ours
from benchfleet.nuke.thing import Thing


def schedules(aws: Aws, stage: str) -> Iterator[Thing]:
    """A schedule has no tags: its group has the stage's."""
    client, group = aws.client("scheduler"), main_name(stage)
    found = unless_gone(lambda: client.get_schedule_group(Name=group))
    if found is None or found.get("State") == "DELETING":
        return
    if not is_ours(client.list_tags_for_resource(ResourceArn=found["Arn"]).get("Tags"), stage):
        return
    for page in aws.pages("scheduler", "list_schedules", GroupName=group):
        yield from (Thing("schedule", it["Name"], aws.region) for it in page["Schedules"])


def delete_schedule(aws: Aws, stage: str, name: str) -> None:
    unless_gone(lambda: aws.client("scheduler").delete_schedule(GroupName=main_name(stage), Name=name))
