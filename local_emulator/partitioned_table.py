"""A moto table whose queries look at one partition.

moto's own sort every item of the table for each query, which makes a claim among a few thousand tasks take a second.
What a query means is left to moto; only what it starts from is narrowed.
"""

from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table


class PartitionedTable(Table):
    """Callers hold the endpoint's lock: between the two lines of `query` the table belongs to one caller."""

    _partition: DynamoType | None = None

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
