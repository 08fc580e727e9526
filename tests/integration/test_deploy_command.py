"""`benchfleet deploy` into an emulated account: refused, planned, killed, repeated, from another machine; and back to nothing.

The tests of `make proof` follow each other: one account goes through them all. They are there because Chalice builds the
package for them, and each function is a process.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from benchfleet import exit_codes
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.keyring import digest
from benchfleet.deploy.stacks import Stack, Stacks
from benchfleet.profiles.file import read_profiles

from tests.integration.command_line import CommandLine, command_line
from tests.integration.deploy_world import Laptop, resources
from tests.integration.test_account import Account


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    running = Account(tmp_path_factory.mktemp("account"), "--account")
    yield running
    running.end()


@pytest.fixture(scope="module")
def laptop(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    return Laptop(tmp_path_factory.mktemp("laptop"), account)


def parameter(account: Account, name: str) -> str:
    found = account.client("ssm").get_parameter(Name=f"/benchfleet-dev/{name}", WithDecryption=True)
    return str(found["Parameter"]["Value"])


@pytest.fixture
def command(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """`benchfleet` in this process, with the environment of a laptop."""
    for name, value in Laptop(tmp_path, account).environment().items():
        monkeypatch.setenv(name, value)
    return command_line(capsys)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """`benchfleet` in this process, on a laptop that neither has keys nor reaches an account."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "BENCHFLEET_"))]:
        monkeypatch.delenv(name)
    told = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    files = ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "BENCHFLEET_CONFIG", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    for name, value in {**told, **dict.fromkeys(files, str(tmp_path / "none"))}.items():
        monkeypatch.setenv(name, value)
    return command_line(capsys)


def refused(command: CommandLine, code: int, *flags: str) -> str:
    """What it says. Nothing was changed."""
    done = command("deploy", "--skip-image", "--yes", *flags)
    assert (done.code, done.out) == (code, ""), done.err
    return done.err


def test_without_credentials_it_says_how_to_get_some(alone: CommandLine) -> None:
    said = refused(alone, exit_codes.AUTH)
    assert "no AWS credentials were found. Remedy: log in again" in said
    assert said.endswith("Left behind: nothing was changed.\n")


