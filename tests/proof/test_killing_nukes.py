"""A nuke that is killed in any step, and then run again, leaves the account as it was before the deploy.

The account is deployed once for each case, with a second region, a schedule and a machine; what lacks the tag stays.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.integration.deploy_world import Laptop, resources
from tests.integration.test_account import Account
from tests.proof.test_killing_deploys import FLAGS, empty_account

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_800)]

KILLED_AT = (
    "==> look at the account",
    "==> tags",
    "==> schedules",
    "==> machines",
    "==> event sources and rules",
    "    benchfleet-dev-sweep-event (rule): deleting",
    "==> functions",
    "    benchfleet-dev-sweep (function): deleting",
    "==> API",
    "==> machines that came meanwhile",
    "==> stack benchfleet-dev-network in eu-west-1",
    "==> stack benchfleet-dev in us-east-1",
    "==> roles",
    "    benchfleet-dev-finalize (role): deleting",
    "==> table and bucket",
    "==> what the stacks have left",
    "==> what this machine remembers",
    "==> parameters",
    "==> look for what is left",
)
NUKE = ("nuke", "--yes", "--with-results")


@pytest.mark.parametrize("line", KILLED_AT)
def test_a_kill_in_any_step_and_the_same_command_again(line: str, tmp_path: Path) -> None:
    with empty_account(tmp_path) as account:
        before = resources(account)
        laptop = deployed(account, tmp_path)
        laptop.run_and_kill(lambda told: told.startswith(line), *NUKE)
        require_nothing_left(laptop, before)


def test_a_deploy_that_was_killed_before_it_told_of_its_regions_is_removed(tmp_path: Path) -> None:
    with empty_account(tmp_path) as account:
        before, laptop = resources(account), Laptop(tmp_path, account)
        laptop.deploy_and_kill(lambda told: told.startswith("    Rest API: creating"), *FLAGS)
        require_nothing_left(laptop, before)


def deployed(account: Account, folder: Path) -> Laptop:
    """With what a stage in use has: a schedule, and a machine."""
    laptop = Laptop(folder, account)
    done = laptop.deploy("--skip-smoke-test", *FLAGS)
    assert done.code == 0, done.err
    role = account.client("iam").get_role(RoleName="benchfleet-dev-scheduler")["Role"]["Arn"]
    function = "arn:aws:lambda:us-east-1:123456789012:function:benchfleet-dev-scheduled_run"
    account.client("scheduler").create_schedule(
        GroupName="benchfleet-dev", Name="nightly", ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"}, Target={"Arn": function, "RoleArn": role},
    )  # fmt: skip
    told = account.client("ssm").get_parameter(Name="/benchfleet-dev/places")["Parameter"]["Value"]
    ec2, place = account.client("ec2"), json.loads(told)["regions"]["us-east-1"]
    ec2.run_instances(
        ImageId=ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"], MinCount=1, MaxCount=1,
        InstanceType="t3.micro", SubnetId=place["subnets"][0],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "benchfleet", "Value": "dev"}]}],
    )  # fmt: skip
    return laptop


def require_nothing_left(laptop: Laptop, before: Counter[tuple[str, str, str]]) -> None:
    done = laptop.run(*NUKE, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["left"] == []
    assert resources(laptop.account) == before
