"""What a write costs in DynamoDB, from the bytes of the item before and after. Pure.

moto answers with constants, so the published rules are applied here: one unit per started KiB of the larger image, and
for every index an entry that is put, deleted, or (when a key of the index changes) both. A refused conditional write
costs like one that passed. Items are in DynamoDB's own JSON: `{"name": {"S": "value"}}`.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096

Value = Mapping[str, Any]
Item = Mapping[str, Value]


@dataclass(frozen=True)
class Index:
    """An index as the schema defines it. `projected` None: every attribute; else the names beside all keys."""

    name: str
    keys: frozenset[str]
    projected: frozenset[str] | None


@dataclass(frozen=True)
class Units:
    """Write units of one write: the table's own and those of its indexes."""

    table: int
    indexes: int

    @property
    def total(self) -> int:
        return self.table + self.indexes


def indexes_of(definition: Mapping[str, Any]) -> list[Index]:
    """The indexes of a `create_table` definition."""
    table_keys = {key["AttributeName"] for key in definition["KeySchema"]}
    declared = [*definition.get("LocalSecondaryIndexes", []), *definition.get("GlobalSecondaryIndexes", [])]
    return [_index(declaration, table_keys=table_keys) for declaration in declared]


def _index(declaration: Mapping[str, Any], *, table_keys: set[str]) -> Index:
    keys = frozenset(key["AttributeName"] for key in declaration["KeySchema"])
    projection = declaration["Projection"]
    if projection["ProjectionType"] == "ALL":
        return Index(declaration["IndexName"], keys, None)
    return Index(declaration["IndexName"], keys, keys | table_keys | set(projection.get("NonKeyAttributes", [])))


def write_units(old: Item | None, new: Item | None, *, indexes: Sequence[Index]) -> Units:
    """The cost of turning `old` into `new`; None: there was, or is, no item."""
    return Units(_units(old, new), sum(_index_units(old, new, index=index) for index in indexes))


def read_units(item_bytes: int, *, consistent: bool) -> float:
    """The cost of reading so many bytes at once: one unit per started 4 KiB, half of it when eventually consistent."""
    return max(1, -(-item_bytes // READ_UNIT_BYTES)) * (1.0 if consistent else 0.5)


def _units(old: Item | None, new: Item | None) -> int:
    return max(1, -(-max(item_bytes(old or {}), item_bytes(new or {})) // UNIT_BYTES))


def _index_units(old: Item | None, new: Item | None, *, index: Index) -> int:
    before, after = _entry(old, index=index), _entry(new, index=index)
    if before == after:
        return 0
    if before is None or after is None or all(before[key] == after[key] for key in index.keys):
        return _units(before, after)
    return _units(before, None) + _units(None, after)


def _entry(item: Item | None, *, index: Index) -> Item | None:
    """What an index keeps of an item; nothing of one that lacks a key of the index (the index is sparse)."""
    if item is None or not index.keys <= item.keys():
        return None
    return {name: value for name, value in item.items() if index.projected is None or name in index.projected}


def item_bytes(item: Item) -> int:
    """The size that DynamoDB reckons: names in UTF-8 plus values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Value) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return _number_bytes(held)
        case "B":
            return len(held) if isinstance(held, bytes) else len(base64.b64decode(held))
        case "SS" | "NS" | "BS":
            return sum(_value_bytes({kind[0]: member}) for member in held)
        case "L":
            return 3 + sum(1 + _value_bytes(member) for member in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_bytes(member) for name, member in held.items())
        case _:
            return 1  # NULL and BOOL


def _number_bytes(number: str) -> int:
    """One byte, plus one for each two significant digits, plus one for a minus."""
    digits = number.lower().partition("e")[0].lstrip("-").replace(".", "").strip("0")
    return 1 + -(-len(digits) // 2) + number.startswith("-")
