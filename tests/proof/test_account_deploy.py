"""`chalice deploy`, again, and `chalice delete`, against the emulated account, with policies enforced: nothing is left."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.test_account import ROOT, Account

pytestmark = pytest.mark.proof
DEPLOY_S, DEADLINE_S = 300, 60
STAGE = "dev"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    running = Account(tmp_path, "--account", "--sweep-every", "5")
    yield running
    assert running.end() == 0, running.errors


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What Chalice packages, without what it has recorded."""
    place = tmp_path / "project"
    place.mkdir()
    for name in ("chalicelib", "vendor", ".chalice"):
        shutil.copytree(
            ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "deployed", "deployments")
        )
    for name in ("app.py", "requirements.txt"):
        shutil.copy(ROOT / name, place / name)
    return place


def chalice(account: Account, project: Path, verb: str, **environment: str) -> None:
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BENCHFLEET_"))},
        "AWS_ENDPOINT_URL": account.ready["aws_endpoint_url"],
        "AWS_ACCESS_KEY_ID": account.ready["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": account.ready["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": account.ready["region"],
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **environment,
    }
    command = [str(Path(sys.executable).with_name("chalice")), verb, "--stage", STAGE]
    done = subprocess.run(command, cwd=project, env=variables, capture_output=True, text=True, timeout=DEPLOY_S)
    assert done.returncode == 0, done.stdout + done.stderr


def stack(account: Account) -> dict[str, str]:
    """The outputs of the project's own stack, made."""
    cloudformation = account.client("cloudformation")
    template = (ROOT / ".chalice" / "resources.json").read_text()
    cloudformation.create_stack(StackName="base", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    (made,) = cloudformation.describe_stacks(StackName="base")["Stacks"]
    assert made["StackStatus"] == "CREATE_COMPLETE", cloudformation.describe_stack_events(StackName="base")
    return {each["OutputKey"]: each["OutputValue"] for each in made["Outputs"]}


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise AssertionError("it did not happen in time")


def of_functions(account: Account) -> set[tuple[str, str]]:
    """What a deploy makes beside the stack."""
    kinds = (
        "AWS::Lambda::Function",
        "AWS::Lambda::EventSourceMapping",
        "AWS::ApiGateway::RestApi",
        "AWS::Events::Rule",
    )
    return {(each["type"], each["id"]) for each in account.door("resources")["resources"] if each["type"] in kinds}


def test_a_deploy_serves_is_repeated_without_twins_and_leaves_nothing(account: Account, project: Path) -> None:
    outputs = stack(account)
    before = account.door("resources")["resources"]
    keys = {role: [hashlib.sha256(role.encode()).hexdigest()] for role in ("admin", "runner", "reader")}
    account.client("ssm").put_parameter(Name="/benchfleet-dev/keys", Value=json.dumps(keys), Type="SecureString")

    chalice(account, project, "deploy", BENCHFLEET_STREAM_ARN=outputs["StreamArn"])
    made = of_functions(account)
    recorded = json.loads((project / ".chalice" / "deployed" / f"{STAGE}.json").read_text())["resources"]
    (api,) = [each["rest_api_id"] for each in recorded if each["resource_type"] == "rest_api"]
    url = account.ready["api_url_template"].format(rest_api_id=api, stage="api")
    with httpx.Client(base_url=url, headers={"Authorization": "Bearer admin"}, timeout=60) as client:
        run = client.post(
            "/runs", json={"workload": "mock", "per_instance_type": {"tasks": 1}, "local": [{"instance_type": "x"}]}
        )
        assert run.status_code == 201, run.text
        run_id = run.json()["run_id"]
        until(lambda: client.get(f"/runs/{run_id}").json()["tasks"]["pending"] == 1)  # the stream was counted
        assert httpx.get(f"{url}/runs").status_code == 401
        assert client.post(f"/runs/{run_id}/stop").status_code in (200, 202)
        until(lambda: client.get(f"/runs/{run_id}").json()["archive"]["state"] == "ready")  # the queue was finalized
        sweeps = lambda: account.door("calls?role=benchfleet-dev-sweep&action=dynamodb:Query")["calls"]  # noqa: E731
        until(sweeps)  # the rule fired

    assert account.door("calls?allowed=false")["calls"] == []
    chalice(account, project, "deploy", BENCHFLEET_STREAM_ARN=outputs["StreamArn"])
    assert of_functions(account) == made
    chalice(account, project, "delete", BENCHFLEET_STREAM_ARN=outputs["StreamArn"])
    account.client("ssm").delete_parameter(Name="/benchfleet-dev/keys")
    after = account.door("resources")["resources"]
    assert [each for each in after if each["type"] != "AWS::S3::Bucket"] == [
        each for each in before if each["type"] != "AWS::S3::Bucket"
    ]
