"""What a stage's functions consist of in the account, whoever made them: Chalice's own record is not needed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.project import API_FUNCTION, APP, function_name
from benchfleet.deploy.refusals import code_of

TAG = "aws-chalice"  # Chalice's own tag of a function: `version=1.34.0:stage=dev:app=benchfleet`


@dataclass(frozen=True)
class EventSource:
    """An event source mapping: `source` is the queue or stream. `enabled` False while AWS has not enabled it."""

    uuid: str
    function_arn: str
    source: str
    enabled: bool


@dataclass(frozen=True)
class Api:
    """A REST API. `live` says that it has a deployed stage."""

    api_id: str
    live: bool
    created: str


@dataclass(frozen=True)
class Found:
    """Names are Chalice's: `api_handler`, `sweep`. ARNs and ids are AWS's. Lists are sorted: two looks compare."""

    functions: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    mappings: tuple[EventSource, ...] = ()
    apis: tuple[Api, ...] = ()


def look(aws: Aws, stage: str) -> Found:
    """Functions are found by Chalice's tags, the rest by what leads to them."""
    functions = dict(sorted(_functions(aws, stage)))
    return Found(
        functions=functions,
        roles=dict(_roles(aws, stage, list(functions))),
        rules=dict(_rules(aws, stage)),
        mappings=tuple(sorted(_mappings(aws, stage), key=lambda it: it.uuid)),
        apis=tuple(sorted(_apis(aws, stage), key=lambda it: it.api_id)),
    )


def chalice_name(stage: str, name: str) -> str | None:
    """The other way round of `function_name`; None for a function that is not this stage's."""
    if name == function_name(stage, API_FUNCTION):
        return API_FUNCTION
    prefix = f"{APP}-{stage}-"
    return name.removeprefix(prefix) if name.startswith(prefix) else None


def _functions(aws: Aws, stage: str) -> Iterator[tuple[str, str]]:
    client = aws.client("lambda")
    for page in aws.pages("lambda", "list_functions"):
        for found in page["Functions"]:
            name = chalice_name(stage, found["FunctionName"])
            if name is None:
                continue
            tags = client.list_tags(Resource=found["FunctionArn"]).get("Tags", {})
            if f"stage={stage}:app={APP}" in tags.get(TAG, ""):
                yield name, found["FunctionArn"]


def _roles(aws: Aws, stage: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """By their exact names: the stack has roles whose names begin alike."""
    from botocore.exceptions import ClientError

    for name in names:
        try:
            yield name, aws.client("iam").get_role(RoleName=f"{APP}-{stage}-{name}")["Role"]["Arn"]
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise


def _rules(aws: Aws, stage: str) -> Iterator[tuple[str, str]]:
    for page in aws.pages("events", "list_rules", NamePrefix=f"{APP}-{stage}-"):
        for rule in page["Rules"]:
            if rule["Name"].endswith("-event"):
                yield rule["Name"].removeprefix(f"{APP}-{stage}-"), rule["Arn"]


def _mappings(aws: Aws, stage: str) -> Iterator[EventSource]:
    """Also those of functions that are gone: a mapping outlives its function."""
    for page in aws.pages("lambda", "list_event_source_mappings"):
        for found in page["EventSourceMappings"]:
            arn = found["FunctionArn"]
            if chalice_name(stage, arn.rpartition(":function:")[2]) and found.get("State") != "Deleting":
                yield EventSource(
                    found["UUID"], arn, found["EventSourceArn"], found.get("State") in ("Enabled", "Enabling")
                )


def _apis(aws: Aws, stage: str) -> Iterator[Api]:
    client, handler = aws.client("apigateway"), f":function:{function_name(stage, API_FUNCTION)}/invocations"
    for page in aws.pages("apigateway", "get_rest_apis"):
        for api in page["items"]:
            if api["name"] == APP and _leads_to(client, api["id"], handler):
                stages = client.get_stages(restApiId=api["id"])["item"]
                yield Api(api["id"], bool(stages), str(api.get("createdDate", "")))


def _leads_to(client: Any, api_id: str, handler: str) -> bool:
    for resource in client.get_resources(restApiId=api_id, embed=["methods"], limit=500)["items"]:
        for method in resource.get("resourceMethods", {}).values():
            if "uri" in method.get("methodIntegration", {}):
                return bool(method["methodIntegration"]["uri"].endswith(handler))
    return False