@pytest.mark.system
def test_keys_that_aws_does_not_know_or_take_are_told_apart(
    command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    assert "check AWS_SECRET_ACCESS_KEY" in refused(command, exit_codes.AUTH)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUNKNOWN")
    assert "AWS does not know these credentials" in refused(command, exit_codes.AUTH)


@pytest.mark.system
def test_a_user_without_permissions_is_told_which_one_he_lacks(
    command: CommandLine, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = account.client("iam")
    iam.create_user(UserName="guest")
    allowed = {"Effect": "Allow", "Action": ["ec2:Describe*", "sts:*"], "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="guest", PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName="guest")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    said = refused(command, exit_codes.AUTH)
    assert "user/guest lacks the permission ssm:GetParameter on " in said
    assert said.endswith("Left behind: nothing was changed.\n")
    iam.delete_access_key(UserName="guest", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="guest", PolicyName="own")
    iam.delete_user(UserName="guest")


@pytest.mark.system
def test_a_bucket_name_that_is_taken_is_told_before_anything_is_made(command: CommandLine, account: Account) -> None:
    s3, before = account.client("s3"), resources(account)
    s3.create_bucket(Bucket="benchfleet-dev-far", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    said = refused(command, exit_codes.INVALID_CONFIG, "--bucket", "benchfleet-dev-far")
    assert "the bucket name benchfleet-dev-far is taken, by a bucket of this account in eu-west-1. Remedy: " in said
    assert said.endswith("Left behind: nothing was changed.\n")
    s3.delete_bucket(Bucket="benchfleet-dev-far")
    assert resources(account) == before


def test_in_a_pipe_it_asks_nothing_and_does_nothing(alone: CommandLine) -> None:
    done = alone("deploy", "--skip-image")
    assert (done.code, "add --yes" in done.err) == (exit_codes.USAGE, True)


@pytest.mark.system
def test_a_nuke_ends_what_has_the_tag_and_nothing_else(account: Account, command: CommandLine) -> None:
    before, mine = resources(account), account.client("sqs").create_queue(QueueName="benchfleet-dev-mine")["QueueUrl"]
    account.client("sqs").create_queue(QueueName="forgotten", tags={"benchfleet": "dev"})
    account.client("ssm").put_parameter(
        Name="/benchfleet-dev/runner-key",
        Value="secret",
        Type="SecureString",
        Tags=[{"Key": "benchfleet", "Value": "dev"}],
    )
    assert command("nuke").code == exit_codes.USAGE  # nobody can be asked
    told = command("nuke", "--yes", "--with-results", "--json").document()
    assert (told["left"], told["strangers"]) == ([], [])
    assert resources(account) - before == Counter({("AWS::SQS::Queue", "us-east-1", "benchfleet-dev-mine"): 1})
    account.client("sqs").delete_queue(QueueUrl=mine)


@pytest.mark.system
def test_a_plan_of_an_empty_account_changes_nothing(account: Account, command: CommandLine) -> None:
    before = resources(account)
    changes = command("deploy", "--plan", "--json").document()["changes"]
    assert {"add"} == {change["action"] for change in changes}
    assert {"Table", "Bucket", "benchfleet-dev", "benchfleet-dev-count"} <= {change["name"] for change in changes}
    assert resources(account) == before


@pytest.mark.proof
def test_a_kill_while_the_functions_are_made_leaves_no_record_and_no_secret_in_its_lines(
    account: Account, laptop: Laptop
) -> None:
    said = laptop.deploy_and_kill(lambda line: "benchfleet-dev-count to DynamoDB stream" in line)
    assert "    Table (AWS::DynamoDB::Table): create complete" in said
    key = next((laptop.folder / "state").rglob("*.key")).read_text().strip()
    assert json.loads(parameter(account, "keys"))["admin"] == [digest(key)]
    for secret in (key, parameter(account, "runner-key")):
        assert secret not in "\n".join(said)
    assert not laptop.profiles.exists()


@pytest.mark.proof
def test_the_same_command_goes_on_where_it_was_killed(account: Account, laptop: Laptop) -> None:
    """Functions run in tests/proof/test_killing_deploys.py: their starts cost more than all of this."""
    done = laptop.deploy("--json", "--skip-smoke-test")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert (told["keys_made"], told["profile"], told["smoke_test"]) == (False, "aws-dev", None)
    kept = read_profiles(laptop.profiles)
    profile = kept.profiles["aws-dev"]
    assert (profile.api_url, kept.default) == (told["api_url"], "aws-dev")
    assert json.loads(parameter(account, "keys"))["admin"] == [digest(profile.key or "")]
    assert list((laptop.folder / "state").rglob("*.key")) == []
    assert laptop.profiles.stat().st_mode & 0o777 == 0o600
    places = json.loads(parameter(account, "places"))
    assert (places["api_url"], sorted(places["regions"])) == (told["api_url"], ["us-east-1"])
    mappings = account.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    sources = [mapping["EventSourceArn"] for mapping in mappings]
    assert len(sources) == len(set(sources)) > 1
    assert len(account.client("apigateway").get_rest_apis()["items"]) == 1
    for secret in (profile.key or "", parameter(account, "runner-key")):
        assert secret not in done.out + done.err


@pytest.mark.proof
def test_unknown_routes_have_the_words_of_our_api(laptop: Laptop) -> None:
    url = read_profiles(laptop.profiles).profiles["aws-dev"].api_url
    answer = httpx.get(f"{url}/no/such/route")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_route")


@pytest.mark.proof
def test_logs_are_lines_of_functions_and_machines_in_order(account: Account, command: CommandLine) -> None:
    logs, now = account.client("logs"), round(time.time() * 1000)
    for group, stream, ago, text in (
        ("/aws/lambda/benchfleet-dev-sweep", "s", 3_000, "swept run-1"),
        ("/benchfleet-dev/runners", "bf-12345678-0/runner-1", 2_000, "claimed run-1\x1b[2J"),
        ("/benchfleet-dev/runners", "bf-12345678-1/runner-1", 1_000, "claimed run-2"),
        ("/aws/lambda/benchfleet-dev-sweep", "s", 7_200_000, "long ago"),
    ):
        if not logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream)["logStreams"]:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        logs.put_log_events(
            logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": now - ago, "message": text}]
        )

    def told(*flags: str) -> list[tuple[str, str]]:
        done = command("logs", "--json", *flags)
        assert done.code == 0, done.err
        lines = [json.loads(line) for line in done.out.splitlines()]
        return [(line["source"], line["text"]) for line in lines]

    swept, first = ("sweep", "swept run-1"), ("bf-12345678-0/runner-1", "claimed run-1\x1b[2J")
    assert told("--run-id", "run-1") == [swept, first]
    of_sweep = told("--function", "sweep")  # it has run meanwhile, too
    assert swept in of_sweep
    assert ("sweep", "long ago") not in of_sweep
    assert {source for source, _ in of_sweep} == {"sweep"}
    assert told("--launch", "bf-12345678-0") == [first]
    assert "\x1b" not in command("logs", "--launch", "bf-12345678-0").out
    assert command("logs", "--function", "nothing").code == exit_codes.USAGE
    assert command("logs", "--since", "soon").code == exit_codes.USAGE


@pytest.mark.proof
def test_a_nuke_shows_what_there_is_and_asks_before_it_changes_anything(account: Account, command: CommandLine) -> None:
    before = resources(account)
    assert command("nuke").code == exit_codes.USAGE
    assert command("nuke", "--run-id", "r", "--with-results", "--yes").code == exit_codes.USAGE
    told = command("nuke", "--plan", "--json").document()
    kinds = Counter(found["kind"] for found in told["found"])
    assert kinds.items() >= {"stack": 1, "API": 1, "parameter": 3, "function": kinds["function"]}.items()
    assert (sorted(kept["kind"] for kept in told["kept"]), told["left"]) == (["bucket", "table"], [])
    assert resources(account) == before


@pytest.mark.proof
def test_a_killed_nuke_and_the_same_command_again_leave_the_account_as_it_was(
    account: Account, laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only what lacks the tag stays, whatever its name says."""
    account.client("sqs").create_queue(QueueName="benchfleet-dev-mine")
    account.client("sqs", "eu-west-1").create_queue(QueueName="forgotten", tags={"benchfleet": "dev"})
    image = account.client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    tags = [{"Key": "benchfleet", "Value": "dev"}, {"Key": "benchfleet:run", "Value": "run-1"}]
    subnets = json.loads(parameter(account, "places"))["regions"]["us-east-1"]["subnets"]
    account.client("ec2").run_instances(
        ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=subnets[0],
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )  # fmt: skip
    said = laptop.run_and_kill(lambda line: line == "==> API", "nuke", "--yes")
    assert any(line.endswith("(instance): ending") for line in said)
    for name, value in laptop.environment().items():
        monkeypatch.setenv(name, value)
    done = command_line(capsys)("nuke", "--yes", "--with-results", "--also-region", "eu-west-1", "--json")
    told = done.document()
    assert (done.code, told["left"], told["strangers"]) == (0, [], [])
    assert resources(account) == Counter({("AWS::SQS::Queue", "us-east-1", "benchfleet-dev-mine"): 1})
    assert "aws-dev" not in read_profiles(laptop.profiles).profiles


# And of an account in which nothing is deployed.


class Told:
    """What a deploy tells: the display's part of it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.resources: list[tuple[str, str, str]] = []

    def step(self, words: str) -> None:
        self.notes.append(words)

    def resource(self, name: str, kind: str, state: str) -> None:
        self.resources.append((name, kind, state))

    def note(self, words: str) -> None:
        self.notes.append(words)


def a_stack(**repositories: str) -> Stack:
    resources = {
        name: {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": repository}}
        for name, repository in repositories.items()
    }
    return Stack("small", "us-east-1", json.dumps({"Resources": resources}), {}, {"benchfleet": "dev"})


@pytest.mark.proof
def test_a_region_that_does_not_exist_is_named_with_those_that_do(command: CommandLine) -> None:
    said = refused(command, exit_codes.USAGE, "--also-region", "eu-nowhere-1")
    assert "AWS has no region eu-nowhere-1; it has: " in said
    assert "eu-west-1" in said


@pytest.mark.proof
def test_a_region_full_of_vpcs_is_a_quota(command: CommandLine, account: Account) -> None:
    ec2 = account.client("ec2", "eu-north-1")
    made = [ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for _ in range(5)]
    said = refused(command, exit_codes.INFRASTRUCTURE, "--region", "eu-north-1")
    assert "VPCs, and the account's quota there is 5. Remedy: remove one" in said
    for vpc in made:
        ec2.delete_vpc(VpcId=vpc)


@pytest.mark.proof
@pytest.mark.usefixtures("command")
def test_a_creation_that_failed_is_explained_and_the_next_one_begins_anew(account: Account) -> None:
    account.client("ecr").create_repository(repositoryName="taken")
    told = Told()
    stacks = Stacks(Aws("us-east-1"), told)
    with pytest.raises(DeployError) as failed:
        stacks.apply(a_stack(Mine="mine", Theirs="taken"))
    assert failed.value.problem.startswith(
        "stack small in us-east-1 is ROLLBACK_COMPLETE: Theirs (AWS::ECR::Repository): "
    )
    assert failed.value.remedy.startswith("that name is taken")
    assert told.resources[:2] == [
        ("Mine", "AWS::ECR::Repository", "create complete"), ("Theirs", "AWS::ECR::Repository", "create failed"),
    ]  # fmt: skip
    stacks.apply(a_stack(Mine="mine"))
    assert stacks.status(a_stack()) == "CREATE_COMPLETE"
    (cause,) = told.notes
    assert cause.startswith("stack small could not be created last time: Theirs (AWS::ECR::Repository): ")
    assert stacks.plan(a_stack(Mine="mine")) == []
    assert [(it.action, it.name) for it in stacks.plan(a_stack(Mine="mine", More="more"))] == [("add", "More")]
    with pytest.raises(DeployError, match="UPDATE_ROLLBACK_COMPLETE"):
        stacks.apply(a_stack(Mine="mine", Theirs="taken"))
    stacks.apply(a_stack(Mine="mine", More="more"))
    assert stacks.status(a_stack()) == "UPDATE_COMPLETE"
    account.client("cloudformation").delete_stack(StackName="small")
    account.client("ecr").delete_repository(repositoryName="taken")


@pytest.mark.proof
def test_a_nuke_finds_what_is_left_of_a_stage_alone(account: Account, command: CommandLine) -> None:
    account.client("sqs").create_queue(QueueName="alone", tags={"benchfleet": "dev"})
    told = command("nuke", "--yes", "--json").document()
    assert ([it["name"].rpartition(":")[2] for it in told["found"]], told["left"]) == (["alone"], [])
