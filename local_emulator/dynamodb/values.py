"""Attribute values of the wire, checked and in one spelling, so that equal values are equal dictionaries.

Rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid, invalid_parameter

Value = dict[str, Any]
Item = dict[str, Value]

DEEPEST = 32
MOST_DIGITS = 38
_PLAIN_NUMBER = re.compile(r"(?:0|-?[1-9][0-9]{0,37})\Z")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\Z")


def item(given: Any) -> Item:
    """Raises Fault."""
    if not isinstance(given, Mapping):
        raise _unreadable("an item is a map of attribute names to values")
    return {name: value(one) for name, one in given.items()}


def value(given: Any, *, depth: int = 0) -> Value:
    """The value in its one spelling. Raises Fault."""
    if not isinstance(given, Mapping) or len(given) != 1:
        raise _not_one(given)
    if depth > DEEPEST:
        raise _too_deep()
    ((kind, content),) = given.items()
    read = _READERS.get(kind)
    if read is None:
        raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    return {kind: read(content, depth)}


def require_shallow(one: Value, *, depth: int) -> None:
    """Raises Fault if a value, `depth` levels inside its item, nests too deep."""
    if depth > DEEPEST:
        raise _too_deep()
    ((kind, content),) = one.items()
    if kind in ("M", "L"):
        for member in content.values() if kind == "M" else content:
            require_shallow(member, depth=depth + 1)


def number(text: Any) -> str:
    """Without leading or trailing zeros, never with an exponent: `1.50` and `15E-1` are both `1.5`. Raises Fault."""
    if isinstance(text, str) and _PLAIN_NUMBER.match(text):
        return text
    if not isinstance(text, str):
        raise _unreadable("N is a string")
    if not _NUMBER.match(text):
        raise invalid_parameter(f"The parameter cannot be converted to a numeric value: {text}")
    return from_decimal(Decimal(text))


def from_decimal(exact: Decimal) -> str:
    """Raises Fault where DynamoDB holds no such number."""
    if not exact:
        return "0"
    significant = "".join(map(str, exact.as_tuple().digits)).strip("0")
    magnitude = exact.adjusted()
    if len(significant) > MOST_DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    if magnitude > 125:
        raise invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if magnitude < -130:
        raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _text(content: Any, _: int) -> str:
    if not isinstance(content, str):
        raise _unreadable("S is a string")
    return content


def _number(content: Any, _: int) -> str:
    return number(content)


def _binary(content: Any, _: int) -> str:
    if isinstance(content, bytes):  # of a state file
        return b64encode(content).decode()
    try:
        return b64encode(b64decode(content, validate=True)).decode()
    except (NotBase64, TypeError, ValueError) as error:
        raise _unreadable("B is Base64") from error


def _bool(content: Any, _: int) -> bool:
    if not isinstance(content, bool):
        raise _unreadable("BOOL is true or false")
    return content


def _null(content: Any, _: int) -> bool:
    if content is not True:
        raise invalid_parameter("Null attribute value types must have the value of true")
    return True


def _map(content: Any, depth: int) -> Item:
    if not isinstance(content, Mapping):
        raise _unreadable("M is a map")
    return {name: value(one, depth=depth + 1) for name, one in content.items()}


def _list(content: Any, depth: int) -> list[Value]:
    if not isinstance(content, list):
        raise _unreadable("L is a list")
    return [value(one, depth=depth + 1) for one in content]


def _set_of(read: Callable[[Any, int], str], order: Callable[[str], Any]) -> Callable[[Any, int], list[str]]:
    """Sets have no order of their own; here they have one, so that equal sets are equal lists."""

    def members(content: Any, depth: int) -> list[str]:
        if not isinstance(content, list):
            raise _unreadable("a set is a list")
        if not content:
            raise invalid_parameter("An string set  may not be empty" if read is _text else "A set may not be empty")
        found = sorted((read(one, depth) for one in content), key=order)
        if len(set(found)) != len(found):
            raise invalid_parameter(f"Input collection {content} contains duplicates.")
        return found

    return members


def _not_one(given: Any) -> Fault:
    if not isinstance(given, Mapping):
        return _unreadable("an attribute's value is an object")
    many = "has more than one datatypes set" if given else "is empty"
    return invalid(f"Supplied AttributeValue {many}, must contain exactly one of the supported datatypes")


def _too_deep() -> Fault:
    return invalid("Nesting Levels have exceeded supported limits")


def _unreadable(why: str) -> Fault:
    return Fault("SerializationException", f"The value cannot be read: {why}")


ORDERS: Mapping[str, Callable[[str], Any]] = {"S": str, "N": Decimal, "B": b64decode}  # text compares as its UTF-8 does
SET_MEMBERS = {"SS": "S", "NS": "N", "BS": "B"}
_READERS: Mapping[str, Callable[[Any, int], Any]] = {
    "S": _text, "N": _number, "B": _binary, "BOOL": _bool, "NULL": _null, "M": _map, "L": _list,
    "SS": _set_of(_text, str), "NS": _set_of(_number, Decimal), "BS": _set_of(_binary, b64decode),
}  # fmt: skip
KINDS = frozenset(_READERS)
