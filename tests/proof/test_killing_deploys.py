"""A deploy that is killed after any step, and then run again, ends where an undisturbed one ends; nothing is leaked.

Each case has an empty account of its own: the deploy is killed (with all processes that it had started, or alone), then repeated,
and everything in the account is compared with what one undisturbed deploy made of another.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from benchfleet.profiles.file import read_profiles

from tests.integration.deploy_world import Laptop, resources
from tests.integration.test_account import Account

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_800)]

FLAGS = ("--also-region", "eu-west-1")
# One line in each step, and each kind of thing that Chalice makes: what comes after it is not done.
KILLED_AT = (
    "==> check the account",
    "==> stack benchfleet-dev",
    "    Table (AWS::DynamoDB::Table): create complete",
    "    Dashboard (AWS::CloudWatch::Dashboard): create complete",
    "==> network in eu-west-1",
    "==> keys",
    "==> functions and API",
    "    benchfleet-dev-sweep (IAM role): creating",
    "    benchfleet-dev-finalize (lambda function): creating",
    "    benchfleet-dev-finalize to SQS queue",
    "    benchfleet-dev-count to DynamoDB stream",
    "    benchfleet-dev (lambda function): creating",
    "    Rest API: creating",
    "==> places for machines",
    "==> profile aws-dev",
    "==> smoke test",
)
Things = Counter[tuple[str, str, str]]


@contextmanager
def empty_account(folder: Path) -> Iterator[Account]:
    running = Account(folder, "--account")
    try:
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Things:
    folder = tmp_path_factory.mktemp("undisturbed")
    with empty_account(folder) as account:
        done = Laptop(folder, account).deploy(*FLAGS)
        assert done.code == 0, done.err
        assert account.door("calls?allowed=false")["calls"] == []  # no function's policy lacks anything
        return resources(account)


@pytest.mark.parametrize("line", KILLED_AT)
def test_a_kill_at_any_step_and_the_same_command_again(line: str, undisturbed: Things, tmp_path: Path) -> None:
    with empty_account(tmp_path) as account:
        laptop = Laptop(tmp_path, account)
        laptop.deploy_and_kill(lambda told: told.startswith(line), *FLAGS)
        require_whole(laptop, undisturbed)


@pytest.mark.parametrize("line", ["    benchfleet-dev-finalize (lambda function)", "    Rest API: creating"])
def test_chalice_works_on_alone_and_the_next_command_waits_for_it(
    line: str, undisturbed: Things, tmp_path: Path
) -> None:
    with empty_account(tmp_path) as account:
        laptop = Laptop(tmp_path, account)
        laptop.deploy_and_kill(lambda told: told.startswith(line), *FLAGS, alone=True)
        require_whole(laptop, undisturbed)


def test_another_machine_goes_on_where_one_was_killed(undisturbed: Things, tmp_path: Path) -> None:
    """It has no key of the one that died, and says so."""
    with empty_account(tmp_path) as account:
        Laptop(tmp_path / "one", account).deploy_and_kill(lambda told: "count to DynamoDB stream" in told, *FLAGS)
        other = Laptop(tmp_path / "other", account)
        done = other.deploy(*FLAGS)
        assert (done.code, "--new-key" in done.err) == (0, True), done.err
        assert resources(account) == undisturbed
        more = other.deploy("--new-key", *FLAGS)
        assert more.code == 0, more.err
        assert "Smoke test: run " in more.out
        assert resources(account) == undisturbed


def test_a_plan_after_it_tells_of_code_only_and_changes_nothing(tmp_path: Path) -> None:
    with empty_account(tmp_path) as account:
        laptop = Laptop(tmp_path, account)
        assert laptop.deploy("--skip-smoke-test").code == 0
        before = resources(account)
        planned = laptop.deploy("--plan", "--json")
        assert planned.code == 0, planned.err
        changes = json.loads(planned.out)["changes"]
        assert {(change["stack"], change["action"]) for change in changes} <= {(None, "update"), (None, "add")}
        assert all(change["details"] in (["code"], []) for change in changes)
        assert resources(account) == before


def test_a_second_api_of_the_stage_is_removed_and_the_known_address_stays(tmp_path: Path) -> None:
    with empty_account(tmp_path) as account:
        laptop = Laptop(tmp_path, account)
        assert laptop.deploy("--skip-smoke-test").code == 0
        before, url = resources(account), read_profiles(laptop.profiles).profiles["aws-dev"].api_url
        twin = second_api(account)
        done = laptop.deploy("--json")
        assert done.code == 0, done.err
        assert json.loads(done.out)["api_url"] == url
        assert f"{twin} (second API of this stage): deleting" in done.err
        assert resources(account) == before


def second_api(account: Account) -> str:
    """As a `chalice deploy` makes it that does not know of the first."""
    apis = account.client("apigateway")
    twin = str(apis.create_rest_api(name="benchfleet")["id"])
    root = apis.get_resources(restApiId=twin)["items"][0]["id"]
    apis.put_method(restApiId=twin, resourceId=root, httpMethod="GET", authorizationType="NONE")
    handler = "arn:aws:lambda:us-east-1:123456789012:function:benchfleet-dev"
    apis.put_integration(
        restApiId=twin, resourceId=root, httpMethod="GET", type="AWS_PROXY", integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{handler}/invocations",
    )  # fmt: skip
    return twin


def require_whole(laptop: Laptop, undisturbed: Things) -> None:
    done = laptop.deploy(*FLAGS)
    assert done.code == 0, done.err
    assert "Smoke test: run " in done.out
    assert resources(laptop.account) == undisturbed
    assert read_profiles(laptop.profiles).profiles["aws-dev"].key
    assert list((laptop.folder / "state").rglob("*.key")) == []
