"""Every call of the providers is allowed by the policy of the function that makes it, and none on what is not ours."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchfleet_contract.places import Places

from chalicelib.domain.launches import Order
from chalicelib.provisioning.clients import Clients
from chalicelib.provisioning.ec2 import Ec2Machines
from chalicelib.provisioning.ecs import EcsTasks
from local_emulator.account.iam.authority import FINDERS
from local_emulator.account.iam.policies import Question, Statement, decide, statements_of
from local_emulator.account.iam.requests import ApiRequest
from tests.aws_places import REGION, some_places
from tests.contract.providers import an_order
from tests.integration.aws_wire import ACCOUNT, Aws, serving

ROOT = Path(__file__).resolve().parents[2]
ECS = ("RunTask", "DescribeTasks", "StopTask", "ListTasks")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/benchfleet"


def deployed(stage: str) -> Places:
    """With the names that the stack gives."""
    places = some_places()
    definitions = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/benchfleet-{stage}"
    place = places.regions[REGION].model_copy(
        update={
            "instance_profile_arn": f"arn:aws:iam::{ACCOUNT}:instance-profile/benchfleet-{stage}-instance",
            "cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/benchfleet-{stage}",
            "task_definitions": {name: f"{definitions}-{name}:7" for name in ("x86_64", "arm64")},
        }
    )  # fmt: skip
    return places.model_copy(update={"stage": stage, "regions": {REGION: place}})


class Account:
    """What needs depend on: everything there is belongs to one stage."""

    account = ACCOUNT

    def __init__(self, stage: str) -> None:
        self.stage = stage

    def tags(self, arn: str) -> Mapping[str, str]:
        return {"benchfleet": self.stage}

    def profile_role(self, profile: str) -> str | None:
        return f"{ROLE}-{self.stage}-instance"

    def task_roles(self, task_definition: str, region: str) -> list[str]:
        return [f"{ROLE}-{self.stage}-task", f"{ROLE}-{self.stage}-execution"]

    def image_owner(self, image_id: str, region: str) -> str:
        return "amazon"

    def is_stream_arn(self, arn: str) -> bool:
        return False


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Aws, Clients]]:
    aws = Aws()
    with serving(aws) as clients:
        yield aws, clients


@pytest.fixture(scope="module")
def policy() -> list[Statement]:
    return statements_of(json.loads((ROOT / ".chalice/policy-dev-provision.json").read_text()))


def refused(aws: Aws, stage: str, policy: list[Statement]) -> set[str]:
    """Actions that the policy does not allow on everything that the requests so far need."""
    found = set()
    for action, parameters in aws.requests:
        service = "ssm" if action == "GetParameter" else "ecs" if action in ECS else "ec2"
        request = ApiRequest(service, action, REGION, "POST", "/", "query", parameters)
        for need in FINDERS[service](request, Account(stage)):
            for resource in need.resources:
                context: dict[str, Any] = {"aws:RequestedRegion": (REGION,), **need.context}
                if not decide(policy, Question(need.action, resource, context)).allowed:
                    found.add(f"{need.action} {resource.split(':', 5)[-1].partition('/')[0]}")
    return found


def all_verbs(world: tuple[Aws, Clients], stage: str, order: Order) -> None:
    aws, clients = world
    aws.reset()
    places = deployed(stage)
    ec2, ecs = Ec2Machines(lambda: places, clients), EcsTasks(lambda: places, clients)
    for market in ("on-demand", "spot"):
        for provider, kind in ((ec2, "m7i.xlarge"), (ecs, "fargate-1vcpu-2gb-arm64")):
            machine = provider.launch(replace(order, instance_type=kind, market=market, token=market))
            provider.describe(REGION, [machine.resource_id])
            provider.tagged(REGION)
            provider.terminate(REGION, [machine.resource_id])


def test_every_call_is_allowed(world: tuple[Aws, Clients], policy: list[Statement]) -> None:
    all_verbs(world, "dev", an_order())
    assert refused(world[0], "dev", policy) == set()
    assert len({action for action, _ in world[0].requests}) == 9


def test_another_stages_network_roles_machines_and_tasks_are_out_of_reach(
    world: tuple[Aws, Clients], policy: list[Statement]
) -> None:
    order = an_order()
    all_verbs(world, "prod", replace(order, tags={**order.tags, "benchfleet": "prod"}))
    assert refused(world[0], "prod", policy) >= {
        "ec2:RunInstances instance", "ec2:RunInstances subnet", "ec2:RunInstances security-group", "ec2:CreateTags instance",
        "ec2:TerminateInstances instance", "iam:PassRole role", "ecs:RunTask task-definition", "ecs:StopTask task",
        "ecs:DescribeTasks task",
    }  # fmt: skip


def test_nothing_is_launched_without_the_tag_of_the_stage(world: tuple[Aws, Clients], policy: list[Statement]) -> None:
    all_verbs(world, "dev", replace(an_order(), tags={"benchfleet:run": "r"}))
    assert refused(world[0], "dev", policy) >= {"ec2:RunInstances instance", "ec2:CreateTags instance"}
