"""Tasks of ECS in an emulated account: before their container starts, all that it needs is taken with the execution role."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.test_account import Account, allow, until

KIND = "application/vnd.docker.distribution.manifest.v2+json"
ECR = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
STEPS = (  # what the role may in turn, and why its task stops before it may more
    (None, "unable to retrieve secrets from ssm", "ssm:GetParameters"),
    (
        allow("ssm:GetParameters", "arn:aws:ssm:*:*:parameter/key"),
        "CannotPullContainerError",
        "ecr:GetAuthorizationToken",
    ),
    (allow(["ecr:GetAuthorizationToken", *ECR], "*"), "failed to validate logger args", "logs:CreateLogStream"),
)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    running = Account(tmp_path, "--account")
    yield running
    assert running.end() == 0, running.errors


def push(account: Account) -> str:
    """An image of nothing."""
    ecr = account.client("ecr")
    uri: str = ecr.create_repository(repositoryName="it")["repository"]["repositoryUri"]
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    headers = {"Authorization": f"Basic {token}", "Content-Type": KIND}
    address = f"{account.ready['aws_endpoint_url']}/v2/it/manifests/latest"
    httpx.put(address, headers=headers, json={"schemaVersion": 2, "mediaType": KIND, "layers": []}).raise_for_status()
    return uri


def defined(account: Account, role: str) -> None:
    """As the stack's: no memory of the container's own, a secret, a log."""
    account.client("ssm").put_parameter(Name="/key", Value="secret", Type="SecureString")
    account.client("logs").create_log_group(logGroupName="/tasks")
    account.client("ecs").create_cluster(clusterName="it")
    options = {"awslogs-group": "/tasks", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}
    account.client("ecs").register_task_definition(
        family="it", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        executionRoleArn=role,
        containerDefinitions=[
            {
                "name": "runner", "image": push(account), "command": ["--help"],
                "secrets": [{"name": "KEY", "valueFrom": "arn:aws:ssm:us-east-1:123456789012:parameter/key"}],
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            }
        ],
    )  # fmt: skip


def stopped(account: Account) -> dict[str, Any]:
    ecs, ec2 = account.client("ecs"), account.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet]}}
    (task,) = ecs.run_task(
        cluster="it", taskDefinition="it", launchType="FARGATE", networkConfiguration=network
    )["tasks"]  # fmt: skip

    def found() -> Any:
        (shown,) = ecs.describe_tasks(cluster="it", tasks=[task["taskArn"]])["tasks"]
        return shown if shown["lastStatus"] == "STOPPED" else None

    return dict(until(found))


@pytest.mark.proof
def test_a_task_starts_once_its_execution_role_may_all_that_it_takes(account: Account) -> None:
    role = account.role("execution")
    defined(account, role)
    given: list[dict[str, Any]] = []
    iam = account.client("iam")
    for statement, why, action in STEPS:
        given += [statement] if statement else []
        iam.put_role_policy(RoleName="execution", PolicyName="own", PolicyDocument=document(given))
        reason = stopped(account)["stoppedReason"]
        assert (why in reason, action in reason) == (True, True), reason
    given.append(allow(["logs:CreateLogStream", "logs:PutLogEvents"], "arn:aws:logs:*:*:log-group:/tasks:*"))
    iam.put_role_policy(RoleName="execution", PolicyName="own", PolicyDocument=document(given))
    assert stopped(account)["containers"][0]["exitCode"] == 0
    taken = {call["action"] for call in account.door("calls?role=execution&allowed=true")["calls"]}
    assert taken == {
        "ssm:GetParameters", "ecr:GetAuthorizationToken", *ECR, "logs:CreateLogStream", "logs:PutLogEvents",
    }  # fmt: skip


def document(statements: list[dict[str, Any]]) -> str:
    nothing = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::nowhere/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [nothing, *statements]})
