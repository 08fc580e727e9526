"""BatchGetItem and BatchWriteItem: many single operations in one request, each by itself."""

from collections.abc import Callable, Iterable
from typing import Any

from local_emulator.dynamodb.faults import invalid
from local_emulator.dynamodb.item_operations import get_item
from local_emulator.dynamodb.requests import Request, needed
from local_emulator.dynamodb.table import Table
from local_emulator.dynamodb.values import Item, item

Reply = dict[str, Any]
Tables = Callable[[str], Table]  # by name; raises Fault

MOST_READ, MOST_WRITTEN = 100, 25
MOST_READ_BYTES = 16 * 1024 * 1024


def batch_get_item(tables: Tables, request: Request) -> Reply:
    wanted: dict[str, Any] = needed(request, "RequestItems")
    count = sum(len(each["Keys"]) for each in wanted.values())
    _require_some(count, wanted.values(), most=MOST_READ, operation="BatchGetItem")
    found = {name: tables(name) for name in wanted}
    keys = {name: [_key(found[name], key) for key in each["Keys"]] for name, each in wanted.items()}
    for name, table in found.items():
        _require_different([table.schema.place(key) for key in keys[name]])
    responses: dict[str, list[Item]] = {}
    unread: dict[str, Any] = {}
    budget = MOST_READ_BYTES
    for name, each in wanted.items():
        responses[name] = []
        for number, key in enumerate(keys[name]):
            if budget <= 0:
                unread[name] = {**each, "Keys": keys[name][number:]}
                break
            shown, size_bytes = _read(found[name], {**each, "Key": key})
            responses[name] += shown
            budget -= size_bytes
    return {"Responses": responses, "UnprocessedKeys": unread}


def _read(table: Table, request: Request) -> tuple[list[Item], int]:
    """The item as it is shown, if there is one, and the size of what was read."""
    shown = get_item(table, request)
    standing = table.entry_at(request["Key"])
    return ([shown["Item"]], standing.size_bytes) if standing else ([], 0)


def batch_write_item(tables: Tables, request: Request) -> Reply:
    wanted: dict[str, list[Any]] = needed(request, "RequestItems")
    _require_some(sum(map(len, wanted.values())), wanted.values(), most=MOST_WRITTEN, operation="BatchWriteItem")
    writes = [_write(tables(name), each) for name, requests in wanted.items() for each in requests]
    _require_different([(table.name, place) for table, place, _ in writes])
    for _, _, write in writes:  # each was checked before the first was made
        write()
    return {"UnprocessedItems": {}}


def _write(table: Table, each: dict[str, Any]) -> tuple[Table, Any, Callable[[], None]]:
    put, delete = each.get("PutRequest"), each.get("DeleteRequest")
    if (put is None) == (delete is None):
        raise invalid("Supplied WriteRequest has both of PutRequest and DeleteRequest, or neither: give one of them")
    if put is not None:
        new = item(put["Item"])
        size_bytes = table.require_fitting(new)
        return table, table.schema.place(new), lambda: table.put(table.at(new), new, size_bytes=size_bytes)
    key = _key(table, (delete or {})["Key"])
    return table, table.schema.place(key), lambda: _delete(table, key)


def _delete(table: Table, key: Item) -> None:
    old = table.at(key)
    if old is not None:
        table.drop(old)


def _key(table: Table, given: Any) -> Item:
    """Raises Fault."""
    key = item(given)
    table.schema.require_exact(key)
    return key


def _require_some(count: int, groups: Iterable[Any], *, most: int, operation: str) -> None:
    """Raises Fault."""
    if not count or not all(groups):
        raise invalid(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1, of every table"
        )
    if count > most:
        raise invalid(f"Too many items requested for the {operation} call; the most are {most}")


def _require_different(places: list[Any]) -> None:
    if len(set(places)) != len(places):
        raise invalid("Provided list of item keys contains duplicates")
