"""A second rehearsal: the whole system on ministack, an AWS by other authors, with its IAM enforcement on.

`benchfleet deploy` makes the stack and the functions, and ends with its smoke test: a run from its request to its archive
through the deployed API, with the functions that stream and queue invoke. Then a schedule fires, and a role without its
policy is refused. What ministack needs for it is in `tests/contract/ministack/app`; the differences are in docs/emulator.md.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchfleet.profiles.file import read_profiles

from local_emulator.account.lambdas.package import RUNTIME
from tests.contract import ministack_server
from tests.integration.deploy_world import CACHE, ROOT

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_800)]
APP = Path(ministack_server.__file__).parent / "ministack" / "app"
COMMAND = (sys.executable, "-m", "benchfleet.cli.main", "deploy", "--skip-image", "--yes")
DEPLOY_S, DELETE_S, DEADLINE_S = 900, 600, 240


@dataclass(frozen=True)
class Ministack:
    """One account, and the laptop that deploys to it."""

    url: str
    folder: Path

    def client(self, service: str) -> Any:
        return ministack_server.client(self.url, service)

    def run(self, command: list[str], seconds: int, *, folder: Path = ROOT, **more: str) -> str:
        """What it wrote. `folder` is where it runs."""
        done = subprocess.run(
            command, cwd=folder, env=self._environment() | more, capture_output=True, text=True, timeout=seconds
        )
        assert done.returncode == 0, f"{done.stdout[-3_000:]}\n{done.stderr[-6_000:]}"
        return done.stderr + done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BENCHFLEET_"))},
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": ministack_server.REGION,
            "AWS_DEFAULT_REGION": ministack_server.REGION,
            "BENCHFLEET_API_URL_TEMPLATE": f"{self.url}/restapis/{{rest_api_id}}/{{stage}}/_user_request_",
            "BENCHFLEET_CONFIG": str(self.folder / "config.toml"),
            "XDG_CACHE_HOME": str(CACHE),
            "XDG_STATE_HOME": str(self.folder / "state"),
        }

    def api(self) -> httpx.Client:
        found = read_profiles(self.folder / "config.toml").profiles["aws-dev"]
        return httpx.Client(base_url=str(found.api_url), headers={"Authorization": f"Bearer {found.key}"}, timeout=60)

    def things(self) -> set[tuple[str, str]]:
        """Everything that a deploy makes, by kind and name."""
        return {(kind, str(name)) for kind, names in _LISTS.items() for name in names(self.client)}

    def names(self, kind: str) -> set[str]:
        return {name for found, name in self.things() if found == kind}


Lister = Callable[[Callable[[str], Any]], list[str]]
_LISTS: dict[str, Lister] = {
    "stack": lambda of: [it["StackName"] for it in of("cloudformation").describe_stacks()["Stacks"]],
    "table": lambda of: of("dynamodb").list_tables()["TableNames"],
    "bucket": lambda of: [it["Name"] for it in of("s3").list_buckets()["Buckets"]],
    "queue": lambda of: of("sqs").list_queues().get("QueueUrls", []),
    "topic": lambda of: [it["TopicArn"] for it in of("sns").list_topics()["Topics"]],
    "role": lambda of: [it["RoleName"] for it in of("iam").list_roles()["Roles"]],
    "profile": lambda of: [it["Arn"] for it in of("iam").list_instance_profiles()["InstanceProfiles"]],
    "function": lambda of: [it["FunctionName"] for it in of("lambda").list_functions()["Functions"]],
    "source": lambda of: [
        it["EventSourceArn"].partition("/stream/")[0]
        for it in of("lambda").list_event_source_mappings()["EventSourceMappings"]
    ],
    "api": lambda of: [it["id"] for it in of("apigateway").get_rest_apis()["items"]],
    "rule": lambda of: [it["Name"] for it in of("events").list_rules()["Rules"]],
    "schedule": lambda of: [it["Name"] for it in of("scheduler").list_schedules()["Schedules"]],
    "schedule group": lambda of: [it["Name"] for it in of("scheduler").list_schedule_groups()["ScheduleGroups"]],
    "parameter": lambda of: [it["Name"] for it in of("ssm").describe_parameters()["Parameters"]],
    "log group": lambda of: [it["logGroupName"] for it in of("logs").describe_log_groups()["logGroups"]],
    "alarm": lambda of: [it["AlarmName"] for it in of("cloudwatch").describe_alarms()["MetricAlarms"]],
    "dashboard": lambda of: [it["DashboardName"] for it in of("cloudwatch").list_dashboards()["DashboardEntries"]],
    "repository": lambda of: [it["repositoryName"] for it in of("ecr").describe_repositories()["repositories"]],
    "cluster": lambda of: of("ecs").list_clusters()["clusterArns"],
    "task definition": lambda of: of("ecs").list_task_definitions()["taskDefinitionArns"],
    "network": lambda of: [it["VpcId"] for it in of("ec2").describe_vpcs()["Vpcs"]],
    "subnet": lambda of: [it["SubnetId"] for it in of("ec2").describe_subnets()["Subnets"]],
    "security group": lambda of: [it["GroupId"] for it in of("ec2").describe_security_groups()["SecurityGroups"]],
}


@pytest.fixture
def ministack(tmp_path: Path) -> Iterator[Ministack]:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for found in (Path(each) for each in sys.path if each.endswith("site-packages")):
        for name in RUNTIME:
            for source in (found / name, found / f"{name}.py"):
                if source.exists():
                    (runtime / source.name).symlink_to(source)
    environment = {"AUTH": "true", "PYTHONPATH": str(APP), "RUNTIME_MODULES": str(runtime)}
    try:
        with ministack_server.ministack(tmp_path, environment=environment, app="repaired:app") as url:
            yield Ministack(url, tmp_path)
    except ministack_server.Unavailable as reason:
        pytest.skip(str(reason))


def until(look: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(1)
    raise AssertionError(f"not within {DEADLINE_S} s: {what}")


def test_a_deploy_a_run_a_schedule_and_nothing_left(ministack: Ministack) -> None:
    before = ministack.things()
    told = ministack.run(list(COMMAND), DEPLOY_S)
    assert "Smoke test: run " in told  # claimed, uploaded, counted by the stream, archived by the queue, deleted
    made = ministack.things()
    with ministack.api() as api:
        require_own_policy(ministack, api)
        require_schedule(api)
    names = ("count", "finalize", "schedules", "scheduled_run")  # not the sweep: ministack runs no rule by its time
    wanted = {"benchfleet-dev", *(f"benchfleet-dev-{name}" for name in names)}
    until(lambda: invoked(ministack) >= wanted, "every function was invoked")

    ministack.run([*COMMAND, "--skip-smoke-test"], DEPLOY_S)
    assert ministack.things() == made  # no twins
    delete(ministack)
    assert ministack.things() == before


def require_own_policy(ministack: Ministack, api: httpx.Client) -> None:
    """The API's function is who its role is: with a refusal in its policy, and nothing else changed, it cannot read."""
    assert api.get("/runs").status_code == 200
    iam, role = ministack.client("iam"), {"RoleName": "benchfleet-dev-api_handler", "PolicyName": "refused"}
    refusal = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "dynamodb:Query", "Resource": "*"}]}
    iam.put_role_policy(**role, PolicyDocument=json.dumps(refusal))
    assert api.get("/runs").status_code >= 500
    iam.delete_role_policy(**role)
    assert api.get("/runs").status_code == 200


