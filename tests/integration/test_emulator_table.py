"""The emulator's own table answers queries as moto's does, from one partition instead of all of them."""

from typing import Any

import pytest
from moto.dynamodb.models.table import Table

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
VALUES = {":p": "p1", ":s": "s2", ":o": "o3", ":g": "g1"}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_gives_what_moto_s_table_gives(emulator: Emulator, query: dict[str, Any]) -> None:
    words = query["KeyConditionExpression"].split()
    values = {word: {"S": VALUES[word]} for word in words if word.startswith(":")}
    client = _client(emulator)
    for pk, sk, order, listed in ROWS:
        item = {"pk": pk, "sk": sk, "claim_order": order, "listed": listed, "listed_at": sk}
        client.put_item(TableName=emulator.ready.table, Item={name: {"S": value} for name, value in item.items()})
    ours = client.query(TableName=emulator.ready.table, ExpressionAttributeValues=values, **query)
    table: Any = backend("dynamodb").tables[emulator.ready.table]
    assert type(table) is PartitionedTable
    try:
        _become(table, Table)
        theirs = client.query(TableName=emulator.ready.table, ExpressionAttributeValues=values, **query)
    finally:
        _become(table, PartitionedTable)
    client.close()
    assert ours["Items"]
    assert [ours.get(name) for name in ("Items", "LastEvaluatedKey")] == [
        theirs.get(name) for name in ("Items", "LastEvaluatedKey")
    ]


def _become(table: Any, kind: Any) -> None:
    table.__class__ = kind


def _client(emulator: Emulator) -> Any:
    import boto3

    return boto3.client("dynamodb")  # the emulator's environment points it there
