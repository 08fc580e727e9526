"""How values compare, and which of them can be compared at all."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from local_emulator.dynamodb.expressions.reader import Operand, Reader
from local_emulator.dynamodb.expressions.scope import Scope
from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.values import ORDERS, Value

INEQUALITIES: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def compared(sign: str, left: Value | None, right: Value | None) -> bool:
    """False where either is missing or they are of different kinds."""
    if left is None or right is None:
        return False
    ((kind, one),), ((other_kind, other),) = left.items(), right.items()
    if kind != other_kind or kind not in ORDERS:
        return False
    order = ORDERS[kind]
    return INEQUALITIES[sign](order(one), order(other))


def require_bounds(low: Value, high: Value, *, parameter: str) -> None:
    """Of BETWEEN. Raises Fault."""
    if low.keys() != high.keys():
        raise _wrong_bounds("same data type for lower and upper bounds", low, high, parameter=parameter)
    if compared(">", low, high):
        raise _wrong_bounds("upper bound to be greater than or equal to lower bound", low, high, parameter=parameter)


def _wrong_bounds(words: str, low: Value, high: Value, *, parameter: str) -> Fault:
    told = [f"AttributeValue: {{{kind}:{content}}}" for value in (low, high) for kind, content in value.items()]
    return invalid(
        f"Invalid {parameter}: The BETWEEN operator requires {words}; "
        f"lower bound operand: {told[0]}, upper bound operand: {told[1]}"
    )


def require_literal(
    reader: Reader, operand: Operand, name: str, *kinds: str, word: str = "operator or function"
) -> None:
    """A value that the request brings with it has one of these kinds; else the request is refused, whatever the item is."""
    if not operand.literal:
        return
    parameter = reader.parameter

    def check(scope: Scope) -> None:
        kind = next(iter(scope.values[operand.literal]))
        if kind not in kinds:
            raise invalid(
                f"Invalid {parameter}: Incorrect operand type for operator or function; {word}: {name}, "
                f"operand type: {kind}"
            )

    reader.later(check)


def require_distinct(reader: Reader, name: str, left: Operand, right: Operand) -> None:
    """Nothing is compared with itself."""
    one, other = left.path, right.path
    if one is None or other is None:
        return
    parameter = reader.parameter

    def check(scope: Scope) -> None:
        if one.real(scope.names) == other.real(scope.names):
            raise invalid(
                f"Invalid {parameter}: The first operand must be distinct from the remaining operands for this operator "
                f"or function; operator: {name}, first operand: {one.told(scope.names)}"
            )

    reader.later(check)
