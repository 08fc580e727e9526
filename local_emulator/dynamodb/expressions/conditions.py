"""Conditions and filters: a text becomes a function of an item."""

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from local_emulator.dynamodb.expressions.reader import Operand, Reader
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.values import ORDERS, SET_MEMBERS, Item, Value

Condition = Callable[[Item, Scope], bool]

KEPT = 1_024  # parsed texts
_INEQUALITIES: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MOST_IN = 100


@lru_cache(KEPT)
def condition(text: str, parameter: str) -> tuple[Condition, Uses]:
    """Raises Fault."""
    reader = Reader(text, parameter)
    found = _any(reader)
    reader.end()
    return found, reader.uses


def _any(reader: Reader) -> Condition:
    parts = [_all(reader)]
    while reader.accept("OR"):
        parts.append(_all(reader))
    return parts[0] if len(parts) == 1 else lambda item, scope: any(part(item, scope) for part in parts)


def _all(reader: Reader) -> Condition:
    parts = [_not(reader)]
    while reader.accept("AND"):
        parts.append(_not(reader))
    return parts[0] if len(parts) == 1 else lambda item, scope: all(part(item, scope) for part in parts)


def _not(reader: Reader) -> Condition:
    if reader.accept("NOT"):
        inner = _not(reader)
        return lambda item, scope: not inner(item, scope)
    if reader.accept("("):
        inner = _any(reader)
        reader.expect(")")
        return inner
    if reader.calls and reader.next in _FUNCTIONS:
        return _function(reader)
    return _comparison(reader)


def _function(reader: Reader) -> Condition:
    make = _FUNCTIONS[reader.take()]
    reader.expect("(")
    found = make(reader)
    reader.expect(")")
    return found


def _comparison(reader: Reader) -> Condition:
    left = _operand(reader)
    sign = reader.accept("=", "<>", *_INEQUALITIES, "BETWEEN", "IN")
    match sign:
        case "":
            raise reader.wrong()
        case "BETWEEN":
            low = _operand(reader)
            reader.expect("AND")
            return _between(left, low, _operand(reader), parameter=reader.parameter)
        case "IN":
            reader.expect("(")
            members = reader.listed(lambda: _operand(reader))
            reader.expect(")")
            return _one_of(left, members, parameter=reader.parameter)
        case "=":
            right = _operand(reader)
            return lambda item, scope: (found := left(item, scope)) is not None and found == right(item, scope)
        case "<>":
            right = _operand(reader)
            return lambda item, scope: left(item, scope) != right(item, scope)
        case _:
            return _inequality(sign, left, _operand(reader), parameter=reader.parameter)


def _operand(reader: Reader) -> Operand:
    if reader.next.startswith(":"):
        return reader.value()
    if reader.calls:
        return _size(reader)
    path = reader.path()
    return lambda item, scope: path.find(item, scope.names)


def _size(reader: Reader) -> Operand:
    name = reader.take()
    if name != "size":
        raise reader.refuse(f"Invalid function name; function: {name}")
    reader.expect("(")
    inner = _operand(reader)
    reader.expect(")")

    def size(item: Item, scope: Scope) -> Value | None:
        value = inner(item, scope)
        if value is None:
            return None
        ((kind, content),) = value.items()
        if kind in ("N", "BOOL", "NULL"):
            return None
        return {"N": str(len(ORDERS["B"](content)) if kind == "B" else len(content))}

    return size


def compared(sign: str, left: Value | None, right: Value | None) -> bool:
    """False where either is missing or they are of different kinds."""
    if left is None or right is None:
        return False
    ((kind, one),), ((other_kind, other),) = left.items(), right.items()
    if kind != other_kind or kind not in ORDERS:
        return False
    order = ORDERS[kind]
    return _INEQUALITIES[sign](order(one), order(other))


def _inequality(sign: str, left: Operand, right: Operand, *, parameter: str) -> Condition:
    def holds(item: Item, scope: Scope) -> bool:
        one, other = left(item, scope), right(item, scope)
        _require_order(other, sign, parameter=parameter)
        return compared(sign, one, other)

    return holds


