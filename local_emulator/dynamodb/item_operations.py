"""GetItem, PutItem, UpdateItem and DeleteItem: each is whole or has not happened."""

from typing import Any

from local_emulator.dynamodb.expressions.conditions import condition
from local_emulator.dynamodb.expressions.paths import Real, pick
from local_emulator.dynamodb.expressions.projections import projection
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.expressions.updates import update
from local_emulator.dynamodb.faults import condition_failed, invalid
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
    table.require_fitting(new)
    old = table.get(table.schema.of(new))
    _require_condition(request, old, Scope.of(request), [])
    table.put(old, new)
    return {"Attributes": old} if returned == "ALL_OLD" and old else {}


def delete_item(table: Table, request: Request) -> Reply:
    returned = chosen(request, "ReturnValues", "NONE", "ALL_OLD")
    old = table.get(item(needed(request, "Key")))
    _require_condition(request, old, Scope.of(request), [])
    if old is None:
        return {}
    table.drop(old)
    return {"Attributes": old} if returned == "ALL_OLD" else {}


def update_item(table: Table, request: Request) -> Reply:
    returned = chosen(request, "ReturnValues", "NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
    key, scope = item(needed(request, "Key")), Scope.of(request)
    old = table.get(key)
    text = request.get("UpdateExpression")
    changes = update(text) if text is not None else None
    _require_condition(request, old, scope, [("UpdateExpression", changes.uses)] if changes else [])
    paths = changes.paths(scope) if changes else []
    _require_no_key(table, paths)
    base = old if old is not None else key
    new = changes.apply(base, scope) if changes else base
    table.put(old, new)
    return _returned(returned, old, new, paths)


def _require_condition(request: Request, old: Item | None, scope: Scope, more: list[tuple[str, Uses]]) -> None:
    """Raises Fault. `more` are the request's other expressions: together they use all that was given."""
    told = chosen(request, "ReturnValuesOnConditionCheckFailure", "NONE", "ALL_OLD")
    text = request.get("ConditionExpression")
    if text is None:
        scope.require(more)
        return
    holds, uses = condition(text, "ConditionExpression")
    scope.require([*more, ("ConditionExpression", uses)])
    if not holds(old or {}, scope):
        raise condition_failed(old if told == "ALL_OLD" else None)


def _require_no_key(table: Table, paths: list[Real]) -> None:
    names = {attribute.name for attribute in table.schema.attributes}
    for path in paths:
        if path[0] in names:
            raise invalid(
                f"One or more parameter values were invalid: Cannot update attribute {path[0]}. "
                "This attribute is part of the key"
            )


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
