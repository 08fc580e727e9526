"""Query and Scan."""

from collections.abc import Callable, Iterable
from typing import Any

from local_emulator.dynamodb.expressions.conditions import condition
from local_emulator.dynamodb.expressions.key_conditions import PARAMETER, key_condition
from local_emulator.dynamodb.expressions.projections import projection
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.faults import invalid, invalid_parameter
from local_emulator.dynamodb.pages import View, page, queried, scanned
from local_emulator.dynamodb.partitions import Entry
from local_emulator.dynamodb.requests import Request, chosen, limit_of, needed
from local_emulator.dynamodb.table import Table
from local_emulator.dynamodb.values import Item

Reply = dict[str, Any]
_SELECT = ("", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT")


def query(table: Table, request: Request) -> Reply:
    view, scope = _view(table, request), Scope.of(request)
    keys = key_condition(needed(request, PARAMETER))
    schema = view.schema
    reply = _Reply(view, request, scope, [(PARAMETER, keys.uses)])
    bound = keys.bind(scope, hash_name=schema.hash.name, sort_name=schema.sort.name if schema.sort else None)
    forward = request.get("ScanIndexForward") is not False
    return reply.of(queried(view, bound, start=request.get("ExclusiveStartKey"), forward=forward))


def scan(table: Table, request: Request) -> Reply:
    view, scope = _view(table, request), Scope.of(request)
    return _Reply(view, request, scope, []).of(scanned(view, start=request.get("ExclusiveStartKey")))


def _view(table: Table, request: Request) -> View:
    name = request.get("IndexName")
    index = table.index(name) if name is not None else None
    if index and index.is_global and request.get("ConsistentRead"):
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return View(table, index)


class _Reply:
    """How the entries are filtered, cut and shown. Raises Fault when made from a request that makes no sense."""

    def __init__(self, view: View, request: Request, scope: Scope, more: list[tuple[str, Uses]]) -> None:
        self._view = view
        self._scope = scope
        self._limit = limit_of(request)
        uses = list(more)
        self._wanted = self._filter(request.get("FilterExpression"), uses)
        self._shown = self._projection(request.get("ProjectionExpression"), uses)
        scope.require(uses)
        self._select = chosen(request, "Select", *_SELECT)
        self._whole = self._select == "ALL_ATTRIBUTES" or self._shown is not None
        self._require_held()

    def of(self, entries: Iterable[Entry]) -> Reply:
        found = page(entries, self._view, limit=self._limit, wanted=self._wanted, whole=self._whole)
        reply: Reply = {"Count": len(found.items), "ScannedCount": found.scanned}
        if self._select != "COUNT":
            shown, scope = self._shown, self._scope
            reply["Items"] = [shown(item, scope) for item in found.items] if shown else found.items
        return reply | ({"LastEvaluatedKey": found.last_key} if found.last_key else {})

    def _filter(self, text: str | None, uses: list[tuple[str, Uses]]) -> Callable[[Item], bool]:
        if text is None:
            return lambda item: True
        holds, used = condition(text, "FilterExpression")
        uses.append(("FilterExpression", used))
        return lambda item: holds(item, self._scope)

    def _projection(self, text: str | None, uses: list[tuple[str, Uses]]) -> Any:
        if text is None:
            return None
        shown, used = projection(text)
        uses.append(("ProjectionExpression", used))
        return shown

    def _require_held(self) -> None:
        """A global index cannot look at its table."""
        index = self._view.index
        if index is None or not index.is_global:
            return
        if self._select == "ALL_ATTRIBUTES" and index.held is not None:
            raise invalid_parameter(
                f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} because its "
                "projection type is not ALL"
            )
        self._whole = False
