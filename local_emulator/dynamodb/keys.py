"""A table's or an index's key: its attributes, and how their values are ordered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_emulator.dynamodb.faults import invalid, invalid_parameter
from local_emulator.dynamodb.values import ORDERS, Item, Value

MOST_HASH_BYTES, MOST_SORT_BYTES = 2_048, 1_024


@dataclass(frozen=True)
class KeyAttribute:
    """`kind` is S, N or B."""

    name: str
    kind: str

    def order(self, value: Value) -> Any:
        """Sorts as DynamoDB sorts. `value` is of this kind."""
        return ORDERS[self.kind](value[self.kind])


@dataclass(frozen=True)
class KeySchema:
    hash: KeyAttribute
    sort: KeyAttribute | None

    @classmethod
    def read(cls, elements: Iterable[Mapping[str, str]], kinds: Mapping[str, str]) -> "KeySchema":
        """`elements` as `KeySchema` of the API; `kinds` by attribute. Raises Fault."""
        found: dict[str, KeyAttribute] = {}
        for element in elements:
            name = element["AttributeName"]
            if name not in kinds:
                raise invalid_parameter(
                    f"Some index key attributes are not defined in AttributeDefinitions. Keys: [{name}]"
                )
            found[element["KeyType"]] = KeyAttribute(name, kinds[name])
        if "HASH" not in found:
            raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
        return cls(found["HASH"], found.get("RANGE"))

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        return (self.hash, self.sort) if self.sort else (self.hash,)

    def place(self, item: Item) -> tuple[Any, Any]:
        """(partition, order within it) of an item that has the whole key."""
        sort = self.sort.order(item[self.sort.name]) if self.sort else ""
        return self.hash.order(item[self.hash.name]), sort

    def holds(self, item: Item) -> bool:
        return all(attribute.name in item for attribute in self.attributes)

    def of(self, item: Item) -> Item:
        return {attribute.name: item[attribute.name] for attribute in self.attributes}

    def require_exact(self, key: Item) -> None:
        """Raises Fault unless this is the key and nothing else."""
        if len(key) != len(self.attributes) or not all(
            attribute.kind in key.get(attribute.name, {}) for attribute in self.attributes
        ):
            raise invalid("The provided key element does not match the schema")
        self._require_fitting(key)

    def require_in(self, item: Item) -> None:
        """Raises Fault unless the item has the key."""
        for attribute in self.attributes:
            if attribute.name not in item:
                raise invalid_parameter(f"Missing the key {attribute.name} in the item")
            self._require_kind(attribute, item, "Type mismatch for key {}")
        self._require_fitting(item)

    def require_if_there(self, item: Item, *, index: str) -> None:
        """Of an index: an item that lacks its key is not in it, but a key of the wrong kind is refused. Raises Fault."""
        for attribute in self.attributes:
            if attribute.name in item:
                self._require_kind(attribute, item, "Type mismatch for Index Key {}", more=f" IndexName: {index}")
                if not item[attribute.name][attribute.kind]:
                    raise invalid_parameter(
                        f"The update expression attempted to update the secondary index key {attribute.name} "
                        "to a value that is an empty string value, which is not supported"
                    )

    def _require_kind(self, attribute: KeyAttribute, item: Item, words: str, *, more: str = "") -> None:
        value = item[attribute.name]
        if attribute.kind not in value:
            told = words.format(attribute.name)
            raise invalid_parameter(f"{told} Expected: {attribute.kind} Actual: {next(iter(value))}{more}")

    def _require_fitting(self, key: Item) -> None:
        limits = zip(self.attributes, (MOST_HASH_BYTES, MOST_SORT_BYTES), ("hash", "range"), strict=False)
        for attribute, most, word in limits:
            content = key[attribute.name][attribute.kind]
            if not content:
                raise invalid(
                    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
                    f"an empty string value. Key: {attribute.name}"
                )
            if len(content) > most // 4 and len(content.encode()) > most:
                raise invalid_parameter(f"Size of {word}key has exceeded the maximum size limit of{most} bytes")
