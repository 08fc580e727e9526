"""Conditional and batched writes: whole or not at all, and what a refusal brings with it."""

from typing import Any

import pytest

from tests.each_case import each_case
from tests.unit.dynamodb_asking import TABLE, Asking, definition, item, plain


@pytest.fixture
def db() -> Asking:
    return Asking()


def everything(db: Asking) -> Any:
    return [list(db.table.items()), db.records(), *(db("Scan", IndexName=name) for name in ("local", "global"))]


KEY = item(p="p", s="s")
WRITES: dict[str, dict[str, Any]] = {
    "PutItem": {"Item": KEY | item(a=2)},
    "UpdateItem": {"Key": KEY, "UpdateExpression": "SET a = :v"},
    "DeleteItem": {"Key": KEY},
}


@each_case("operation", WRITES)
def test_a_failed_condition_brings_the_old_item_if_it_is_asked_for(db: Asking, operation: str) -> None:
    db.put(a=1)
    before = everything(db)
    asked = WRITES[operation] | {"ConditionExpression": "a = :v", "values": {"v": 2}}
    fault = db.refused(operation, ReturnValuesOnConditionCheckFailure="ALL_OLD", **asked)
    assert (fault.code, fault.message) == ("ConditionalCheckFailedException", "The conditional request failed")
    assert fault.more == {"Item": KEY | item(a=1)}
    assert db.refused(operation, **asked).more == {}
    assert everything(db) == before


@pytest.mark.parametrize("operation", WRITES)
def test_a_condition_on_what_is_not_there(db: Asking, operation: str) -> None:
    values: dict[str, Any] = {"values": {"v": 2}} if operation == "UpdateItem" else {}
    asked = WRITES[operation] | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} | values
    assert db.refused(operation, ConditionExpression="attribute_exists(p)", **asked).more == {}
    db(operation, ConditionExpression="attribute_not_exists(p)", **asked)
    assert db.table.item_count == (0 if operation == "DeleteItem" else 1)


def test_old_items_are_returned_where_they_are_asked_for(db: Asking) -> None:
    assert db("PutItem", Item=KEY | item(a=1), ReturnValues="ALL_OLD") == {}
    assert db("PutItem", Item=KEY | item(a=2), ReturnValues="ALL_OLD") == {"Attributes": KEY | item(a=1)}
    assert db("DeleteItem", Key=KEY, ReturnValues="ALL_OLD") == {"Attributes": KEY | item(a=2)}
    assert db("DeleteItem", Key=KEY, ReturnValues="ALL_OLD") == {}


@each_case(
    ("more", "words"),
    [
        (item(n="text"), "Type mismatch for Index Key n Expected: N Actual: S IndexName: local"),
        (item(g=""), "cannot contain an empty string value. IndexName: global, IndexKey: g"),
        (item(h=["x"]), "Type mismatch for Index Key h"),
        (item(h="x" * 2_049), "exceeded the maximum size limit of2048 bytes"),
    ],
)
def test_what_an_index_refuses_is_not_written(db: Asking, more: Any, words: str) -> None:
    db.put(h="h", g="g", n=1)
    before = everything(db)
    assert words in db.refused("PutItem", Item=KEY | more).message
    batch = {TABLE: [{"PutRequest": {"Item": item(p="q", s="s")}}, {"PutRequest": {"Item": KEY | more}}]}
    assert words in db.ask_refused("BatchWriteItem", RequestItems=batch).message
    assert everything(db) == before


def test_batches_write_and_read(db: Asking) -> None:
    db.put(s="old")
    db.ask("CreateTable", **plain("other"))
    writes = {
        TABLE: [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": item(p="p", s="old")}},
                {"DeleteRequest": {"Key": item(p="p", s="never")}}],
        "other": [{"PutRequest": {"Item": item(p="x", s="y", z=1)}}],
    }  # fmt: skip
    assert db.ask("BatchWriteItem", RequestItems=writes) == {"UnprocessedItems": {}}
    reads = {
        TABLE: {"Keys": [KEY, item(p="p", s="old")], "ConsistentRead": True},
        "other": {"Keys": [item(p="x", s="y")], "ProjectionExpression": "#z", "ExpressionAttributeNames": {"#z": "z"}},
    }
    found = {"Responses": {TABLE: [KEY], "other": [item(z=1)]}, "UnprocessedKeys": {}}
    assert db.ask("BatchGetItem", RequestItems=reads) == found
    assert [record["eventName"] for record in db.records()] == ["INSERT", "INSERT", "REMOVE"]


def test_a_batch_reads_16_megabytes_and_names_the_rest() -> None:
    db = Asking(plain())
    for number in range(45):
        db.put(s=str(number), a="x" * 400_000)
    keys = [item(p="p", s=str(number)) for number in range(45)]
    found = db.ask("BatchGetItem", RequestItems={TABLE: {"Keys": keys, "ProjectionExpression": "s"}})
    read, rest = found["Responses"][TABLE], found["UnprocessedKeys"][TABLE]
    assert len(read) == 42  # what is read counts, not what is shown
    assert rest == {"Keys": keys[42:], "ProjectionExpression": "s"}