def _between(middle: Operand, low: Operand, high: Operand, *, parameter: str) -> Condition:
    def holds(item: Item, scope: Scope) -> bool:
        lowest, highest = low(item, scope), high(item, scope)
        require_bounds(lowest, highest, parameter=parameter)
        value = middle(item, scope)
        return compared(">=", value, lowest) and compared("<=", value, highest)

    return holds


def require_bounds(low: Value | None, high: Value | None, *, parameter: str) -> None:
    """Raises Fault."""
    _require_order(low, "BETWEEN", parameter=parameter)
    _require_order(high, "BETWEEN", parameter=parameter)
    if compared(">", low, high):
        raise invalid(
            f"Invalid {parameter}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
        )


def _one_of(left: Operand, members: list[Operand], *, parameter: str) -> Condition:
    if len(members) > _MOST_IN:
        raise invalid(f"Invalid {parameter}: The IN operator is provided with too many operands; {len(members)}")
    return lambda item, scope: (
        (value := left(item, scope)) is not None and any(value == member(item, scope) for member in members)
    )


def _exists(reader: Reader) -> Condition:
    path = reader.path()
    return lambda item, scope: path.find(item, scope.names) is not None


def _missing(reader: Reader) -> Condition:
    path = reader.path()
    return lambda item, scope: path.find(item, scope.names) is None


def _is_of_type(reader: Reader) -> Condition:
    path = reader.path()
    reader.expect(",")
    kind = reader.value()
    return lambda item, scope: (
        (value := path.find(item, scope.names)) is not None
        and (next(iter(value)) == (kind(item, scope) or {}).get("S"))
    )


def _begins_with(reader: Reader) -> Condition:
    left, right = _pair(reader)
    parameter = reader.parameter

    def holds(item: Item, scope: Scope) -> bool:
        start, value = right(item, scope) or {}, left(item, scope) or {}
        if start and not start.keys() & {"S", "B"}:
            raise _wrong_type("begins_with", start, parameter=parameter)
        return begins(value, start)

    return holds


def begins(value: Value, start: Value) -> bool:
    if "S" in value and "S" in start:
        return bool(value["S"].startswith(start["S"]))
    if "B" in value and "B" in start:
        return bool(ORDERS["B"](value["B"]).startswith(ORDERS["B"](start["B"])))
    return False


def _contains(reader: Reader) -> Condition:
    left, right = _pair(reader)

    def holds(item: Item, scope: Scope) -> bool:
        value, part = left(item, scope), right(item, scope)
        return value is not None and part is not None and _holds(value, part)

    return holds


def _holds(value: Value, part: Value) -> bool:
    ((kind, content),), ((part_kind, wanted),) = value.items(), part.items()
    if kind == "L":
        return part in content
    if kind in SET_MEMBERS:
        return part_kind == SET_MEMBERS[kind] and wanted in content
    if kind == part_kind == "B":
        return ORDERS["B"](wanted) in ORDERS["B"](content)
    return kind == part_kind == "S" and wanted in content


def _pair(reader: Reader) -> tuple[Operand, Operand]:
    left = _operand(reader)
    reader.expect(",")
    return left, _operand(reader)


def _require_order(value: Value | None, sign: str, *, parameter: str) -> None:
    if value is not None and next(iter(value)) not in ORDERS:
        raise _wrong_type(sign, value, parameter=parameter)


def _wrong_type(name: str, value: Value, *, parameter: str) -> Fault:
    return invalid(
        f"Invalid {parameter}: Incorrect operand type for operator or function; operator or function: {name}, "
        f"operand type: {next(iter(value))}"
    )


_FUNCTIONS: Mapping[str, Callable[[Reader], Condition]] = {
    "attribute_exists": _exists, "attribute_not_exists": _missing, "attribute_type": _is_of_type,
    "begins_with": _begins_with, "contains": _contains,
}  # fmt: skip
