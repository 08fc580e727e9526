"""Each function may do the little that it does, on things of its own stage."""

import json
import re
from fnmatch import fnmatchcase
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from chalice.deploy.models import FileBasedIAMPolicy, ManagedIAMRole

from chalicelib.archive import layout
from chalicelib.domain.scheduling import Schedule, ScheduleState
from chalicelib.provisioning.scheduler import EventBridgeTimer
from chalicelib.settings import from_environment
from tests.each_case import each_case
from tests.promises.chalice_files import (
    CHALICE,
    CONFIG,
    POLICIES,
    STAGES,
    functions,
    named,
    of_type,
    properties,
    read,
    statements,
)

API_GATEWAY_S = 29
NAMES = ("api", "sweep", "finalize", "count", "scheduled_run", "schedules", "provision")
EVERY_STATEMENT = [
    pytest.param(path.name, statement, id=f"{path.stem}-{statement['Sid']}")
    for path in POLICIES
    for statement in statements(path.name)
]
# What has no name of ours in its ARN is bound by a condition instead.
OURS_BY_CONDITION = {"aws:ResourceTag/benchfleet", "aws:RequestTag/benchfleet", "ec2:Owner"}


@cache
def reference() -> dict[str, Any]:
    """AWS's service authorization reference, as cfn-lint ships it. Importing that would take a fifth of collecting."""
    place = find_spec("cfnlint")
    assert place is not None
    assert place.origin is not None
    path = Path(place.origin).parent / "data" / "AdditionalSpecs" / "Policies.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def formats(action: str) -> list[str]:
    """Patterns of the ARNs that the action can be bound to; empty where it takes only `*`. KeyError: no such action."""
    service, name = action.split(":")
    known = reference()[service]
    kinds = known["Actions"][name.lower()].get("Resources", [])
    return [arn for kind in kinds for arn in known["Resources"][kind.lower()]["ARNFormats"]]


def fits(resource: str, pattern: str) -> bool:
    return re.fullmatch(re.sub(r"\$\{\w+\}", "[^:]*", pattern), resource) is not None


def check(action: str, resources: list[str]) -> None:
    known = formats(action)
    if not known:
        assert resources == ["*"], f"{action} takes only *"
    for resource in resources if known else []:
        assert any(fits(resource, pattern) for pattern in known), f"{action} does not apply to {resource}"


@each_case(("name", "statement"), EVERY_STATEMENT)
def test_a_statement_names_known_actions_and_the_things_that_they_apply_to(
    name: str, statement: dict[str, Any]
) -> None:
    assert statement["Effect"] == "Allow"
    for action in statement["Action"]:
        check(action, statement["Resource"])


@each_case(
    ("action", "resources"),
    [
        ("dynamodb:Query", ["*"]),
        ("dynamodb:Query", ["arn:aws:s3:::benchfleet-dev-x"]),
        ("dynamodb:ListStreams", ["arn:aws:dynamodb:*:*:table/t/stream/*"]),
        ("ecs:StopTask", ["arn:aws:ecs:*:*:cluster/c"]),
    ],
)
def test_a_statement_that_grants_too_much_or_nothing_would_be_found(action: str, resources: list[str]) -> None:
    with pytest.raises(AssertionError):
        check(action, resources)
    with pytest.raises(KeyError):
        check(action + "s", resources)


@each_case(("name", "statement"), EVERY_STATEMENT)
def test_what_a_statement_names_is_of_its_own_stage(name: str, statement: dict[str, Any]) -> None:
    stage = name.split("-")[1]
    conditions = {key: value for test in statement.get("Condition", {}).values() for key, value in test.items()}
    if statement["Resource"] == ["*"]:
        return
    if bound := OURS_BY_CONDITION & set(conditions):
        assert {conditions[key] for key in bound} <= {stage, "amazon"}
        return
    for resource in statement["Resource"]:
        assert f"benchfleet-{stage}" in resource or ":parameter/aws/service/" in resource
    if any(action.startswith("s3:") for action in statement["Action"]):
        assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}


@each_case("path", [path for path in CHALICE.glob("*-dev*.json")])
def test_stages_differ_in_nothing_but_their_name(path: Path) -> None:
    ours = path.read_text(encoding="utf-8")
    twin = path.with_name(path.name.replace("-dev", "-prod")).read_text(encoding="utf-8")
    assert ours.replace("benchfleet-dev", "benchfleet-prod").replace('"dev"', '"prod"') == twin


