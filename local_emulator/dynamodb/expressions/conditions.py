"""Conditions and filters: a text becomes a function of an item."""

from collections.abc import Callable
from functools import lru_cache

from local_emulator.dynamodb.expressions.comparing import (
    INEQUALITIES,
    compared,
    require_bounds,
    require_distinct,
    require_literal,
)
from local_emulator.dynamodb.expressions.functions import FUNCTIONS, size
from local_emulator.dynamodb.expressions.reader import Operand, Reader
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.faults import invalid
from local_emulator.dynamodb.values import ORDERS, Item

Condition = Callable[[Item, Scope], bool]

KEPT = 1_024  # parsed texts
_MOST_IN = 100


@lru_cache(KEPT)
def condition(text: str, parameter: str) -> tuple[Condition, Uses]:
    """Raises Fault."""
    reader = _Nesting(text, parameter)
    found = _any(reader)
    reader.end()
    return found, reader.uses


class _Nesting(Reader):
    """Knows where each pair of parentheses ended, by where it began."""

    def __init__(self, text: str, parameter: str) -> None:
        super().__init__(text, parameter)
        self.ends: dict[int, int] = {}


def _any(reader: _Nesting) -> Condition:
    parts = [_all(reader)]
    while reader.accept("OR"):
        reader.operator()
        parts.append(_all(reader))
    return parts[0] if len(parts) == 1 else lambda item, scope: any(part(item, scope) for part in parts)


def _all(reader: _Nesting) -> Condition:
    parts = [_not(reader)]
    while reader.accept("AND"):
        reader.operator()
        parts.append(_not(reader))
    return parts[0] if len(parts) == 1 else lambda item, scope: all(part(item, scope) for part in parts)


def _not(reader: _Nesting) -> Condition:
    if reader.accept("NOT"):
        reader.operator()
        reader.deeper()
        inner = _not(reader)
        reader.shallower()
        return lambda item, scope: not inner(item, scope)
    if reader.next == "(":
        return _group(reader)
    reader.operator()
    if reader.calls and reader.next in FUNCTIONS:
        return FUNCTIONS[reader.next](reader)
    return _comparison(reader)


def _group(reader: _Nesting) -> Condition:
    start = reader.at
    reader.expect("(")
    reader.deeper()
    inner = _any(reader)
    reader.shallower()
    if reader.ends.get(start + 1) == reader.at - 1:
        raise reader.refuse("The expression has redundant parentheses;")
    reader.ends[start] = reader.at
    reader.expect(")")
    return inner


def _comparison(reader: Reader) -> Condition:
    left = _operand(reader)
    sign = reader.accept("=", "<>", *INEQUALITIES, "BETWEEN", "IN")
    match sign:
        case "":
            raise reader.wrong()
        case "BETWEEN":
            return _between(reader, left)
        case "IN":
            return _one_of(reader, left)
        case _:
            right = _operand(reader)
            require_distinct(reader, sign, left, right)
            return _compared(reader, sign, left, right)


def _compared(reader: Reader, sign: str, left: Operand, right: Operand) -> Condition:
    one, other = left.find, right.find
    if sign == "=":
        return lambda item, scope: (found := one(item, scope)) is not None and found == other(item, scope)
    if sign == "<>":
        return lambda item, scope: one(item, scope) != other(item, scope)
    for operand in (left, right):
        require_literal(reader, operand, sign, *ORDERS, word="operator")
    return lambda item, scope: compared(sign, one(item, scope), other(item, scope))


def _between(reader: Reader, middle: Operand) -> Condition:
    low = _operand(reader)
    reader.expect("AND")
    high = _operand(reader)
    for operand in (middle, low, high):
        require_literal(reader, operand, "BETWEEN", *ORDERS, word="operator")
    if low.literal and high.literal:
        parameter = reader.parameter
        reader.later(
            lambda scope: require_bounds(scope.values[low.literal], scope.values[high.literal], parameter=parameter)
        )

    def holds(item: Item, scope: Scope) -> bool:
        value = middle.find(item, scope)
        return compared(">=", value, low.find(item, scope)) and compared("<=", value, high.find(item, scope))

    return holds


def _one_of(reader: Reader, left: Operand) -> Condition:
    reader.expect("(")
    members = reader.listed(lambda: _operand(reader))
    reader.expect(")")
    if len(members) > _MOST_IN:
        raise invalid(
            f"Invalid {reader.parameter}: The IN operator is provided with too many operands; "
            f"number of operands: {len(members)}"
        )
    return lambda item, scope: (
        (value := left.find(item, scope)) is not None and any(value == one.find(item, scope) for one in members)
    )


def _operand(reader: Reader) -> Operand:
    return size(reader) if reader.calls else reader.operand()
