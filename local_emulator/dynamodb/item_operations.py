"""GetItem, PutItem, UpdateItem and DeleteItem: each is whole or has not happened."""

from collections.abc import Sequence
from typing import Any

from local_emulator.dynamodb.expressions.conditions import Condition, condition
from local_emulator.dynamodb.expressions.paths import Real, pick
from local_emulator.dynamodb.expressions.projections import projection
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.expressions.updates import update
from local_emulator.dynamodb.faults import condition_failed
from local_emulator.dynamodb.requests import Request, chosen, needed
from local_emulator.dynamodb.table import Table
from local_emulator.dynamodb.values import Item, item

Reply = dict[str, Any]


def get_item(table: Table, request: Request) -> Reply:
    scope, text = Scope.of(request), request.get("ProjectionExpression")
    shown, uses = projection(text) if text is not None else (None, None)
    scope.require([("ProjectionExpression", uses)] if uses else [])
    found = table.get(item(needed(request, "Key")))
    if found is None:
        return {}
    return {"Item": shown(found, scope) if shown else found}


def put_item(table: Table, request: Request) -> Reply:
    returned = chosen(request, "ReturnValues", "NONE", "ALL_OLD")
    new = item(needed(request, "Item"))
    write = _Conditional(request)
    size_bytes = table.require_fitting(new)
    old = table.at(new)
    write.require(old)
    table.put(old, new, size_bytes=size_bytes)
    return {"Attributes": old} if returned == "ALL_OLD" and old else {}


def delete_item(table: Table, request: Request) -> Reply:
    returned = chosen(request, "ReturnValues", "NONE", "ALL_OLD")
    write = _Conditional(request)
    old = table.get(item(needed(request, "Key")))
    write.require(old)
    if old is None:
        return {}
    table.drop(old)
    return {"Attributes": old} if returned == "ALL_OLD" else {}


def update_item(table: Table, request: Request) -> Reply:
    returned = chosen(request, "ReturnValues", "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
    text = request.get("UpdateExpression")
    changes = update(text) if text is not None else None
    write = _Conditional(request, [("UpdateExpression", changes.uses)] if changes else [])
    paths = changes.paths(write.scope, keys=table.schema.names) if changes else []
    key = item(needed(request, "Key"))
    old = table.get(key)
    write.require(old)
    base = old if old is not None else key
    new = changes.apply(base, write.scope, paths) if changes else base
    table.put(old, new, size_bytes=table.require_fitting(new, update=True))
    return _returned(returned, old, new, paths)


class _Conditional:
    """A write's condition. Raises Fault when made from a request that makes no sense, whatever the item is.

    `more` are the request's other expressions: together they use all placeholders that were given.
    """

    def __init__(self, request: Request, more: Sequence[tuple[str, Uses]] = ()) -> None:
        self.scope = Scope.of(request)
        self._told = chosen(request, "ReturnValuesOnConditionCheckFailure", "NONE", "ALL_OLD")
        text = request.get("ConditionExpression")
        self._holds: Condition | None = None
        if text is not None:
            self._holds, uses = condition(text, "ConditionExpression")
            more = [*more, ("ConditionExpression", uses)]
        self.scope.require(more)

    def require(self, old: Item | None) -> None:
        """Raises Fault unless it holds; with the old item, where that is asked for."""
        if self._holds is not None and not self._holds(old or {}, self.scope):
            raise condition_failed(old if self._told == "ALL_OLD" else None)


def _returned(kind: str, old: Item | None, new: Item, paths: list[Real]) -> Reply:
    match kind:
        case "ALL_NEW":
            return {"Attributes": new}
        case "ALL_OLD":
            found = old or {}
        case "UPDATED_OLD":
            found = pick(old or {}, paths)
        case "UPDATED_NEW":
            found = pick(new, paths)
        case _:
            found = {}
    return {"Attributes": found} if found else {}
