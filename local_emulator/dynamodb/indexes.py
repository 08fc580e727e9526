"""Secondary indexes: the same items in another order, with what the index projects of them."""

from collections.abc import Mapping
from typing import Any

from local_emulator.dynamodb.faults import invalid_parameter
from local_emulator.dynamodb.keys import KeySchema
from local_emulator.dynamodb.partitions import Entry, Partitions
from local_emulator.dynamodb.sizes import item_bytes
from local_emulator.dynamodb.values import Item


class Index:
    """`definition` is the API's; `is_global` says whether it has a partition key of its own."""

    def __init__(
        self, definition: Mapping[str, Any], *, table: KeySchema, kinds: Mapping[str, str], is_global: bool
    ) -> None:
        self.name = str(definition["IndexName"])
        self.definition = dict(definition)
        self.schema = KeySchema.read(definition["KeySchema"], kinds)
        self.is_global = is_global
        self.partitions = Partitions()
        self._table = table
        self.held = _projected(definition["Projection"], {*_names(table), *_names(self.schema)})
        if not is_global and self.schema.hash != table.hash:
            raise invalid_parameter(f"Index KeySchema does not have the same leading hash key as table: {self.name}")

    def place(self, item: Item) -> tuple[Any, Any]:
        """(partition, order within it). Entries with equal keys are told apart by the table's own."""
        partition, sort = self.schema.place(item)
        return partition, (sort, *self._table.place(item))

    def replace(self, old: Item | None, new: Item | None) -> None:
        """Follows a change of the table."""
        before = old if old is not None and self.schema.holds(old) else None
        after = new if new is not None and self.schema.holds(new) else None
        if before is None and after is None:
            return
        was = self.place(before) if before is not None else None
        now = self.place(after) if after is not None else None
        if was is not None and was != now:
            self.partitions.drop(*was)
        if now is not None and after is not None:
            self._put(now, self.project(after))

    def project(self, item: Item) -> Item:
        """What the index holds of an item."""
        return item if self.held is None else {name: value for name, value in item.items() if name in self.held}

    def _put(self, place: tuple[Any, Any], projected: Item) -> None:
        standing = self.partitions.get(*place)
        if standing is None or standing.item != projected:
            self.partitions.put(*place, Entry(projected, item_bytes(projected)))


def _names(schema: KeySchema) -> list[str]:
    return [attribute.name for attribute in schema.attributes]


def _projected(projection: Mapping[str, Any], keys: set[str]) -> frozenset[str] | None:
    """The attributes that an index holds; None for all."""
    if projection.get("ProjectionType", "ALL") == "ALL":
        return None
    return frozenset({*keys, *projection.get("NonKeyAttributes", ())})
