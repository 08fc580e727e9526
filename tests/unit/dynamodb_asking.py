"""A small table of the emulator's own DynamoDB, and short ways to ask it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_emulator.dynamodb.faults import Fault
from local_emulator.dynamodb.service import DynamoDb
from local_emulator.dynamodb.table import Table

TABLE = "things"
Value = dict[str, Any]


def definition(name: str = TABLE, **more: Any) -> dict[str, Any]:
    """Partition key `p`, sort key `s`; `local` sorts by the number `n`, `global` by the text `g` within the text `h`."""
    kinds = {"p": "S", "s": "S", "n": "N", "h": "S", "g": "S"}
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": kind} for key, kind in kinds.items()],
        "KeySchema": key_of("p", "s"),
        "LocalSecondaryIndexes": [
            {"IndexName": "local", "KeySchema": key_of("p", "n"), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "global",
                "KeySchema": key_of("h", "g"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]},
            }
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        **more,
    }


def plain(name: str = TABLE, kind: str = "S", *, sort: str = "S", **more: Any) -> dict[str, Any]:
    """No indexes and no stream; keys of these kinds."""
    kinds = {"p": kind, "s": sort}
    attributes = [{"AttributeName": key, "AttributeType": kind} for key, kind in kinds.items()]
    return {"TableName": name, "AttributeDefinitions": attributes, "KeySchema": key_of("p", "s"), **more}


def key_of(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def wire(value: Any) -> Value:
    """A Python value as on the wire. What is one already stays as it is."""
    match value:
        case dict():
            return value
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": str(value)}
        case list():
            return {"L": [wire(one) for one in value]}
        case set():
            return {"SS": sorted(value)}
        case _:
            return {"NULL": True}


def item(**attributes: Any) -> dict[str, Value]:
    return {name: wire(value) for name, value in attributes.items()}


class Asking:
    """One table, and a clock that is moved by hand."""

    def __init__(self, made: dict[str, Any] | None = None) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.dynamodb = DynamoDb(region="r", account="1", clock=lambda: self.now)
        self.ask("CreateTable", **(made or definition()))

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def table(self) -> Table:
        return self.dynamodb.tables.named(TABLE)

    def ask(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.dynamodb.ask(operation, request)

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """Of the table. `values` and `names`: placeholders without their sign."""
        values, names = request.pop("values", None), request.pop("names", None)
        if values is not None:
            request["ExpressionAttributeValues"] = {f":{name}": wire(value) for name, value in values.items()}
        if names is not None:
            request["ExpressionAttributeNames"] = {f"#{name}": real for name, real in names.items()}
        return self.ask(operation, TableName=TABLE, **request)

    def refused(self, operation: str, **request: Any) -> Fault:
        with pytest.raises(Fault) as refusal:
            self(operation, **request)
        return refusal.value

    def ask_refused(self, operation: str, **request: Any) -> Fault:
        with pytest.raises(Fault) as refusal:
            self.ask(operation, **request)
        return refusal.value

    def put(self, **attributes: Any) -> None:
        self("PutItem", Item=item(**({"p": "p", "s": "s"} | attributes)))

    def update(self, text: str, **request: Any) -> dict[str, Any]:
        """The item `p`, `s` afterwards, without its key."""
        key = request.pop("Key", item(p="p", s="s"))
        asked = {"UpdateExpression": text, "ReturnValues": "ALL_NEW"} | request
        found = self("UpdateItem", Key=key, **asked).get("Attributes", {})
        return {name: value for name, value in found.items() if name not in key}

    def update_refused(self, text: str, **request: Any) -> Fault:
        return self.refused("UpdateItem", Key=item(p="p", s="s"), UpdateExpression=text, **request)

    def holds(self, text: str, *, names: Any = None, **values: Any) -> bool:
        """Does a condition hold of the item `p`, `s`?"""
        asked: dict[str, Any] = {"values": values} if values else {}
        asked |= {"names": names} if names else {}
        return bool(self("Scan", FilterExpression=text, **asked)["Count"])

    def condition_refused(self, text: str, *, names: Any = None, **values: Any) -> Fault:
        asked: dict[str, Any] = {"values": values} if values else {}
        asked |= {"names": names} if names else {}
        return self.refused("DeleteItem", Key=item(p="p", s="s"), ConditionExpression=text, **asked)

    def records(self) -> list[dict[str, Any]]:
        stream = self.table.stream
        assert stream
        return stream.read(0, limit=stream.next)
