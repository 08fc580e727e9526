"""Names, addresses and options of a deploy, without AWS."""

import json
from pathlib import Path

import pytest
from benchfleet.cli.deploy import _checked_bucket, _checked_profile, _pair
from benchfleet.deploy import made
from benchfleet.deploy.functions import api_of, api_url
from benchfleet.deploy.image import Base, Repository, version_of
from benchfleet.deploy.project import Project, copy_for_chalice, find_project, function_name
from benchfleet.exceptions import UsageError

from tests.each_case import each_case

ROOT = Path(__file__).parents[2]
OUTPUTS = {
    "TableName": "benchfleet-dev", "BucketName": "benchfleet-dev-x", "FinalizeQueueName": "benchfleet-dev-finalize",
    "StreamArn": "arn:aws:dynamodb:eu-west-1:1:table/benchfleet-dev/stream/s",
}  # fmt: skip
NETWORK = {
    "Subnets": "subnet-1,subnet-2", "SecurityGroup": "sg-1", "InstanceProfileArn": "profile", "ClusterArn": "cluster",
    "TaskDefinitionAmd64": "amd", "TaskDefinitionArm64": "arm", "RunnerImage": "registry/runner@sha256:1",
    "RunnerLogGroup": "/benchfleet-dev/runners",
    "RunnerKeyParameterArn": "arn:aws:ssm:eu-west-1:123456789012:parameter/benchfleet-dev/runner-key",
}  # fmt: skip


class China:
    """Stands for `Aws`: what an address is made of."""

    region, partition = "cn-north-1", "aws-cn"


def test_the_outputs_become_variables_and_sources() -> None:
    assert made.environment(OUTPUTS)["BENCHFLEET_STREAM_ARN"] == OUTPUTS["StreamArn"]
    found = made.event_sources(OUTPUTS, partition="aws", region="eu-west-1", account="1")
    assert found == {OUTPUTS["StreamArn"], "arn:aws:sqs:eu-west-1:1:benchfleet-dev-finalize"}


def test_a_stack_with_a_network_is_a_place() -> None:
    place = made.place({**OUTPUTS, **NETWORK})
    assert (place.subnets, place.task_definitions["arm64"], place.image) == (
        ["subnet-1", "subnet-2"], "arm", "registry/runner@sha256:1",
    )  # fmt: skip


def test_the_address_is_aws_s_or_that_of_what_stands_in_for_it() -> None:
    aws: object = China()
    assert api_url(aws, "abc", environ={}) == "https://abc.execute-api.cn-north-1.amazonaws.com.cn/api"  # type: ignore[arg-type]
    template = {"BENCHFLEET_API_URL_TEMPLATE": "http://127.0.0.1:5/{rest_api_id}/{stage}/"}
    assert api_url(aws, "abc", environ=template) == "http://127.0.0.1:5/abc/api"  # type: ignore[arg-type]


def test_the_api_behind_an_address_is_found() -> None:
    ids = ["abc", "api"]
    assert api_of("https://abc.execute-api.eu-west-1.amazonaws.com/api", ids) == "abc"
    assert api_of("http://127.0.0.1:5/abc/api", ids) == "abc"
    assert api_of("https://bench.example.com", ids) is None
    assert api_of(None, ids) is None


def test_a_checkout_is_found_from_inside_and_from_anywhere(tmp_path: Path) -> None:
    assert find_project(ROOT / "docs").folder == ROOT
    assert find_project(tmp_path).folder == ROOT  # the one that this package runs from


def test_chalice_gets_a_copy_with_what_the_stack_made_and_the_checkout_stays(tmp_path: Path) -> None:
    project = find_project(ROOT)
    before = (ROOT / ".chalice" / "config.json").read_bytes()
    environment = {"BENCHFLEET_BUCKET": "benchfleet-dev-mine", "BENCHFLEET_STREAM_ARN": "arn"}
    for _ in range(2):  # once more over what is there
        copy_for_chalice(project, tmp_path / "copy", stage="dev", environment=environment)
    config = json.loads((tmp_path / "copy" / ".chalice" / "config.json").read_text())
    variables = config["stages"]["dev"]["environment_variables"]
    assert variables["BENCHFLEET_BUCKET"] == "benchfleet-dev-mine"
    assert "BENCHFLEET_STREAM_ARN" not in variables  # Chalice reads it, functions do not
    assert config["stages"]["prod"] == project.config["stages"]["prod"]
    assert not (tmp_path / "copy" / "vendor" / "benchfleet_contract").is_symlink()
    assert (tmp_path / "copy" / "vendor" / "benchfleet_contract" / "runs.py").is_file()
    assert (ROOT / ".chalice" / "config.json").read_bytes() == before


def test_functions_are_called_as_chalice_calls_them() -> None:
    assert [function_name("prod", name) for name in ("api_handler", "count")] == [
        "benchfleet-prod",
        "benchfleet-prod-count",
    ]


def test_reserved_concurrency_is_added_up(tmp_path: Path) -> None:
    functions = {"a": {"reserved_concurrency": 3}, "b": {}, "c": {"reserved_concurrency": 4}}
    assert Project(tmp_path, {"stages": {"dev": {"lambda_functions": functions}}}).reserved("dev") == 7


def test_an_image_is_named_by_what_goes_into_it(tmp_path: Path) -> None:
    source = tmp_path / "runner_image"
    source.mkdir()
    (source / "a.py").write_text("1")
    first = version_of(tmp_path, Base("ruby:3.4.7"))
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "a.pyc").write_text("compiled")
    assert version_of(tmp_path, Base("ruby:3.4.7")) == first
    assert version_of(tmp_path, Base("ruby:3.4.8")) != first
    (source / "a.py").write_text("2")
    assert version_of(tmp_path, Base("ruby:3.4.7")) != first


def test_the_name_of_a_repository_is_what_follows_its_registry() -> None:
    assert Repository("1.dkr.ecr.eu-west-1.amazonaws.com/benchfleet-dev/runner").name == "benchfleet-dev/runner"


@each_case("name", ["mine", "benchfleet-prod-mine", "benchfleet-dev-My", "benchfleet-dev-a"])
def test_a_bucket_that_the_policies_do_not_allow_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="must begin with benchfleet-dev-"):
        _checked_bucket(name, "dev")


def test_options_that_cannot_be_read_name_themselves() -> None:
    assert _pair("Zones=2") == ("Zones", "2")
    assert _checked_bucket("benchfleet-dev-mine", "dev") == "benchfleet-dev-mine"
    with pytest.raises(UsageError, match="NAME=VALUE"):
        _pair("Zones")
    with pytest.raises(UsageError, match="--profile a b"):
        _checked_profile("a b")