@each_case(
    ("operation", "items", "words"),
    [
        ("BatchWriteItem", {}, "greater than or equal to 1"),
        ("BatchWriteItem", {TABLE: []}, "greater than or equal to 1"),
        ("BatchWriteItem", {TABLE: [{}]}, "both of PutRequest and DeleteRequest, or neither"),
        ("BatchWriteItem", {TABLE: [{"PutRequest": {"Item": KEY}, "DeleteRequest": {"Key": KEY}}]}, "both of"),
        ("BatchWriteItem", {TABLE: [{"PutRequest": {}}]}, "putRequest.item' failed"),
        ("BatchWriteItem", {TABLE: [{"PutRequest": {"Item": KEY, "ConditionExpression": "x"}}]}, "does not know"),
        ("BatchWriteItem", {TABLE: [{"PutRequest": {"Item": KEY}}, {"DeleteRequest": {"Key": KEY}}]}, "duplicates"),
        ("BatchWriteItem", {TABLE: [{"DeleteRequest": {"Key": item(p="p", s=str(n))}} for n in range(26)]}, "Too many"),
        ("BatchWriteItem", {"none": [{"PutRequest": {"Item": KEY}}]}, "resource not found"),
        ("BatchGetItem", {}, "greater than or equal to 1"),
        ("BatchGetItem", {TABLE: {"Keys": []}}, "greater than or equal to 1"),
        ("BatchGetItem", {TABLE: {"Keys": [KEY, KEY]}}, "duplicates"),
        ("BatchGetItem", {TABLE: {"Keys": [item(p="p", s=str(n)) for n in range(101)]}}, "Too many"),
        ("BatchGetItem", {TABLE: {"Keys": [item(p="p")]}}, "does not match the schema"),
        ("BatchGetItem", {TABLE: {"Keys": [KEY], "AttributesToGet": ["p"]}}, "does not know AttributesToGet"),
    ],
)
def test_what_is_no_batch(db: Asking, operation: str, items: Any, words: str) -> None:
    assert words in db.ask_refused(operation, RequestItems=items).message
    assert db.records() == []


@each_case(
    ("operation", "asked"),
    [
        ("PutItem", {"Item": KEY, "Expected": {"a": {"Exists": False}}}),
        ("UpdateItem", {"Key": KEY, "AttributeUpdates": {}}),
        ("GetItem", {"Key": KEY, "AttributesToGet": ["a"]}),
        ("Scan", {"Segment": 0, "TotalSegments": 2}),
        ("Scan", {"ReturnConsumedCapacity": "TOTAL"}),
        ("DeleteItem", {"Key": KEY, "ReturnItemCollectionMetrics": "SIZE"}),
    ],
)
def test_what_is_not_supported_is_refused_by_its_name(db: Asking, operation: str, asked: dict[str, Any]) -> None:
    fault = db.refused(operation, **asked)
    assert fault.code == "ValidationException"
    assert any(f"does not know {name}" in fault.message for name in asked)
    assert "UnknownOperationException" in (db.refused("TransactWriteItems").code, db.refused("ExecuteStatement").code)


def test_placeholders_without_an_expression_are_refused(db: Asking) -> None:
    assert "unused" in db.refused("GetItem", Key=KEY, names={"x": "a"}).message
    assert "must not be empty" in db.refused("UpdateItem", Key=KEY, values={}).message
    for names in ({"#": "a"}, {"x": "a"}, {"#x y": "a"}):
        fault = db.refused("GetItem", Key=KEY, ProjectionExpression="#x", ExpressionAttributeNames=names)
        assert "contains invalid key: Syntax error" in fault.message


def test_a_definition_that_makes_no_table_is_refused() -> None:
    db = Asking()
    wrong: dict[str, Any] = {
        "KeySchema": [{"AttributeName": "p", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "SS"}],
        "BillingMode": "FREE",
        "StreamSpecification": {"StreamEnabled": True},
        "LocalSecondaryIndexes": [definition()["GlobalSecondaryIndexes"][0] | {"KeySchema": []}],
        "GlobalSecondaryIndexes": definition()["GlobalSecondaryIndexes"] * 2,
        "DeletionProtectionEnabled": True,
    }
    for name, value in wrong.items():
        fault = db.ask_refused("CreateTable", **(definition("wrong") | {name: value}))
        assert fault.code == "ValidationException", name
    assert db.ask_refused("CreateTable", **definition("a b")).code == "ValidationException"
    assert db.ask_refused("CreateTable", **definition()).code == "ResourceInUseException"
    assert db.ask("ListTables") == {"TableNames": [TABLE]}
