"""What Chalice has brought: event sources, rules, functions, APIs and their roles."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.found import EventSource, Found, chalice_name, look
from benchfleet.deploy.project import APP, function_name
from benchfleet.deploy.tags import tag_all
from benchfleet.nuke.missing import unless_gone
from benchfleet.nuke.tagged import is_ours
from benchfleet.nuke.thing import Thing


@dataclass(frozen=True)
class Owned:
    """Ids by what they are. `strangers` have our names and neither our tag nor anything that leads to them."""

    mappings: tuple[EventSource, ...]
    rules: tuple[str, ...]
    functions: tuple[str, ...]
    apis: tuple[str, ...]
    roles: tuple[str, ...]
    strangers: tuple[Thing, ...]

    def things(self, region: str) -> list[Thing]:
        named = {"event source": [it.uuid for it in self.mappings], "rule": self.rules, "function": self.functions,
                 "API": self.apis, "role": self.roles}  # fmt: skip
        return [Thing(kind, name, region) for kind, names in named.items() for name in names]


def owned(aws: Aws, stage: str) -> Owned:
    """By the tag, and by what leads to a function that has it: a killed deploy has not tagged all yet."""
    found = _proven(aws, look(aws, stage))
    roles = dict(_roles(aws, stage))
    rules = dict(_rules(aws, stage))
    ours = {arn.rpartition("/")[2] for arn in found.roles.values()}
    led_to = {arn.rpartition("/")[2] for arn in found.rules.values()}
    apis = {it.api_id for it in found.apis} | set(_tagged_apis(aws, stage))
    return Owned(
        mappings=_mappings(aws, stage, found),
        rules=tuple(sorted(led_to | {name for name, tagged in rules.items() if tagged})),
        functions=tuple(function_name(stage, name) for name in found.functions),
        apis=tuple(sorted(apis)),
        roles=tuple(sorted(ours | {name for name, tagged in roles.items() if tagged})),
        strangers=(
            *(Thing("role", name, "aws") for name, tagged in roles.items() if not tagged and name not in ours),
            *(Thing("rule", name, aws.region) for name, tagged in rules.items() if not tagged and name not in led_to),
        ),
    )


def claim(aws: Aws, stage: str) -> None:
    """Tags what a killed deploy has not: once its function is gone, nothing else would tell that a role is ours."""
    tag_all(aws, _proven(aws, look(aws, stage)), stage=stage)


def _proven(aws: Aws, found: Found) -> Found:
    """Only what one of the stage's functions has or gets events from; names alone are no proof."""
    client, arns = aws.client("lambda"), set(found.functions.values())
    used = {client.get_function_configuration(FunctionName=arn)["Role"] for arn in arns}
    rules = {name: arn for name, arn in found.rules.items() if _targets(aws, arn.rpartition("/")[2]) & arns}
    return replace(found, roles={name: arn for name, arn in found.roles.items() if arn in used}, rules=rules)


def _targets(aws: Aws, rule: str) -> set[str]:
    return {it["Arn"] for it in aws.client("events").list_targets_by_rule(Rule=rule)["Targets"]}


def _mappings(aws: Aws, stage: str, found: Found) -> tuple[EventSource, ...]:
    """Of our functions; and of functions that are gone, where they read one of the stage's own queues or its stream."""
    arns, own = set(found.functions.values()), (f"{APP}-{stage}-", f"table/{APP}-{stage}/")
    return tuple(
        it for it in found.mappings
        if it.function_arn in arns or (_is_gone(aws, it.function_arn) and it.source.split(":", 5)[5].startswith(own))
    )  # fmt: skip


def _is_gone(aws: Aws, function_arn: str) -> bool:
    client = aws.client("lambda")
    return unless_gone(lambda: client.get_function_configuration(FunctionName=function_arn)) is None


def _roles(aws: Aws, stage: str) -> Iterator[tuple[str, bool]]:
    """Each role of the stage's name, and whether it has the tag."""
    client = aws.client("iam")
    for page in aws.pages("iam", "list_roles"):
        for name in (it["RoleName"] for it in page["Roles"]):
            if chalice_name(stage, name) is not None:
                tags = unless_gone(lambda name=name: client.list_role_tags(RoleName=name)["Tags"])  # type: ignore[misc]
                if tags is not None:
                    yield name, is_ours(tags, stage)


def _rules(aws: Aws, stage: str) -> Iterator[tuple[str, bool]]:
    client = aws.client("events")
    for page in aws.pages("events", "list_rules", NamePrefix=f"{APP}-{stage}-"):
        for rule in page["Rules"]:
            yield rule["Name"], is_ours(client.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"], stage)


def _tagged_apis(aws: Aws, stage: str) -> Iterator[str]:
    for page in aws.pages("apigateway", "get_rest_apis"):
        yield from (it["id"] for it in page["items"] if is_ours(it.get("tags"), stage))


def delete_mapping(aws: Aws, uuid: str) -> None:
    unless_gone(lambda: aws.client("lambda").delete_event_source_mapping(UUID=uuid))


def delete_rule(aws: Aws, name: str) -> None:
    client = aws.client("events")
    found = unless_gone(lambda: client.list_targets_by_rule(Rule=name)["Targets"]) or []
    if found:
        unless_gone(lambda: client.remove_targets(Rule=name, Ids=[it["Id"] for it in found]))
    unless_gone(lambda: client.delete_rule(Name=name))


def delete_function(aws: Aws, name: str) -> None:
    unless_gone(lambda: aws.client("lambda").delete_function(FunctionName=name))


def delete_api(aws: Aws, api_id: str) -> None:
    unless_gone(lambda: aws.client("apigateway").delete_rest_api(restApiId=api_id))


def delete_role(aws: Aws, name: str) -> None:
    client = aws.client("iam")
    inline = unless_gone(lambda: client.list_role_policies(RoleName=name)["PolicyNames"]) or []
    for policy in inline:
        unless_gone(lambda policy=policy: client.delete_role_policy(RoleName=name, PolicyName=policy))  # type: ignore[misc]
    attached = unless_gone(lambda: client.list_attached_role_policies(RoleName=name)["AttachedPolicies"]) or []
    for it in attached:
        unless_gone(lambda it=it: client.detach_role_policy(RoleName=name, PolicyArn=it["PolicyArn"]))  # type: ignore[misc]
    unless_gone(lambda: client.delete_role(RoleName=name))
