"""Which permission a request takes, on which resource: rows of the Service Authorization Reference."""

from collections.abc import Mapping
from typing import Any

import pytest

from local_emulator.account.iam import control_needs, data_needs, machine_needs
from local_emulator.account.iam.needs import NeedsUnknown
from local_emulator.account.iam.requests import ApiRequest, rest_operation
from local_emulator.account.iam.s3_requests import s3_operation
from tests.each_case import each_case

FINDERS = {**data_needs.FINDERS, **control_needs.FINDERS, **machine_needs.FINDERS}
ACCOUNT = "123456789012"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/runner"

SQS, LAMBDA = f"arn:aws:sqs:us-east-1:{ACCOUNT}", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function"
SSM, PUBLIC = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter", "arn:aws:ssm:us-east-1::parameter/aws/service/x"
EC2 = f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance"


class World:
    account = ACCOUNT

    def tags(self, arn: str) -> Mapping[str, str]:
        return {"benchfleet": "dev"} if arn.endswith("/i-1") else {}

    def profile_role(self, profile: str) -> str | None:
        return ROLE if profile == "runner" else None

    def task_roles(self, task_definition: str, region: str) -> list[str]:
        return [ROLE]

    def image_owner(self, image_id: str, region: str) -> str:
        return "amazon"


def needs(service: str, operation: str, parameters: Mapping[str, Any] | None = None, path: str = "/") -> Any:
    request = ApiRequest(service, operation, "us-east-1", "POST", path, "json", dict(parameters or {}))
    return list(FINDERS[service](request, World()))


def taken(service: str, operation: str, parameters: Mapping[str, Any] | None = None, path: str = "/") -> set[Any]:
    return {(need.action, arn) for need in needs(service, operation, parameters, path) for arn in need.resources}


@each_case(
    ("service", "operation", "parameters", "path", "expected"),
    [
        ("dynamodb", "GetItem", {"TableName": "t"}, "/", {("dynamodb:GetItem", TABLE)}),
        ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, "/", {("dynamodb:Query", f"{TABLE}/index/i")}),
        ("dynamodb", "BatchGetItem", {"RequestItems": {"t": {}}}, "/", {("dynamodb:BatchGetItem", TABLE)}),
        ("dynamodb", "GetRecords", {"ShardIterator": f"{TABLE}/stream/x|7"}, "/", {("dynamodb:GetRecords", f"{TABLE}/stream/x")}),
        ("s3", "HeadObject", {}, "/b/runs/1/x%20y", {("s3:GetObject", "arn:aws:s3:::b/runs/1/x y")}),
        ("s3", "UploadPart", {}, "/b/k", {("s3:PutObject", "arn:aws:s3:::b/k")}),
        ("s3", "ListObjectsV2", {}, "/b", {("s3:ListBucket", "arn:aws:s3:::b")}),
        ("s3", "DeleteObjects", {"keys": ["a", "b"]}, "/b", {("s3:DeleteObject", f"arn:aws:s3:::b/{key}") for key in "ab"}),
        ("sqs", "SendMessageBatch", {"QueueUrl": "http://x/1/q"}, "/", {("sqs:SendMessage", f"{SQS}:q")}),
        ("ssm", "GetParameter", {"Name": "/a/b"}, "/", {("ssm:GetParameter", f"{SSM}/a/b")}),
        ("ssm", "GetParameter", {"Name": "/aws/service/x"}, "/", {("ssm:GetParameter", PUBLIC)}),
        ("ec2", "TerminateInstances", {"InstanceId.1": "i-1"}, "/", {("ec2:TerminateInstances", f"{EC2}/i-1")}),
        ("ec2", "DescribeInstances", {}, "/", {("ec2:DescribeInstances", "*")}),
        ("sts", "GetCallerIdentity", {}, "/", set()),
        ("lambda", "Invoke", {"FunctionName": "f"}, "/", {("lambda:InvokeFunction", f"{LAMBDA}:f")}),
        ("sns", "Publish", {"TopicArn": "arn:t"}, "/", {("sns:Publish", "arn:t")}),
    ],
)  # fmt: skip
def test_a_request_takes_permissions(
    service: str, operation: str, parameters: dict[str, Any], path: str, expected: set[Any]
) -> None:
    assert taken(service, operation, parameters, path) == expected


