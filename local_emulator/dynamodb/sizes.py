"""How many bytes DynamoDB reckons for an item.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections.abc import Callable, Mapping
from typing import Any

MOST_ITEM_BYTES = 400 * 1024
PAGE_BYTES = 1024 * 1024  # of a query or scan, before its filter
_CONTAINER_BYTES = 3


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    total = 0
    for name, value in item.items():
        ((kind, content),) = value.items()
        total += len(name) if name.isascii() else len(name.encode())
        if kind == "S" and content.isascii():  # most of them: without a call
            total += len(content)
        else:
            count = _COUNTS.get(kind)
            total += count(content) if count else 1
    return total


def value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    count = _COUNTS.get(kind)
    return count(content) if count else 1  # BOOL, NULL


def _map_bytes(members: Mapping[str, Any]) -> int:
    return _CONTAINER_BYTES + sum(1 + _text_bytes(name) + value_bytes(one) for name, one in members.items())


def _list_bytes(members: list[Any]) -> int:
    return _CONTAINER_BYTES + sum(1 + value_bytes(one) for one in members)


def _text_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _number_bytes(text: str) -> int:
    """About one byte for each two significant digits, and one."""
    if text.isdecimal() and text[-1] != "0":
        return (len(text) + 1) // 2 + 1
    digits = text.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def _binary_bytes(text: str) -> int:
    return len(text) // 4 * 3 - text.count("=", -2)


_COUNTS: Mapping[str, Callable[[Any], int]] = {
    "S": _text_bytes,
    "N": _number_bytes,
    "B": _binary_bytes,
    "M": _map_bytes,
    "L": _list_bytes,
    "SS": lambda members: sum(map(_text_bytes, members)),
    "NS": lambda members: sum(map(_number_bytes, members)),
    "BS": lambda members: sum(map(_binary_bytes, members)),
}
