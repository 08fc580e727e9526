"""Needs of DynamoDB, S3, SQS and SSM."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from typing import Any

from local_emulator.account.iam.needs import Finder, Need, NeedsUnknown, World, only
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.account.iam.s3_requests import bucket_and_key

_OF_AN_ITEM = (
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "DescribeTable",
    "DescribeTimeToLive",
    "UpdateTimeToLive",
)
_OF_A_PAGE = ("Query", "Scan")
_OF_A_BATCH = ("BatchGetItem", "BatchWriteItem")
_OF_A_STREAM = ("DescribeStream", "GetShardIterator")


def dynamodb(request: ApiRequest, world: World) -> Iterable[Need]:
    operation, given = request.operation, request.parameters
    action = f"dynamodb:{operation}"

    def table(name: Any) -> str:
        text = str(name)
        return text if text.startswith("arn:") else f"arn:aws:dynamodb:{request.region}:{world.account}:table/{text}"

    if operation in _OF_AN_ITEM:
        return only(action, table(given.get("TableName")))
    if operation in _OF_A_PAGE:
        index = f"/index/{given['IndexName']}" if given.get("IndexName") else ""
        return only(action, table(given.get("TableName")) + index)
    if operation in _OF_A_BATCH:
        return [Need(action, tuple(table(name) for name in given.get("RequestItems") or ()))]
    if operation in _OF_A_STREAM:
        return only(action, str(given.get("StreamArn")))
    if operation == "GetRecords":
        return only(action, str(given.get("ShardIterator")).rpartition("|")[0])
    if operation in ("ListStreams", "ListTables"):
        return only(action)
    raise NeedsUnknown(request)


_S3_ACTIONS: Mapping[str, str] = {
    "GetObject": "GetObject", "HeadObject": "GetObject", "PutObject": "PutObject", "DeleteObject": "DeleteObject",
    "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject", "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload", "ListParts": "ListMultipartUploadParts",
    "GetObjectTagging": "GetObjectTagging", "PutObjectTagging": "PutObjectTagging",
    "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads", "ListObjectVersions": "ListBucketVersions",
    "GetBucketLocation": "GetBucketLocation",
}  # fmt: skip


def s3(request: ApiRequest, world: World) -> Iterable[Need]:
    bucket, key = bucket_and_key(request.path)
    arn = f"arn:aws:s3:::{bucket}"
    context = {"s3:prefix": (request.query.get("prefix", ""),)} if request.operation.startswith("ListObjects") else {}
    if request.operation == "ListBuckets":
        return only("s3:ListAllMyBuckets")
    if request.operation in ("CopyObject", "UploadPartCopy"):
        source_bucket, source_key = bucket_and_key(request.headers.get("x-amz-copy-source", "").partition("?")[0])
        return [
            Need("s3:GetObject", (f"arn:aws:s3:::{source_bucket}/{source_key}",)),
            Need("s3:PutObject", (f"{arn}/{key}",)),
        ]
    if request.operation == "DeleteObjects":
        return [Need("s3:DeleteObject", tuple(f"{arn}/{each}" for each in request.parameters.get("keys", ("*",))))]
    if request.operation not in _S3_ACTIONS:
        raise NeedsUnknown(request)
    return [Need(f"s3:{_S3_ACTIONS[request.operation]}", (f"{arn}/{key}" if key else arn,), context)]


def keys_of_deletion(body: bytes) -> list[str]:
    """The keys that a DeleteObjects names."""
    try:
        tree = ET.fromstring(body)  # noqa: S314  # of our own functions, on loopback
    except ET.ParseError:
        return ["*"]
    return [each.text or "" for each in tree.iter() if each.tag.rpartition("}")[2] == "Key"]


_SQS_ACTIONS = {
    "SendMessage": "SendMessage", "SendMessageBatch": "SendMessage", "ReceiveMessage": "ReceiveMessage",
    "DeleteMessage": "DeleteMessage", "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibility": "ChangeMessageVisibility", "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "GetQueueAttributes": "GetQueueAttributes", "GetQueueUrl": "GetQueueUrl", "PurgeQueue": "PurgeQueue",
    "ListDeadLetterSourceQueues": "ListDeadLetterSourceQueues", "StartMessageMoveTask": "StartMessageMoveTask",
}  # fmt: skip


def sqs(request: ApiRequest, world: World) -> Iterable[Need]:
    if request.operation == "ListQueues":
        return only("sqs:ListQueues")
    if request.operation not in _SQS_ACTIONS:
        raise NeedsUnknown(request)
    name = str(request.parameters.get("QueueUrl") or request.parameters.get("QueueName")).rpartition("/")[2]
    return only(f"sqs:{_SQS_ACTIONS[request.operation]}", f"arn:aws:sqs:{request.region}:{world.account}:{name}")


_SSM_OF_ONE = ("GetParameter", "PutParameter", "DeleteParameter", "GetParameterHistory")
_SSM_OF_MANY = ("GetParameters", "DeleteParameters")


def ssm(request: ApiRequest, world: World) -> Iterable[Need]:
    operation, given = request.operation, request.parameters

    def parameter(name: Any) -> str:
        text = str(name)
        if text.startswith("arn:"):
            return text
        owner = "" if text.startswith("/aws/") else world.account  # public parameters are nobody's
        return f"arn:aws:ssm:{request.region}:{owner}:parameter/{text.lstrip('/')}"

    if operation in _SSM_OF_ONE:
        context = (
            {"ssm:Overwrite": ("true" if given.get("Overwrite") else "false",)} if operation == "PutParameter" else {}
        )
        return [Need(f"ssm:{operation}", (parameter(given.get("Name")),), context)]
    if operation in _SSM_OF_MANY:
        return [Need(f"ssm:{operation}", tuple(parameter(name) for name in given.get("Names") or ()))]
    if operation == "GetParametersByPath":
        return only("ssm:GetParametersByPath", parameter(given.get("Path")))
    if operation == "DescribeParameters":
        return only("ssm:DescribeParameters")
    raise NeedsUnknown(request)


FINDERS: Mapping[str, Finder] = {"dynamodb": dynamodb, "s3": s3, "sqs": sqs, "ssm": ssm}
