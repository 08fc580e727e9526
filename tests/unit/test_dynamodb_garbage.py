"""Whatever is sent, the answer is a reply or a fault of the sender, and a fault has changed nothing."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_emulator.dynamodb.requests import OPERATIONS
from tests.each_case import each_case
from tests.unit.dynamodb_asking import TABLE, Asking, definition, item

KEY = item(p="p", s="s")
PAGED = {"FilterExpression": "a = :v", "ExpressionAttributeValues": {":v": {"S": "x"}, ":p": {"S": "p"}}, "Limit": 3}
WELL: dict[str, dict[str, Any]] = {  # one that is answered, of each operation
    "GetItem": {"TableName": TABLE, "Key": KEY, "ProjectionExpression": "a, #m.x[0]", "ConsistentRead": True,
                "ExpressionAttributeNames": {"#m": "m"}},
    "PutItem": {"TableName": TABLE, "Item": {**KEY, "l": {"L": [{"M": {"x": {"NS": ["1"]}}}]}, "b": {"B": "AQ=="}},
                "ConditionExpression": "attribute_not_exists(a) OR a = :v", "ReturnValues": "ALL_OLD",
                "ExpressionAttributeValues": {":v": {"N": "1"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
    "UpdateItem": {"TableName": TABLE, "Key": KEY, "UpdateExpression": "SET #a = :v ADD c :w", "ReturnValues": "ALL_NEW",
                   "ExpressionAttributeNames": {"#a": "a"}, "ExpressionAttributeValues": {":v": {"S": "x"}, ":w": {"N": "1"}}},
    "DeleteItem": {"TableName": TABLE, "Key": KEY, "ReturnValues": "ALL_OLD"},
    "Query": {"TableName": TABLE, "IndexName": "local", "KeyConditionExpression": "p = :p", "ScanIndexForward": False,
              "ExclusiveStartKey": item(p="p", s="s", n=1), "Select": "ALL_ATTRIBUTES", **PAGED},
    "Scan": {"TableName": TABLE, "IndexName": "global", "ExclusiveStartKey": item(p="p", s="s", h="h", g="g"),
             "FilterExpression": "a = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}, "Select": "COUNT"},
    "BatchGetItem": {"RequestItems": {TABLE: {"Keys": [KEY], "ConsistentRead": True}}},
    "BatchWriteItem": {"RequestItems": {TABLE: [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": item(p="p", s="t")}}]}},
    "CreateTable": {**definition("another"), "Tags": [{"Key": "a", "Value": "b"}]},
    "DeleteTable": {"TableName": TABLE},
    "DescribeTable": {"TableName": TABLE},
    "ListTables": {"Limit": 5, "ExclusiveStartTableName": "a"},
    "UpdateTimeToLive": {"TableName": TABLE, "TimeToLiveSpecification": {"AttributeName": "e", "Enabled": True}},
    "DescribeTimeToLive": {"TableName": TABLE},
    "ListStreams": {"TableName": TABLE, "Limit": 5, "ExclusiveStartStreamArn": "a"},
    "DescribeStream": {"StreamArn": "arn", "Limit": 5, "ExclusiveStartShardId": "a"},
    "GetShardIterator": {"StreamArn": "arn", "ShardId": "shard", "ShardIteratorType": "AT_SEQUENCE_NUMBER",
                         "SequenceNumber": "1"},
    "GetRecords": {"ShardIterator": "arn|1", "Limit": 5},
}  # fmt: skip
DEEP: Any = None
for _ in range(400):
    DEEP = [DEEP]
GARBAGE: list[Any] = [
    None, True, 0, -1, 10**30, 1.5, float("nan"), float("inf"), "", "x", "\ud800", "#", ":v", "x" * 5_000, [], [None],
    [[]], {}, {"": ""}, {"S": "x"}, {"x": None}, {"S": None}, {"S": {"S": {}}}, {"M": {"x": 1}}, {"L": [1]}, DEEP,
    {"x": DEEP}, [{"PutRequest": None}], {"N": "9" * 5_000},
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(GARBAGE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["S", "N", "M", "L", "a", "p"]), inner),
    max_leaves=6,
)


def a_database() -> Asking:
    db = Asking()
    db.put(h="h", g="g", n=1, m={"M": {"x": {"L": [{"S": "y"}]}}})
    return db


def posted(db: Asking, operation: str, body: bytes) -> tuple[int, Any]:
    """Status and reply, as by HTTP."""
    told: list[str] = []
    environ = {"HTTP_X_AMZ_TARGET": f"DynamoDB_20120810.{operation}", "wsgi.input": io.BytesIO(body)}
    (reply,) = db.dynamodb(environ, lambda status, headers: told.append(status))
    return int(told[0].split()[0]), json.loads(reply)


def everything(db: Asking) -> Any:
    table = db.table
    holders: list[Any] = [table, *table.indexes.values()]
    entries = [
        [(name, partition.orders, {order: e.item for order, e in partition.entries.items()})
         for name, partition in each.partitions.since()]
        for each in holders
    ]  # fmt: skip
    return json.dumps([repr(entries), db.records(), table.item_count, table.expires])


def require_whole(db: Asking, operation: str, request: Any) -> None:
    before, names = everything(db), db.ask("ListTables")
    status, reply = posted(db, operation, json.dumps(request).encode())
    if status == 200:
        return
    assert (status, bool(reply["__type"])) == (400, True), reply
    assert db.ask("ListTables") == names
    assert everything(db) == before


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Everything in a request, by its path."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for name, one in members for place in places(one, (*path, name))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def test_an_example_stands_for_each_operation() -> None:
    assert WELL.keys() == OPERATIONS
    for operation in (
        "GetItem",
        "PutItem",
        "UpdateItem",
        "Query",
        "Scan",
        "BatchGetItem",
        "BatchWriteItem",
        "CreateTable",
    ):
        assert a_database().ask(operation, **WELL[operation]) is not None


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_garbage_in_every_place_of_a_request(operation: str) -> None:
    """`make proof` tries all garbage in each place; here, each place has a fifth of it, the next place another."""
    apart = 1 if settings().max_examples > 100 else 5
    for number, path in enumerate(places(WELL[operation])):
        for garbage in GARBAGE[number % apart :: apart]:
            require_whole(a_database(), operation, replaced(WELL[operation], path, garbage))


@given(operation=st.sampled_from(sorted(OPERATIONS)), data=st.data())
def test_garbage_of_any_form(operation: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(places(WELL[operation])))
    require_whole(a_database(), operation, replaced(WELL[operation], path, data.draw(JSON)))


WORDS = ["a", "b.c", "d[0]", "#n", ":v", ":w", "SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "(", ")", ",", "=",
         "<>", "<", "+", "-", "IN", "BETWEEN", "size(a)", "if_not_exists(a, :v)", "list_append(d, :v)", "contains(a, :v)",
         "begins_with(a, :v)", "attribute_exists(a)", ".", "[", "]", "\u00e9", "p", "1"]  # fmt: skip


@given(
    words=st.lists(st.sampled_from(WORDS), max_size=9),
    parameter=st.sampled_from(["UpdateExpression", "ConditionExpression"]),
    value=st.sampled_from([{"N": "1"}, {"S": "a"}, {"L": [{"N": "1"}]}, {"SS": ["a"]}, {"M": {}}, {"NULL": True}]),
)
def test_words_in_any_order(words: list[str], parameter: str, value: Any) -> None:
    text = " ".join(words)
    request: dict[str, Any] = {"TableName": TABLE, "Key": KEY, parameter: text}
    if "#n" in text:
        request["ExpressionAttributeNames"] = {"#n": "n"}
    used = {name: value for name in (":v", ":w") if name in text}
    require_whole(a_database(), "UpdateItem", request | ({"ExpressionAttributeValues": used} if used else {}))


@each_case(
    "body",
    [b"", b"[]", b"null", b"{", b"\xff", b'"x"', b"[" * 100_000, b'{"a":' * 100_000, b'{"TableName":"\xed\xa0\x80"}',
     b"1" * 5_000],
)  # fmt: skip
def test_a_body_that_is_no_request(body: bytes) -> None:
    status, reply = posted(a_database(), "GetItem", body)
    assert (status, "__type" in reply) == (400, True)


def test_no_operation_of_that_name() -> None:
    for operation in ("", "getitem", "TransactGetItems", "__init__"):
        assert posted(a_database(), operation, b"{}")[1]["__type"].endswith("#UnknownOperationException")


def test_a_half_character_is_no_text_but_a_whole_one_is() -> None:
    db = a_database()
    asked = {"TableName": TABLE, "Item": KEY | {"a": {"S": "\U0001f600"}}}
    assert posted(db, "PutItem", json.dumps(asked).encode())[0] == 200
    assert db("GetItem", Key=KEY)["Item"]["a"] == {"S": "\U0001f600"}
    assert posted(db, "PutItem", json.dumps(asked).replace("\\ude00", "").encode())[0] == 400


def test_a_bug_of_ours_is_no_fault_of_the_sender() -> None:
    db = a_database()
    db.table.partitions = None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        db("GetItem", Key=KEY)
