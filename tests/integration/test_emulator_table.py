"""The emulator's own table answers queries as moto's does, from one partition instead of all of them, in less time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto.core.serialize import SERVICE_SPECIFIC_SERIALIZERS
from moto.dynamodb.models.table import LocalSecondaryIndex, Table

from local_emulator.attribute_values import SERVICES
from local_emulator.backends import backend
from local_emulator.partitioned_table import PartitionedTable
from local_emulator.stack import Emulator

ROWS = [(f"p{n % 3}", f"s{n}", f"o{9 - n}", f"g{n % 2}") for n in range(9)]
QUERIES: list[dict[str, Any]] = [
    {"KeyConditionExpression": "pk = :p"},
    {"KeyConditionExpression": "pk = :p", "ScanIndexForward": False, "Limit": 2},
    {"KeyConditionExpression": "pk = :p AND sk > :s"},
    {"KeyConditionExpression": "pk = :p AND claim_order >= :o", "IndexName": "by_claim_order", "ConsistentRead": True},
    {"KeyConditionExpression": "listed = :g", "IndexName": "by_created"},
]
EVERY_KIND: dict[str, Any] = {
    "M": {
        "text": {"S": "é"}, "number": {"N": "1.50"}, "yes": {"BOOL": True}, "nothing": {"NULL": True},
        "list": {"L": [{"S": ""}, {"M": {}}, {"L": []}]}, "texts": {"SS": ["a", "b"]}, "numbers": {"NS": ["1", "2"]},
        "binary": {"B": b"\x00\xff"}, "binaries": {"L": [{"BS": [b"\x01"]}]},
    }
}  # fmt: skip
VALUES = {":p": "p1", ":s": "s2", ":o": "o3", ":g": "g1"}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_gives_what_moto_s_table_gives(emulator: Emulator, query: dict[str, Any]) -> None:
    words = query["KeyConditionExpression"].split()
    values = {word: {"S": VALUES[word]} for word in words if word.startswith(":")}
    client = _client(emulator)
    for pk, sk, order, listed in ROWS:
        item = {"pk": pk, "sk": sk, "claim_order": order, "listed": listed, "listed_at": sk}
        texts: dict[str, Any] = {name: {"S": value} for name, value in item.items()}
        client.put_item(TableName=emulator.ready.table, Item=texts | {"header": EVERY_KIND, "left_out": EVERY_KIND})
    ours = client.query(TableName=emulator.ready.table, ExpressionAttributeValues=values, **query)
    with _bare_moto(emulator):
        theirs = client.query(TableName=emulator.ready.table, ExpressionAttributeValues=values, **query)
    client.close()
    assert ours["Items"]
    assert [_in_order(ours.get(name)) for name in ("Items", "LastEvaluatedKey")] == [
        _in_order(theirs.get(name)) for name in ("Items", "LastEvaluatedKey")
    ]


def test_the_stream_tells_what_moto_s_stream_tells(emulator: Emulator) -> None:
    table, client, streams = emulator.ready.table, _client(emulator), boto3.client("dynamodbstreams")
    first, second = _from_now(streams, table), _from_now(streams, table)
    client.put_item(TableName=table, Item={"pk": {"S": "streamed"}, "sk": {"S": "s"}, "header": EVERY_KIND})
    ours = streams.get_records(ShardIterator=first)["Records"]
    with _bare_moto(emulator):
        theirs = streams.get_records(ShardIterator=second)["Records"]
    client.close()
    streams.close()
    (images,) = [r["dynamodb"]["NewImage"] for r in ours if r["dynamodb"]["Keys"]["pk"] == {"S": "streamed"}]
    assert images["header"]["M"]["list"] == EVERY_KIND["M"]["list"]
    assert _in_order(theirs[: len(ours)]) == _in_order(ours)  # more may have been written since


def _in_order(value: Any) -> Any:
    """The same with the members of each set sorted: they have no order, and moto's follows the process's hash seed."""
    if isinstance(value, dict):
        return {name: sorted(each) if name in ("SS", "NS", "BS") else _in_order(each) for name, each in value.items()}
    return [_in_order(each) for each in value] if isinstance(value, list) else value


def _from_now(streams: Any, table: str) -> Any:
    """An iterator of what the table's stream will say."""
    (stream,) = streams.list_streams(TableName=table)["Streams"]
    arn = stream["StreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    return streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="LATEST")[
        "ShardIterator"
    ]


@contextmanager
def _bare_moto(emulator: Emulator) -> Iterator[None]:
    """Within: moto's own table, indexes and serializer answer."""
    table: Any = backend("dynamodb").tables[emulator.ready.table]
    ours = (type(table), table.indexes)
    assert ours[0] is PartitionedTable
    serializers = {service: SERVICE_SPECIFIC_SERIALIZERS.pop(service) for service in SERVICES}
    try:
        table.__class__ = Table
        table.indexes = [
            LocalSecondaryIndex(index.name, index.schema, index.projection, index.table_key_attrs) for index in ours[1]
        ]
        yield
    finally:
        table.__class__, table.indexes = ours
        SERVICE_SPECIFIC_SERIALIZERS.update(serializers)


def _client(emulator: Emulator) -> Any:
    return boto3.client("dynamodb")  # the emulator's environment points it there
