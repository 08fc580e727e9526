"""Roles of templates: moto drops their managed policies, and every change of their own."""

import json
from typing import Any

from local_emulator.account.clients import tags_of
from local_emulator.account.stacks.kinds import Client, Kind, Made, Properties

_ROLE = {
    "RoleName", "AssumeRolePolicyDocument", "Policies", "ManagedPolicyArns", "Path", "Description", "MaxSessionDuration",
    "Tags",
}  # fmt: skip


def _make(client: Client, name: str, properties: Properties) -> Made:
    wanted: dict[str, Any] = {key: properties[key] for key in ("Path", "Description") if key in properties}
    if "MaxSessionDuration" in properties:
        wanted["MaxSessionDuration"] = int(properties["MaxSessionDuration"])
    trust = json.dumps(properties["AssumeRolePolicyDocument"])
    made = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=tags_of(properties), **wanted)
    role = made["Role"]
    return _update(client, Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]}), properties)


def _update(client: Client, made: Made, properties: Properties) -> Made:
    iam = client("iam")
    trust = json.dumps(properties["AssumeRolePolicyDocument"])
    iam.update_assume_role_policy(RoleName=made.id, PolicyDocument=trust)
    inline = {each["PolicyName"]: each["PolicyDocument"] for each in properties.get("Policies", ())}
    for name in iam.list_role_policies(RoleName=made.id)["PolicyNames"]:
        if name not in inline:
            iam.delete_role_policy(RoleName=made.id, PolicyName=name)
    for name, document in inline.items():
        iam.put_role_policy(RoleName=made.id, PolicyName=name, PolicyDocument=json.dumps(document))
    _attach(iam, made.id, set(properties.get("ManagedPolicyArns", ())))
    return made


def _attach(iam: Any, role: str, wanted: set[str]) -> None:
    attached = {each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]}
    for arn in attached - wanted:
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for arn in wanted - attached:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def _end(client: Client, made: Made, properties: Properties) -> None:
    iam = client("iam")
    for name in iam.list_role_policies(RoleName=made.id)["PolicyNames"]:
        iam.delete_role_policy(RoleName=made.id, PolicyName=name)
    _attach(iam, made.id, set())
    iam.delete_role(RoleName=made.id)


ROLES: tuple[Kind, ...] = (Kind("AWS::IAM::Role", frozenset(_ROLE), _make, name="RoleName", update=_update, end=_end),)
