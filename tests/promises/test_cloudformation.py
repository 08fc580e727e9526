"""What AWS is told to make fits the code: the same table, and for each function the few rights that it needs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from chalice.config import Config
from chalice.deploy.appgraph import ApplicationGraphBuilder
from chalice.deploy.models import FileBasedIAMPolicy, LambdaFunction, ManagedIAMRole

from app import app
from chalicelib.archive import layout
from chalicelib.settings import from_environment
from chalicelib.store.schema import TIME_TO_LIVE, table_definition

ROOT = Path(__file__).parents[2]
CHALICE = ROOT / ".chalice"
STAGES = ("dev", "prod")
TEMPLATE: dict[str, Any] = json.loads((CHALICE / "resources.json").read_text(encoding="utf-8"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
CONFIG: dict[str, Any] = json.loads((CHALICE / "config.json").read_text(encoding="utf-8"))
POLICIES = sorted(CHALICE.glob("policy-*.json"))
API_GATEWAY_S = 29


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def functions(stage: str) -> dict[str, LambdaFunction]:
    """What Chalice would deploy, by the function's name in the config."""
    config = Config(
        chalice_stage=stage,
        user_provided_params={"chalice_app": app, "project_dir": str(ROOT)},
        config_from_disk=CONFIG,
    )
    built = ApplicationGraphBuilder().build(config, stage)
    return {found.resource_name: found for found in _functions(built.resources)}


def _functions(resources: list[Any]) -> Iterator[LambdaFunction]:
    for resource in resources:
        if isinstance(resource, LambdaFunction):
            yield resource
        elif hasattr(resource, "lambda_function"):
            yield resource.lambda_function