def inline() -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, statement)
        for name, role in of_type("AWS::IAM::Role").items()
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


@each_case(("role", "statement"), inline())
def test_roles_of_machines_and_schedules_name_what_can_be_named(role: str, statement: dict[str, Any]) -> None:
    for action in statement["Action"]:
        assert (statement["Resource"] == "*") == (not formats(action)), action


def test_a_machine_reads_the_runner_key_and_no_other_parameter() -> None:
    for role, action in (("InstanceRole", "ssm:GetParameter"), ("ExecutionRole", "ssm:GetParameters")):
        (read_key,) = [s for name, s in inline() if name == role and action in s["Action"]]
        assert read_key["Resource"]["Fn::Sub"].endswith(":parameter/benchfleet-${Stage}/runner-key")
    # A benchmark in a task reaches the credentials of the task's role.
    assert {a.split(":")[0] for name, s in inline() if name == "TaskRole" for a in s["Action"]} == {"ssmmessages"}


@each_case("stage", STAGES)
def test_every_function_has_a_size_and_a_policy_of_its_own(stage: str) -> None:
    configured = CONFIG["stages"][stage]["lambda_functions"]
    deployed = functions(stage)
    assert set(deployed) == set(configured)
    for name, function in deployed.items():
        role = function.role
        assert isinstance(role, ManagedIAMRole)
        assert isinstance(role.policy, FileBasedIAMPolicy)
        assert Path(role.policy.filename) == CHALICE / configured[name]["iam_policy_file"]
        assert function.timeout == configured[name]["lambda_timeout"]
        assert function.memory_size == configured[name]["lambda_memory_size"]
        assert function.xray is False
    used = {CHALICE / function["iam_policy_file"] for function in configured.values()}
    assert used == {path for path in POLICIES if path.name.startswith(f"policy-{stage}-")}
    assert len(used) == len(configured)


@each_case("stage", STAGES)
def test_with_x_ray_on_every_function_is_traced_and_may_send_its_trace(stage: str) -> None:
    """Without these permissions, Lambda drops the segments and tells nobody."""
    assert {name: found.xray for name, found in functions(stage, traced=True).items()} == dict.fromkeys(
        functions(stage), True
    )
    for name, configured in CONFIG["stages"][stage]["lambda_functions"].items():
        allowed = {action for statement in statements(configured["iam_policy_file"]) for action in statement["Action"]}
        assert {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} <= allowed, name


@each_case("stage", STAGES)
def test_the_environment_names_what_the_stack_makes(stage: str) -> None:
    environment = CONFIG["stages"][stage]["environment_variables"]
    settings = from_environment(environment)
    assert settings.table == named(properties("Table")["TableName"], stage)
    assert settings.finalize_queue == named(properties("FinalizeQueue")["QueueName"], stage)
    assert environment["BENCHFLEET_PROVISION_QUEUE"] == named(properties("ProvisionQueue")["QueueName"], stage)
    assert settings.keys_parameter == f"/benchfleet-{stage}/keys"
    assert environment["BENCHFLEET_PLACES_PARAMETER"] == f"/benchfleet-{stage}/places"
    assert not settings.public_read


@each_case("stage", STAGES)
def test_what_the_policies_name_is_what_the_stack_makes(stage: str) -> None:
    """A queue, a role or a task that is misspelt in a policy would show only on AWS."""
    names = {
        "sqs": [queue["QueueName"] for queue in of_type("AWS::SQS::Queue").values()],
        "iam": [role["RoleName"] for role in of_type("AWS::IAM::Role").values()],
        "task-definition": [task["Family"] for task in of_type("AWS::ECS::TaskDefinition").values()],
        "log-group": [group["LogGroupName"] for group in of_type("AWS::Logs::LogGroup").values()],
        "dynamodb": [table["TableName"] for table in of_type("AWS::DynamoDB::Table").values()],
    }
    made = {kind: {named(name, stage) for name in found} for kind, found in names.items()}
    seen = {kind: _named_in_policies(stage, kind) for kind in made}
    for kind, found in seen.items():
        assert found, kind
        assert found <= made[kind], kind


