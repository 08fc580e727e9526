"""Queries and scans: which entries, from where on, and how many of them make a page."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_emulator.dynamodb.expressions.key_conditions import Bound
from local_emulator.dynamodb.faults import invalid, invalid_parameter
from local_emulator.dynamodb.indexes import Index
from local_emulator.dynamodb.keys import KeyAttribute, KeySchema
from local_emulator.dynamodb.partitions import Entry, Order, Partition, Partitions
from local_emulator.dynamodb.sizes import PAGE_BYTES
from local_emulator.dynamodb.table import Table
from local_emulator.dynamodb.values import Item, Value, item


@dataclass
class Page:
    """`last_key` is where the next page starts; None: this was the last."""

    items: list[Item] = field(default_factory=list)
    scanned: int = 0
    last_key: Item | None = None


@dataclass(frozen=True)
class View:
    """The table itself, or one of its indexes."""

    table: Table
    index: Index | None

    @property
    def schema(self) -> KeySchema:
        return self.index.schema if self.index else self.table.schema

    @property
    def partitions(self) -> Partitions:
        return (self.index or self.table).partitions

    def sort_of(self, order: Order) -> Any:
        return order[0] if self.index else order

    def key_of(self, found: Item) -> Item:
        """Where a page ends: the index's key, and the table's."""
        return self.table.schema.of(found) | (self.index.schema.of(found) if self.index else {})

    def place(self, key: Any) -> tuple[Any, Order]:
        """Of an `ExclusiveStartKey`. Raises Fault."""
        start = item(key)
        names = {a.name: a.kind for schema in (self.table.schema, self.schema) for a in schema.attributes}
        if start.keys() != names.keys() or any(kind not in start[name] for name, kind in names.items()):
            raise invalid("The provided starting key is invalid")
        return (self.index or self.table.schema).place(start)


def queried(view: View, bound: Bound, *, start: Any, forward: bool) -> Iterator[Entry]:
    """The entries of one partition within the bound, behind `start`. Raises Fault."""
    partition_value = _typed(view.schema.hash, bound.partition)
    partition = view.partitions.of(partition_value)
    first, end = _range(view, partition, bound)
    if start is not None:
        of, order = view.place(start)
        if of != partition_value:
            raise invalid("The provided starting key is outside query boundaries based on provided conditions")
        if forward:
            first = max(first, partition.first_where(lambda one: one > order))
        else:
            end = min(end, partition.first_where(lambda one: one >= order))
    return (entry for _, entry in partition.walk(first, end, forward=forward))


def scanned(view: View, *, start: Any) -> Iterator[Entry]:
    """All entries behind `start`, partition by partition. Raises Fault."""
    behind, order = view.place(start) if start is not None else (None, None)
    for name, partition in view.partitions.since(behind):
        first = partition.first_where(lambda one: one > order) if name == behind else 0
        yield from (entry for _, entry in partition.walk(first, len(partition.orders), forward=True))


def page(
    entries: Iterable[Entry], view: View, *, limit: int | None, wanted: Callable[[Item], bool], whole: bool
) -> Page:
    """Up to `limit` entries or 1 MB of them, whichever comes first; what is not wanted counts, too.

    `whole`: the table's items, not what the index holds of them.
    """
    found, read_bytes = Page(), 0
    for entry in entries:
        shown = (view.table.get(view.table.schema.of(entry.item)) or {}) if whole and view.index else entry.item
        found.scanned += 1
        read_bytes += entry.size_bytes
        if wanted(shown):
            found.items.append(shown)
        if found.scanned == limit or read_bytes > PAGE_BYTES:
            found.last_key = view.key_of(entry.item)
            break
    return found


def _range(view: View, partition: Partition, bound: Bound) -> tuple[int, int]:
    """First place, and the one behind the last."""
    if not bound.sign:
        return 0, len(partition.orders)
    sort = view.schema.sort
    assert sort is not None
    if bound.sign == "BEGINS_WITH" and sort.kind == "N":
        raise invalid(
            "Invalid KeyConditionExpression: Incorrect operand type for operator or function; "
            "operator or function: begins_with, operand type: N"
        )
    values = [_typed(sort, operand) for operand in bound.operands]
    inside, behind = _EDGES[bound.sign]
    first = partition.first_where(lambda order: inside(view.sort_of(order), values[0])) if inside else 0
    if behind is None:
        return first, len(partition.orders)
    return first, partition.first_where(lambda order: behind(view.sort_of(order), values[-1]))


def _behind_prefix(sort: Any, prefix: Any) -> bool:
    return bool(sort >= prefix and not sort.startswith(prefix))


Edge = Callable[[Any, Any], bool]
_EDGES: Mapping[str, tuple[Edge | None, Edge | None]] = {  # the first that is inside, the first that is behind
    "=": (operator.ge, operator.gt),
    "BETWEEN": (operator.ge, operator.gt),
    "<": (None, operator.ge),
    "<=": (None, operator.gt),
    ">": (operator.gt, None),
    ">=": (operator.ge, None),
    "BEGINS_WITH": (operator.ge, _behind_prefix),
}


def _typed(attribute: KeyAttribute, value: Value) -> Any:
    if attribute.kind not in value:
        raise invalid_parameter("Condition parameter type does not match schema type")
    return attribute.order(value)
