"""BatchGetItem and BatchWriteItem: many single operations in one request, each by itself."""

from collections.abc import Callable
from typing import Any

from local_emulator.dynamodb.faults import invalid
from local_emulator.dynamodb.item_operations import delete_item, get_item, put_item
from local_emulator.dynamodb.requests import Request, needed
from local_emulator.dynamodb.sizes import item_bytes
from local_emulator.dynamodb.table import Table
from local_emulator.dynamodb.values import Item, item

Reply = dict[str, Any]
Tables = Callable[[str], Table]  # by name; raises Fault

MOST_READ, MOST_WRITTEN = 100, 25
MOST_READ_BYTES = 16 * 1024 * 1024


def batch_get_item(tables: Tables, request: Request) -> Reply:
    wanted: dict[str, Any] = needed(request, "RequestItems")
    if sum(len(each["Keys"]) for each in wanted.values()) > MOST_READ:
        raise invalid("Too many items requested for the BatchGetItem call")
    responses: dict[str, list[Item]] = {}
    unread: dict[str, Any] = {}
    budget = MOST_READ_BYTES
    for name, each in wanted.items():
        table = tables(name)
        keys = each["Keys"]
        _require_different([_place(table, key) for key in keys])
        responses[name] = []
        for number, key in enumerate(keys):
            if budget <= 0:
                unread[name] = {**each, "Keys": keys[number:]}
                break
            found = get_item(table, {**each, "Key": key}).get("Item")
            if found is not None:
                responses[name].append(found)
                budget -= item_bytes(found)
    return {"Responses": responses, "UnprocessedKeys": unread}


def batch_write_item(tables: Tables, request: Request) -> Reply:
    wanted: dict[str, Any] = needed(request, "RequestItems")
    count = sum(map(len, wanted.values()))
    if not 1 <= count <= MOST_WRITTEN:
        raise invalid("Too many items requested for the BatchWriteItem call" if count else "The batch is empty")
    writes = [_write(tables(name), each) for name, requests in wanted.items() for each in requests]
    _require_different([(table.name, place) for table, place, _ in writes])
    for _, _, write in writes:  # each was checked before the first was made
        write()
    return {"UnprocessedItems": {}}


def _write(table: Table, each: Any) -> tuple[Table, Any, Callable[[], Reply]]:
    if set(each) == {"PutRequest"}:
        new = item(each["PutRequest"]["Item"])
        table.require_fitting(new)
        return table, table.schema.place(new), lambda: put_item(table, {"Item": new})
    if set(each) == {"DeleteRequest"}:
        key = each["DeleteRequest"]["Key"]
        return table, _place(table, key), lambda: delete_item(table, {"Key": key})
    raise invalid("Supplied AttributeValue has more than one of PutRequest and DeleteRequest, or neither")


def _place(table: Table, key: Any) -> Any:
    found = item(key)
    table.schema.require_exact(found)
    return table.schema.place(found)


def _require_different(places: list[Any]) -> None:
    if len(set(places)) != len(places):
        raise invalid("Provided list of item keys contains duplicates")