def _named_in_policies(stage: str, kind: str) -> set[str]:
    patterns = {
        "sqs": r"arn:aws:sqs:\*:\*:([\w-]+)",
        "iam": r"arn:aws:iam::\*:role/([\w-]+)",
        "task-definition": r"arn:aws:ecs:\*:\*:task-definition/([\w-]+):\*",
        "log-group": r"arn:aws:logs:\*:\*:log-group:([\w/-]+):\*",
        "dynamodb": r"arn:aws:dynamodb:\*:\*:table/([\w-]+)",
    }
    texts = [path.read_text(encoding="utf-8") for path in POLICIES if f"-{stage}-" in path.name]
    return {name for text in texts for name in re.findall(patterns[kind], text)}


@each_case("stage", STAGES)
def test_a_function_writes_its_own_log_and_cannot_make_it_anew(stage: str) -> None:
    """After a clean-up, a function that still runs must leave nothing behind."""
    configured = CONFIG["stages"][stage]["lambda_functions"]
    for name, function in functions(stage).items():
        (log,) = [s for s in statements(configured[name]["iam_policy_file"]) if s["Sid"] == "Log"]
        assert log["Resource"] == [f"arn:aws:logs:*:*:log-group:/aws/lambda/{function.function_name}:*"]
        assert log["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


@each_case("stage", STAGES)
def test_the_role_of_schedules_may_start_the_function_that_chalice_makes(stage: str) -> None:
    (invoke,) = [s for name, s in inline() if name == "SchedulerRole" and "lambda:InvokeFunction" in s["Action"]]
    assert named(invoke["Resource"], stage).endswith(f":function:{functions(stage)['scheduled_run'].function_name}")


class Group:
    """What of EventBridge Scheduler a request is made with: who has the group."""

    def get_schedule_group(self, Name: str) -> dict[str, str]:
        return {"Arn": f"arn:aws:scheduler:eu-central-1:123456789012:schedule-group/{Name}"}


@each_case("stage", STAGES)
def test_a_schedule_names_the_role_and_the_queue_of_the_stack_and_that_role_reaches_that_queue(stage: str) -> None:
    schedule = Schedule(
        name="nightly", state=ScheduleState.ACTIVE, fingerprint="", created_ms=1, anchor_ms=1,
        expression="cron(0 3 * * ? *)", time_zone="UTC", overlap="skip", workload="mock",
    )  # fmt: skip
    group = named(properties("ScheduleGroup")["Name"], stage)
    target = EventBridgeTimer(Group, group).request(schedule)["Target"]
    assert target["RoleArn"].endswith(f":role/{named(properties('SchedulerRole')['RoleName'], stage)}")
    assert target["Arn"].endswith(f":function:{functions(stage)['scheduled_run'].function_name}")
    (send,) = [s for name, s in inline() if name == "SchedulerRole" and "sqs:SendMessage" in s["Action"]]
    (queue, _) = send["Resource"]["Fn::GetAtt"]
    assert target["DeadLetterConfig"]["Arn"].endswith(f":{named(properties(queue)['QueueName'], stage)}")


def test_the_api_may_outlast_its_gateway() -> None:
    """A large run is created to its end even if the caller has been told to come back."""
    for stage in CONFIG["stages"].values():
        assert stage["lambda_functions"]["api_handler"]["lambda_timeout"] > API_GATEWAY_S


def test_no_burst_of_requests_keeps_the_sweep_from_starting() -> None:
    """It sees to it that machines end. In dev nothing is reserved: a new account has too little to reserve any."""
    assert CONFIG["stages"]["prod"]["lambda_functions"]["sweep"]["reserved_concurrency"] == 1
    reserved = [f for f in CONFIG["stages"]["dev"]["lambda_functions"].values() if "reserved_concurrency" in f]
    assert reserved == []


def granted(function: str) -> set[str]:
    return {action for statement in statements(f"policy-dev-{function}.json") for action in statement["Action"]}


def who_may(action: str) -> list[str]:
    return [name for name in NAMES if action in granted(name)]


def test_rights_stay_apart() -> None:
    """The API reads the keys; it and the finalizer tell missing from forbidden uploads, `provision` missing
        prices. What the world can call deletes
    nothing and starts no machine: the sweep deletes what a creation left behind, the finalizer whole runs, objects too,
    and `schedules` schedules."""
    keys = "arn:aws:ssm:*:*:parameter/benchfleet-dev/keys"
    readers = [n for n in NAMES if any(keys in s["Resource"] for s in statements(f"policy-dev-{n}.json"))]
    assert readers == ["api"]
    assert who_may("dynamodb:DeleteItem") == ["sweep", "finalize", "schedules"]
    assert who_may("s3:ListBucket") == ["api", "finalize", "schedules", "provision"]
    assert who_may("dynamodb:GetRecords") == ["count"]
    assert who_may("s3:DeleteObject") == ["finalize", "schedules"]
    assert who_may("scheduler:DeleteSchedule") == who_may("sns:Publish") == ["schedules"]
    assert who_may("scheduler:CreateSchedule") == ["api"]
    assert who_may("ec2:RunInstances") == who_may("ecs:RunTask") == who_may("ec2:CreateTags") == ["provision"]
    assert who_may("ec2:TerminateInstances") == who_may("ecs:StopTask") == ["provision"]


def test_a_machine_is_launched_with_our_tag_our_role_and_metadata_out_of_reach_of_benchmarks() -> None:
    (instance,) = [s for s in statements("policy-dev-provision.json") if s["Sid"] == "LaunchInstances"]
    assert instance["Condition"] == {
        "StringEquals": {"aws:RequestTag/benchfleet": "dev", "ec2:MetadataHttpTokens": "required"},
        "NumericLessThanEquals": {"ec2:MetadataHttpPutResponseHopLimit": "1"},
        "ArnLike": {"ec2:InstanceProfile": "arn:aws:iam::*:instance-profile/benchfleet-dev-instance"},
    }
    profile = named(of_type("AWS::IAM::InstanceProfile")["InstanceProfile"]["InstanceProfileName"], "dev")
    assert profile == "benchfleet-dev-instance"


@each_case("name", NAMES)
def test_a_role_is_passed_only_to_the_service_that_it_is_for(name: str) -> None:
    """Whoever may pass any role to a machine of his has that role."""
    trusted = {
        named(role["RoleName"], "dev"): role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
        for role in of_type("AWS::IAM::Role").values()
    }
    for statement in statements(f"policy-dev-{name}.json"):
        if "iam:PassRole" in statement["Action"]:
            service = statement["Condition"]["StringEquals"]["iam:PassedToService"]
            roles = [resource.rpartition("/")[2] for resource in statement["Resource"]]
            assert {trusted[role] for role in roles} == {service}


def test_the_finalizer_may_delete_every_object_of_a_run_and_no_other() -> None:
    (deleting,) = [s for s in statements("policy-dev-finalize.json") if "s3:DeleteObject" in s["Action"]]
    keys = [layout.result_key("r", 1, 1, "n"), layout.error_key("r", 1, 1, "n")]
    for key in (*keys, layout.request_key("r"), layout.archive_key("r"), layout.summary_key("r")):
        assert key.startswith(layout.run_prefix("r"))
        assert any(fnmatchcase(f"arn:aws:s3:::benchfleet-dev-results/{key}", p) for p in deleting["Resource"]), key
    assert not any(fnmatchcase("arn:aws:s3:::benchfleet-dev-results/other", p) for p in deleting["Resource"])


def test_the_api_may_do_itself_what_its_signatures_allow() -> None:
    """A presigned URL is worth what its signer may do, and that shows only when somebody uses it."""
    uploads = [layout.result_key("r", 1, 1, "n"), layout.error_key("r", 1, 1, "n")]
    wanted = {"s3:PutObject": [*uploads, layout.request_key("r")], "s3:GetObject": [*uploads, layout.archive_key("r")]}
    for action, keys in wanted.items():
        for key in keys:
            assert may("api", action, key), (action, key)


def may(function: str, action: str, key: str) -> bool:
    arn = f"arn:aws:s3:::benchfleet-dev-results/{key}"
    allowed = [s for s in statements(f"policy-dev-{function}.json") if action in s["Action"]]
    return any(fnmatchcase(arn, pattern) for statement in allowed for pattern in statement["Resource"])


def test_the_finalizer_alone_writes_summaries_and_two_read_them() -> None:
    key = layout.summary_key("r")
    assert [name for name in NAMES if may(name, "s3:PutObject", key)] == ["finalize"]
    assert [name for name in NAMES if may(name, "s3:GetObject", key)] == ["api", "schedules"]
    assert [name for name in NAMES if may(name, "s3:DeleteObject", key)] == ["finalize"]


@each_case("stage", STAGES)
def test_merged_functions_have_the_names_that_chalice_deploy_gives(stage: str) -> None:
    """Policies, alarms and schedules go by them."""
    merged = read(f"functions-{stage}.json")["Resources"]
    names = {it["Properties"]["FunctionName"] for logical, it in merged.items() if logical != "RestAPI"}
    assert names == {function.function_name for function in functions(stage).values()}
