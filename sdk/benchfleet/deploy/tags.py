"""The stage's tag on what Chalice leaves without one: roles, rules and the API. `benchfleet nuke` looks for it."""

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.found import Found

NAME = "benchfleet"


def tag_all(aws: Aws, found: Found, *, stage: str) -> None:
    """May be repeated. Event sources have none: they lead to functions, which have one."""
    for name in found.roles.values():
        aws.client("iam").tag_role(RoleName=name.rpartition("/")[2], Tags=[{"Key": NAME, "Value": stage}])
    for arn in found.rules.values():
        aws.client("events").tag_resource(ResourceARN=arn, Tags=[{"Key": NAME, "Value": stage}])
    for api in found.apis:
        arn = f"arn:{aws.partition}:apigateway:{aws.region}::/restapis/{api.api_id}"
        aws.client("apigateway").tag_resource(resourceArn=arn, tags={NAME: stage})
