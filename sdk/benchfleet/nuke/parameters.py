"""The parameters that a deploy has written: keys, the runner key, places."""

from collections.abc import Iterator

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.wanted import main_name
from benchfleet.nuke.missing import unless_gone
from benchfleet.nuke.tagged import is_ours
from benchfleet.nuke.thing import Thing


def parameters(aws: Aws, stage: str) -> Iterator[Thing]:
    """The places last: they name the further regions. One without the tag was written by hand, and is a stranger's."""
    client = aws.client("ssm")
    beginning = [{"Key": "Name", "Option": "BeginsWith", "Values": [f"/{main_name(stage)}/"]}]
    names = [
        it["Name"]
        for page in aws.pages("ssm", "describe_parameters", ParameterFilters=beginning)
        for it in page["Parameters"]
    ]
    for name in sorted(names, key=lambda it: (it.endswith("/places"), it)):
        tags = unless_gone(
            lambda name=name: client.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]  # type: ignore[misc]
        )
        if is_ours(tags, stage):
            yield Thing("parameter", name, aws.region)


def delete_parameter(aws: Aws, name: str) -> None:
    unless_gone(lambda: aws.client("ssm").delete_parameter(Name=name))
