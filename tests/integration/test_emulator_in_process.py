"""What the Lambdas get in process is what everybody gets by HTTP."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError

from local_emulator.stack import Emulator

Both = tuple[Any, Any]


def both(emulator: Emulator, service: str) -> Iterator[Both]:
    """A client as the Lambdas have it, and one of a session that nobody has wired."""
    ready = emulator.ready
    outside = boto3.Session(ready.aws_access_key_id, ready.aws_secret_access_key, region_name=ready.region)
    with (
        closing(boto3.client(service)) as near,  # type: ignore[call-overload]
        closing(outside.client(service, endpoint_url=ready.aws_endpoint_url)) as far,  # type: ignore[call-overload]
    ):
        yield near, far


@pytest.fixture(scope="module")
def s3(emulator: Emulator) -> Iterator[Both]:
    yield from both(emulator, "s3")


@pytest.fixture(scope="module")
def dynamodb(emulator: Emulator) -> Iterator[Both]:
    yield from both(emulator, "dynamodb")


OBJECTS: list[dict[str, Any]] = [
    {},
    {"Body": b"x" * 1000, "ContentType": "application/json"},
    {"Body": b"y", "Metadata": {"a": "b", "under_score": "c"}, "CacheControl": "no-store"},
    {"Body": b"z", "ChecksumAlgorithm": "SHA256"},
]
ASKED: list[dict[str, Any]] = [
    {},
    {"ChecksumMode": "ENABLED"},
    {"IfMatch": '"no"'},
    {"Range": "bytes=0-1"},
    {"PartNumber": 1},
]


def told(ask: Any, **asked: Any) -> Any:
    """The answer or the error, without what says how it came."""
    try:
        answer = ask(**asked)
    except ClientError as error:
        answer = error.response
    return {
        name: value.read() if hasattr(value, "read") else value
        for name, value in answer.items()
        if name != "ResponseMetadata"
    } | {"status": answer["ResponseMetadata"]["HTTPStatusCode"]}


@pytest.mark.parametrize("made", OBJECTS)
@pytest.mark.parametrize("asked", ASKED)
def test_the_head_of_an_object(emulator: Emulator, s3: Both, made: dict[str, Any], asked: dict[str, Any]) -> None:
    where = {"Bucket": emulator.ready.bucket, "Key": f"in process/é+{uuid4().hex}"}
    s3[0].put_object(**where, **made)
    near, far = (told(client.head_object, **where, **asked) for client in s3)
    assert near == far
    assert near["status"] in (200, 206, 412, 416)


def test_an_object_that_is_not_there(emulator: Emulator, s3: Both) -> None:
    for where in ({"Bucket": emulator.ready.bucket, "Key": "none"}, {"Bucket": "none", "Key": "none"}):
        for operation in ("head_object", "get_object"):
            near, far = (told(getattr(client, operation), **where) for client in s3)
            assert near == far
            assert near["status"] == 404


@pytest.mark.parametrize("body", [b"", b"a" * 3_000_000, "text"])
def test_what_one_puts_the_other_gets(emulator: Emulator, s3: Both, body: Any) -> None:
    where = {"Bucket": emulator.ready.bucket, "Key": f"in process/{uuid4().hex}"}
    for writer, reader in (s3, s3[::-1]):
        writer.put_object(**where, Body=body)
        assert reader.get_object(**where)["Body"].read() == (body.encode() if isinstance(body, str) else body)
        assert told(reader.get_object, **where, Range="bytes=1-3") == told(
            writer.get_object, **where, Range="bytes=1-3"
        )


def test_an_item_with_every_kind_of_value(emulator: Emulator, dynamodb: Both) -> None:
    table = emulator.ready.table
    item: dict[str, Any] = {
        "pk": {"S": uuid4().hex}, "sk": {"S": "s"}, "n": {"N": "1.5"}, "b": {"B": b"\x00\xff"}, "yes": {"BOOL": True},
        "none": {"NULL": True}, "bs": {"BS": [b"\x01", b"\x02"]}, "m": {"M": {"b": {"B": b"\x03"}}},
        "l": {"L": [{"B": b"\x04"}, {"S": ""}]}, "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2"]},
    }  # fmt: skip
    key = {name: item[name] for name in ("pk", "sk")}
    for writer, reader in (dynamodb, dynamodb[::-1]):
        writer.put_item(TableName=table, Item=item)
        assert reader.get_item(TableName=table, Key=key)["Item"] == item
        again = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        refused = [told(client.put_item, TableName=table, Item=item, **again) for client in (writer, reader)]
        assert refused[0] == refused[1]
        assert (refused[0]["status"], refused[0]["Item"]) == (400, item)
    many = {"RequestItems": {table: {"Keys": [key]}}}
    assert told(dynamodb[0].batch_get_item, **many) == told(dynamodb[1].batch_get_item, **many)
    of_it = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": item["pk"]}, "Limit": 1}
    assert told(dynamodb[0].query, TableName=table, **of_it) == told(dynamodb[1].query, TableName=table, **of_it)


def test_a_chunked_body_is_refused_here_too(emulator: Emulator, s3: Both) -> None:
    s3[0].meta.events.register_first(
        "before-sign.s3.PutObject", lambda request, **_: request.headers.add_header("Content-Encoding", "aws-chunked")
    )
    reply = told(s3[0].put_object, Bucket=emulator.ready.bucket, Key="chunked", Body=b"x")
    assert (reply["status"], reply["Error"]["Code"]) == (501, "NotImplemented")
