"""Query and Scan."""

from collections.abc import Iterable
from typing import Any

from local_emulator.dynamodb.expressions.conditions import condition
from local_emulator.dynamodb.expressions.key_conditions import PARAMETER, key_condition
from local_emulator.dynamodb.expressions.projections import projection
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.faults import invalid, invalid_parameter
from local_emulator.dynamodb.indexes import Index
from local_emulator.dynamodb.pages import View, page, queried, scanned
from local_emulator.dynamodb.partitions import Entry
from local_emulator.dynamodb.requests import Request, chosen, limit_of, needed
from local_emulator.dynamodb.table import Table
from local_emulator.dynamodb.values import Item

Reply = dict[str, Any]
_SELECT = ("", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES", "COUNT")
_TOLD = {
    "COUNT": "only the Count",
    "ALL_ATTRIBUTES": "ALL_ATTRIBUTES",
    "ALL_PROJECTED_ATTRIBUTES": "ALL_PROJECTED_ATTRIBUTES",
}


def query(table: Table, request: Request) -> Reply:
    view, scope = _view(table, request), Scope.of(request)
    keys = key_condition(needed(request, PARAMETER))
    schema = view.schema
    reply = _Reply(view, request, scope, [(PARAMETER, keys.uses)])
    reply.require_no_key_filtered()
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
        filtering, shown = request.get("FilterExpression"), request.get("ProjectionExpression")
        self._filter = condition(filtering, "FilterExpression") if filtering is not None else None
        self._projection = projection(shown) if shown is not None else None
        uses = [*more, *([("FilterExpression", self._filter[1])] if self._filter else [])]
        scope.require([*uses, *([("ProjectionExpression", self._projection[1])] if self._projection else [])])
        self._select = chosen(request, "Select", *_SELECT)
        self._require_selectable()
        index = view.index
        self._whole = bool(index and not index.is_global and (self._select == "ALL_ATTRIBUTES" or self._projection))

    def require_no_key_filtered(self) -> None:
        """Of a query: its keys are the key condition's. Raises Fault."""
        attributes = self._filter[1].attributes(self._scope) if self._filter else set()
        for name in sorted(attributes & self._view.schema.names):
            raise invalid(
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
            )

    def of(self, entries: Iterable[Entry]) -> Reply:
        found = page(entries, self._view, limit=self._limit, wanted=self._wanted, whole=self._whole)
        reply: Reply = {"Count": len(found.items), "ScannedCount": found.scanned}
        if self._select != "COUNT":
            shown, scope = self._projection[0] if self._projection else None, self._scope
            reply["Items"] = [shown(item, scope) for item in found.items] if shown else found.items
        return reply | ({"LastEvaluatedKey": found.last_key} if found.last_key else {})

    def _wanted(self, item: Item) -> bool:
        return self._filter is None or self._filter[0](item, self._scope)

    def _require_selectable(self) -> None:
        index, select = self._view.index, self._select
        if self._projection and select not in ("", "SPECIFIC_ATTRIBUTES"):
            raise invalid(f"Cannot specify the ProjectionExpression when choosing to get {_TOLD[select]}")
        if select == "SPECIFIC_ATTRIBUTES" and not self._projection:
            raise invalid("Must specify the ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
        if select == "ALL_PROJECTED_ATTRIBUTES" and index is None:
            raise invalid_parameter("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
        if index is not None and index.is_global and index.held is not None:
            self._require_held(index, index.held)

    def _require_held(self, index: Index, held: frozenset[str]) -> None:
        """A global index cannot look at its table."""
        if self._select == "ALL_ATTRIBUTES":
            raise invalid_parameter(
                f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} because its "
                "projection type is not ALL"
            )
        wanted = self._projection[1].attributes(self._scope) if self._projection else set()
        if wanted - held:
            raise invalid_parameter(
                f"Global secondary index {index.name} does not project [{', '.join(sorted(wanted - held))}]"
            )