def require_schedule(api: httpx.Client) -> None:
    """It fires once, and makes a run."""
    run = {"workload": "mock", "per_instance_type": {"tasks": 1}, "local": [{"instance_type": "x"}]}
    at = (datetime.now(UTC) + timedelta(seconds=20)).replace(microsecond=0, tzinfo=None)
    made = api.post("/schedules", json={"name": "once", "expression": f"at({at.isoformat()})", "run": run})
    assert made.status_code == 201, made.text

    def fired() -> Any:
        return [it for it in api.get("/runs").json()["runs"] if it["run_id"].startswith("once-")]

    (found,) = until(fired, "the schedule makes its run")
    assert api.post(f"/runs/{found['run_id']}/stop").status_code in (200, 202)
    ready = lambda: api.get(f"/runs/{found['run_id']}").json()["archive"]["state"] == "ready"  # noqa: E731
    until(ready, "the run's archive")
    assert api.delete("/schedules/once").status_code in (200, 202, 204)
    until(lambda: api.get("/schedules/once").status_code == 404, "the schedule is deleted")


def invoked(ministack: Ministack) -> set[str]:
    """Functions with a line in their log."""
    logs = ministack.client("logs")
    names = ministack.names("function")
    return {name for name in names if logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]}


def delete(ministack: Ministack) -> None:
    """By hand, as docs/deploy.md says: functions by Chalice, then the stack, then what outlives it."""
    (copy,) = (CACHE / "benchfleet" / "deploy").glob(f"{ministack_server.ACCOUNT}-{ministack_server.REGION}-dev")
    chalice = [
        sys.executable,
        "-c",
        "import sys; from chalice.cli import main; sys.argv[0] = 'chalice'; sys.exit(main())",
    ]
    stream = ministack.client("dynamodb").describe_table(TableName="benchfleet-dev")["Table"]["LatestStreamArn"]
    ministack.run([*chalice, "delete", "--stage", "dev"], DELETE_S, folder=copy, BENCHFLEET_STREAM_ARN=stream)
    stacks = ministack.client("cloudformation")
    stacks.delete_stack(StackName="benchfleet-dev")
    until(lambda: not ministack.names("stack"), "the stack is deleted")
    ministack.client("dynamodb").delete_table(TableName="benchfleet-dev")
    for name in ministack.names("bucket"):
        empty(ministack.client("s3"), name)
    for name in ministack.names("parameter"):
        if name.startswith("/benchfleet-dev/"):
            ministack.client("ssm").delete_parameter(Name=name)


def empty(s3: Any, bucket: str) -> None:
    """And delete it."""
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
        s3.delete_object(Bucket=bucket, Key=found["Key"])
    s3.delete_bucket(Bucket=bucket)
