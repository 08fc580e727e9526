"""A moto table whose queries look at one partition, and whose local indexes drop what they do not hold at once.

moto's own sort every item of the table for each query, which makes a claim among a few thousand tasks take a second;
then its indexes turn each item found into Python and back. What a query means is left to moto.
"""

from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import LocalSecondaryIndex, Table


class LeanIndex(LocalSecondaryIndex):
    """Projects by name: what an index holds are whole attributes, never parts of one."""

    def project(self, item: Item) -> Item:
        """The item with the attributes that the index holds. Shares their values: `query` has made copies already."""
        if self.projection["ProjectionType"] == "ALL":
            return item
        held = {*self.table_key_attrs, *self.schema_key_attrs, *self.projection.get("NonKeyAttributes", ())}
        found = Item(item.hash_key, item.range_key, {})
        found.attrs.update({name: value for name, value in item.attrs.items() if name in held})
        return found


class PartitionedTable(Table):
    """Callers hold the endpoint's lock: between the two lines of `query` the table belongs to one caller."""

    _partition: DynamoType | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.indexes = [
            LeanIndex(index.name, index.schema, index.projection, index.table_key_attrs) for index in self.indexes
        ]

    def query(self, hash_key: DynamoType | None, *args: Any, **options: Any) -> Any:
        self._partition = self._partition_of(options.get("hash_key_conditions"))
        try:
            return super().query(hash_key, *args, **options)
        finally:
            self._partition = None

    def all_items(self) -> list[Item]:
        if self._partition is None:
            return super().all_items()
        return list(self.items.get(self._partition, {}).values())

    def _partition_of(self, conditions: list[tuple[str, DynamoType]] | None) -> DynamoType | None:
        """The one partition that a query is about; None where its index has another hash key than the table."""
        return next((value for name, value in conditions or () if name == self.hash_key_attr), None)
