"""Change sets of the emulated account: they make, change and fail as CloudFormation's do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.test_account import Account

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    running = Account(tmp_path_factory.mktemp("account"), "--account")
    yield running
    running.end()


def template(**queues: str) -> str:
    resources = {
        name: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": queue}} for name, queue in queues.items()
    }
    outputs = {name: {"Value": {"Fn::GetAtt": [name, "QueueName"]}} for name in queues}
    return json.dumps({"Resources": resources, "Outputs": outputs})


def change(cloudformation: Any, stack: str, kind: str, body: str) -> None:
    cloudformation.create_change_set(StackName=stack, ChangeSetName="c", ChangeSetType=kind, TemplateBody=body)
    cloudformation.execute_change_set(StackName=stack, ChangeSetName="c")


def described(cloudformation: Any, stack: str) -> Any:
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return found["StackStatus"], {it["OutputKey"]: it["OutputValue"] for it in found.get("Outputs", [])}


def test_a_stack_is_made_and_changed_with_outputs_and_an_event_for_each_resource(account: Account) -> None:
    cloudformation = account.client("cloudformation")
    change(cloudformation, "one", "CREATE", template(First="first"))
    assert described(cloudformation, "one") == ("CREATE_COMPLETE", {"First": "first"})
    change(cloudformation, "one", "UPDATE", template(First="first", Second="second"))
    assert described(cloudformation, "one") == ("UPDATE_COMPLETE", {"First": "first", "Second": "second"})
    events = cloudformation.describe_stack_events(StackName="one")["StackEvents"][::-1]
    assert [(it["LogicalResourceId"], it["ResourceStatus"]) for it in events if it["LogicalResourceId"] != "one"] == [
        ("First", "CREATE_COMPLETE"), ("Second", "CREATE_COMPLETE"),
    ]  # fmt: skip
    assert cloudformation.list_change_sets(StackName="one")["Summaries"] == []


def test_a_change_set_that_was_never_executed_is_taken_up_again_and_changes_nothing(account: Account) -> None:
    cloudformation = account.client("cloudformation")
    for _ in range(2):
        cloudformation.create_change_set(
            StackName="two", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=template(Kept="kept")
        )
    assert described(cloudformation, "two") == ("REVIEW_IN_PROGRESS", {})
    cloudformation.execute_change_set(StackName="two", ChangeSetName="c")
    assert described(cloudformation, "two") == ("CREATE_COMPLETE", {"Kept": "kept"})
    with pytest.raises(ClientError, match="already exists"):
        change(cloudformation, "two", "CREATE", template(Kept="kept"))


def test_a_change_set_names_what_changes_and_not_what_only_has_names_of_zones(account: Account) -> None:
    cloudformation = account.client("cloudformation", region="eu-west-1")
    body = json.loads(template(Kept="kept"))
    zone = {"Fn::Select": ["1", {"Fn::GetAZs": ""}]}
    body["Resources"]["Vpc"] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    subnet = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/20", "AvailabilityZone": zone}
    body["Resources"]["Subnet"] = {"Type": "AWS::EC2::Subnet", "Properties": subnet}
    change(cloudformation, "far", "CREATE", json.dumps(body))
    for name in ("first", "second"):  # an update leaves names of zones, too
        body["Resources"]["New"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}
        asked = {"StackName": "far", "ChangeSetName": name, "ChangeSetType": "UPDATE", "TemplateBody": json.dumps(body)}
        cloudformation.create_change_set(**asked)
        planned = cloudformation.describe_change_set(StackName="far", ChangeSetName=name)["Changes"]
        assert [it["ResourceChange"]["LogicalResourceId"] for it in planned] == ["New"]
        cloudformation.execute_change_set(StackName="far", ChangeSetName=name)


@pytest.mark.proof
def test_a_creation_that_fails_is_rolled_back_and_has_no_outputs(account: Account) -> None:
    cloudformation = account.client("cloudformation")
    account.client("ecr").create_repository(repositoryName="taken")
    body = json.loads(template(Mine="mine"))
    body["Resources"]["Taken"] = {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "taken"}}
    change(cloudformation, "three", "CREATE", json.dumps(body))
    assert described(cloudformation, "three") == ("ROLLBACK_COMPLETE", {})
    assert "mine" not in str(account.client("sqs").list_queues().get("QueueUrls"))


@pytest.mark.proof
def test_an_api_is_tagged_where_it_is(account: Account) -> None:
    apis = account.client("apigateway")
    made = apis.create_rest_api(name="mine", tags={"a": "1"})["id"]
    apis.tag_resource(resourceArn=f"arn:aws:apigateway:us-east-1::/restapis/{made}", tags={"b": "2"})
    assert apis.get_rest_api(restApiId=made)["tags"] == {"a": "1", "b": "2"}
    with pytest.raises(ClientError, match="Invalid API"):
        apis.tag_resource(resourceArn="arn:aws:apigateway:us-east-1::/restapis/nothing", tags={})