def test_a_launch_takes_one_for_all_that_it_makes_uses_tags_and_passes_on() -> None:
    found = needs(
        "ec2",
        "RunInstances",
        {
            "ImageId": "ami-1", "InstanceType": "c7g.large", "IamInstanceProfile.Name": "runner", "SubnetId": "subnet-1",
            "SecurityGroupId.1": "sg-1", "MetadataOptions.HttpTokens": "required",
            "TagSpecification.1.ResourceType": "instance", "TagSpecification.1.Tag.1.Key": "benchfleet",
            "TagSpecification.1.Tag.1.Value": "dev",
        },
    )  # fmt: skip
    kinds = {
        arn.rpartition(":")[2].partition("/")[0]
        for need in found
        if need.action == "ec2:RunInstances"
        for arn in need.resources
    }
    assert kinds == {"instance", "image", "volume", "network-interface", "subnet", "security-group"}
    (instance,) = [
        need for need in found if need.resources[0].endswith(":instance/*") and need.action == "ec2:RunInstances"
    ]
    assert instance.context["aws:RequestTag/benchfleet"] == ("dev",)
    assert instance.context["ec2:MetadataHttpTokens"] == ("required",)
    (tagging,) = [need for need in found if need.action == "ec2:CreateTags"]
    assert tagging.context["ec2:CreateAction"] == ("RunInstances",)
    (passing,) = [need for need in found if need.action == "iam:PassRole"]
    assert (passing.resources, passing.context["iam:PassedToService"]) == ((ROLE,), ("ec2.amazonaws.com",))


def test_an_end_sees_the_machine_s_own_tags() -> None:
    (need,) = needs("ec2", "TerminateInstances", {"InstanceId.1": "i-1"})
    assert need.context["aws:ResourceTag/benchfleet"] == need.context["ec2:ResourceTag/benchfleet"] == ("dev",)


def test_a_task_takes_its_roles_along() -> None:
    found = needs("ecs", "RunTask", {"taskDefinition": "d:1", "cluster": "c", "tags": [{"key": "a", "value": "b"}]})
    assert [need.action for need in found] == ["ecs:RunTask", "ecs:TagResource", "iam:PassRole"]
    assert found[0].context["ecs:cluster"] == (f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/c",)


@each_case(
    ("service", "operation"), [("dynamodb", "TransactWriteItems"), ("s3", "RestoreObject"), ("ec2", "CreateVpc")]
)
def test_what_is_not_known_is_an_error_that_names_it(service: str, operation: str) -> None:
    with pytest.raises(NeedsUnknown, match=f"{service}:{operation}"):
        needs(service, operation, path="/b/k")


@each_case(
    ("method", "path", "query", "headers", "operation"),
    [
        ("GET", "/b/k", {}, {}, "GetObject"),
        ("PUT", "/b/k", {}, {"x-amz-copy-source": "/b/x"}, "CopyObject"),
        ("PUT", "/b/k", {"uploadId": "1", "partNumber": "1"}, {}, "UploadPart"),
        ("POST", "/b/k", {"uploads": ""}, {}, "CreateMultipartUpload"),
        ("POST", "/b", {"delete": ""}, {}, "DeleteObjects"),
        ("GET", "/b", {"uploads": ""}, {}, "ListMultipartUploads"),
        ("PUT", "/b", {"lifecycle": ""}, {}, "PutBucketLifecycleConfiguration"),
        ("GET", "/", {}, {}, "ListBuckets"),
        ("PATCH", "/b/k", {}, {}, ""),
    ],
)
def test_a_request_of_s3_has_a_name(
    method: str, path: str, query: dict[str, str], headers: dict[str, str], operation: str
) -> None:
    assert s3_operation(method, path, query, headers) == operation


@each_case(
    ("service", "method", "path", "query", "operation", "named"),
    [
        ("lambda", "POST", "/2015-03-31/functions/f/invocations", {}, "Invoke", {"FunctionName": "f"}),
        ("lambda", "POST", "/2015-03-31/event-source-mappings/", {}, "CreateEventSourceMapping", {}),
        ("lambda", "PUT", "/2015-03-31/event-source-mappings/u", {}, "UpdateEventSourceMapping", {"UUID": "u"}),
        ("apigateway", "POST", "/restapis", {"mode": "import"}, "ImportRestApi", {}),
        ("apigateway", "POST", "/restapis", {}, "CreateRestApi", {}),
        ("apigateway", "PUT", "/restapis/a", {"mode": "overwrite"}, "PutRestApi", {"restapi_id": "a"}),
        (
            "apigateway",
            "PUT",
            "/tags/arn%3Aaws%3A%2Frestapis%2Fa",
            {},
            "TagResource",
            {"resource_arn": "arn:aws:/restapis/a"},
        ),
        ("scheduler", "POST", "/schedules/n", {}, "CreateSchedule", {"Name": "n"}),
        ("scheduler", "PATCH", "/schedules/n", {}, "", {}),
    ],
)
def test_a_request_of_a_rest_service_has_a_name(
    service: str, method: str, path: str, query: dict[str, str], operation: str, named: dict[str, str]
) -> None:
    assert rest_operation(service, method, path, query) == (operation, named)