def statements(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["Statement"]
    return found


def test_cfn_lint_has_nothing_to_say() -> None:
    lint = "from cfnlint.runner import main; main()"
    command = [sys.executable, "-W", "ignore", "-c", lint, str(CHALICE / "resources.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr


def test_the_table_is_the_one_that_the_code_expects() -> None:
    made = dict(properties("Table"))
    wanted = table_definition("any")
    assert made.pop("TimeToLiveSpecification") == TIME_TO_LIVE
    for name in ("TableName", "Tags", "PointInTimeRecoverySpecification"):
        made.pop(name)
    # In CloudFormation a stream is on by being there.
    made["StreamSpecification"] = {"StreamEnabled": True, **made["StreamSpecification"]}
    assert made == {name: value for name, value in wanted.items() if name != "TableName"}


def test_what_people_measured_is_never_deleted_with_the_stack() -> None:
    for name in ("Table", "Bucket"):
        assert (RESOURCES[name]["DeletionPolicy"], RESOURCES[name]["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties("Table")["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_bucket_is_private_and_clears_broken_uploads() -> None:
    bucket = properties("Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert "BucketEncryption" in bucket
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    (deny,) = properties("BucketPolicy")["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_a_message_stays_hidden_while_its_function_may_run() -> None:
    longest = max(stage["lambda_functions"]["finalize"]["lambda_timeout"] for stage in CONFIG["stages"].values())
    assert properties("FinalizeQueue")["VisibilityTimeout"] >= longest
    assert properties("FinalizeQueue")["RedrivePolicy"]["maxReceiveCount"] == 5


@pytest.mark.parametrize("stage", STAGES)
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
    used = {CHALICE / function["iam_policy_file"] for function in configured.values()}
    assert used == {path for path in POLICIES if path.name.startswith(f"policy-{stage}-")}
    assert len(used) == len(configured)


@pytest.mark.parametrize("stage", STAGES)
def test_the_environment_is_what_the_settings_read(stage: str) -> None:
    settings = from_environment(CONFIG["stages"][stage]["environment_variables"])
    assert settings.table == f"benchfleet-{stage}"
    assert settings.finalize_queue == f"benchfleet-{stage}-finalize"
    assert not settings.public_read


def test_the_api_may_outlast_its_gateway() -> None:
    """A large run is created to its end even if the caller has been told to come back."""
    for stage in CONFIG["stages"].values():
        assert stage["lambda_functions"]["api_handler"]["lambda_timeout"] > API_GATEWAY_S


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_policies_grant_named_actions_on_things_of_their_own_stage(path: Path) -> None:
    stage = path.name.split("-")[1]
    for statement in statements(path):
        assert statement["Effect"] == "Allow"
        assert not [action for action in statement["Action"] if "*" in action]
        for resource in statement["Resource"]:
            assert f"benchfleet-{stage}" in resource
            assert resource != "*"
        if any(action.startswith("s3:") for action in statement["Action"]):
            assert statement["Condition"] == {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}


@pytest.mark.parametrize("path", [path for path in POLICIES if "-dev-" in path.name], ids=lambda path: path.name)
def test_stages_differ_in_nothing_but_their_name(path: Path) -> None:
    twin = path.with_name(path.name.replace("-dev-", "-prod-"))
    assert path.read_text(encoding="utf-8").replace("benchfleet-dev", "benchfleet-prod") == twin.read_text(
        encoding="utf-8"
    )


def granted(function: str) -> set[str]:
    return {
        action for statement in statements(CHALICE / f"policy-dev-{function}.json") for action in statement["Action"]
    }


def test_rights_stay_apart() -> None:
    """Only the API reads the keys; it and the finalizer tell missing from forbidden uploads. What the world can call deletes
    nothing: the sweep deletes what a creation left behind, the finalizer whole runs, objects too."""
    names = ("api", "sweep", "finalize", "count", "scheduled_run")
    assert [name for name in names if "ssm:GetParameter" in granted(name)] == ["api"]
    assert [name for name in names if "dynamodb:DeleteItem" in granted(name)] == ["sweep", "finalize"]
    assert [name for name in names if "s3:ListBucket" in granted(name)] == ["api", "finalize"]
    assert [name for name in names if "dynamodb:GetRecords" in granted(name)] == ["count"]
    assert [name for name in names if "s3:DeleteObject" in granted(name)] == ["finalize"]


def test_the_finalizer_may_delete_every_object_of_a_run_and_no_other() -> None:
    (deleting,) = [s for s in statements(CHALICE / "policy-dev-finalize.json") if "s3:DeleteObject" in s["Action"]]
    keys = [layout.result_key("r", 1, 1, "n"), layout.error_key("r", 1, 1, "n")]
    for key in (*keys, layout.request_key("r"), layout.archive_key("r"), layout.summary_key("r")):
        assert key.startswith(layout.run_prefix("r"))
        assert any(fnmatchcase(f"arn:aws:s3:::benchfleet-dev-results/{key}", p) for p in deleting["Resource"]), key
    assert not any(fnmatchcase("arn:aws:s3:::benchfleet-dev-results/other", p) for p in deleting["Resource"])


def test_the_api_may_do_itself_what_its_signatures_allow() -> None:
    """A presigned URL is worth what its signer may do, and that shows only when somebody uses it."""
    allowed: dict[str, list[str]] = {}
    for statement in statements(CHALICE / "policy-dev-api.json"):
        for action in statement["Action"]:
            allowed.setdefault(action, []).extend(statement["Resource"])
    uploads = [layout.result_key("r", 1, 1, "n"), layout.error_key("r", 1, 1, "n")]
    wanted = {"s3:PutObject": [*uploads, layout.request_key("r")], "s3:GetObject": [*uploads, layout.archive_key("r")]}
    for action, keys in wanted.items():
        for key in keys:
            arn = f"arn:aws:s3:::benchfleet-dev-results/{key}"
            assert any(fnmatchcase(arn, pattern) for pattern in allowed[action]), (action, key)


def may(function: str, action: str, key: str) -> bool:
    arn = f"arn:aws:s3:::benchfleet-dev-results/{key}"
    allowed = [s for s in statements(CHALICE / f"policy-dev-{function}.json") if action in s["Action"]]
    return any(fnmatchcase(arn, pattern) for statement in allowed for pattern in statement["Resource"])


def test_the_finalizer_alone_writes_summaries_and_the_api_alone_reads_them() -> None:
    key = layout.summary_key("r")
    names = ("api", "sweep", "finalize", "count", "scheduled_run")
    assert [name for name in names if may(name, "s3:PutObject", key)] == ["finalize"]
    assert [name for name in names if may(name, "s3:GetObject", key)] == ["api"]


def test_logs_of_every_function_end_some_day() -> None:
    """The API's log group stands in the stack: Chalice's SAM template cannot name it (docs/deploy.md)."""
    assert properties("ApiLogGroup")["RetentionInDays"] == 30
    for stage in STAGES:
        for name, function in CONFIG["stages"][stage]["lambda_functions"].items():
            assert ("log_retention_in_days" in function) == (name != "api_handler")
