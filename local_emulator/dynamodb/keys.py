"""A table's or an index's key: its attributes, and how their values are ordered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid, invalid_parameter
from local_emulator.dynamodb.sizes import value_bytes
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
        """`elements` as `KeySchema` of the API, which is checked; `kinds` by attribute."""
        found = {element["KeyType"]: element["AttributeName"] for element in elements}
        keys = {kind: KeyAttribute(name, kinds[name]) for kind, name in found.items()}
        return cls(keys["HASH"], keys.get("RANGE"))

    @cached_property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        return (self.hash, self.sort) if self.sort else (self.hash,)

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(attribute.name for attribute in self.attributes)

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
            if attribute.kind not in item[attribute.name]:
                raise _wrong_kind("key", attribute, item[attribute.name])
        self._require_fitting(item)

    def require_if_there(self, item: Item, *, index: str, update: bool) -> None:
        """Of an index: an item that lacks its key is not in it, but a key that cannot be one is refused. Raises Fault."""
        for attribute, most, word in self._limits:
            value = item.get(attribute.name)
            if value is None:
                continue
            if attribute.kind not in value:
                raise _wrong_kind("Index Key", attribute, value, more=f" IndexName: {index}")
            content = value[attribute.kind]
            if not content:
                raise _empty_index_key(attribute.name, index=index, update=update)
            if len(content) > most // 4 and value_bytes(value) > most:
                raise _too_large(word, most, more=f" of index {index}")

    def _require_fitting(self, key: Item) -> None:
        for attribute, most, word in self._limits:
            value = key[attribute.name]
            content = value[attribute.kind]
            if not content:
                raise invalid(
                    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain "
                    f"an empty {'binary' if attribute.kind == 'B' else 'string'} value. Key: {attribute.name}"
                )
            if len(content) > most // 4 and value_bytes(value) > most:
                raise _too_large(word, most)

    @cached_property
    def _limits(self) -> tuple[tuple[KeyAttribute, int, str], ...]:
        return tuple(zip(self.attributes, (MOST_HASH_BYTES, MOST_SORT_BYTES), ("hash", "range"), strict=False))


def _wrong_kind(word: str, attribute: KeyAttribute, value: Value, *, more: str = "") -> Fault:
    return invalid_parameter(
        f"Type mismatch for {word} {attribute.name} Expected: {attribute.kind} Actual: {next(iter(value))}{more}"
    )


def _too_large(word: str, most: int, *, more: str = "") -> Fault:
    return invalid_parameter(f"Size of {word}key has exceeded the maximum size limit of{most} bytes{more}")


def _empty_index_key(name: str, *, index: str, update: bool) -> Fault:
    if update:
        return invalid_parameter(
            f"The update expression attempted to update the secondary index key {name} to a value that is an empty "
            f"string value, which is not supported. IndexName: {index}, IndexKey: {name}"
        )
    return invalid(
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
        f"AttributeValue for a key attribute cannot contain an empty string value. IndexName: {index}, IndexKey: {name}"
    )
