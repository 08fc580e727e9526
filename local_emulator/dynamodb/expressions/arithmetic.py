"""What an update reckons: sums, joined lists, members added to a set and taken from it."""

from collections.abc import Callable, Mapping
from decimal import Context, Decimal, Inexact

from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.values import MOST_DIGITS, ORDERS, SET_MEMBERS, Value, from_decimal

_EXACT = Context(prec=MOST_DIGITS, traps=[Inexact])
_FEW_DIGITS = 18


def added(left: Value, right: Value, *, sign: str = "+") -> Value:
    """Raises Fault unless both are numbers and the result is one that DynamoDB holds."""
    if "N" not in left or "N" not in right:
        raise _wrong_type()
    one, other = left["N"], right["N"] if sign == "+" else _negative(right["N"])
    if len(one) < _FEW_DIGITS and len(other) < _FEW_DIGITS and "." not in one + other:
        return {"N": str(int(one) + int(other))}
    try:
        return {"N": from_decimal(_EXACT.add(Decimal(one), Decimal(other)))}
    except Inexact as error:
        raise invalid("Attempting to store more than 38 significant digits in a Number") from error


def joined(left: Value, right: Value) -> Value:
    """Raises Fault unless both are lists."""
    if "L" not in left or "L" not in right:
        raise _wrong_type()
    return {"L": left["L"] + right["L"]}


def missing_attribute() -> Fault:
    return invalid("The provided expression refers to an attribute that does not exist in the item")


def _negative(number: str) -> str:
    return number[1:] if number.startswith("-") else "-" + number if number != "0" else number


def _plus(before: Value | None, operand: Value) -> Value | None:
    """ADD: a number to a number, members to a set."""
    ((kind, content),) = operand.items()
    if kind == "N":
        return added(before or {"N": "0"}, operand)
    if before is not None and kind not in before:
        raise _wrong_type()
    return _set(kind, {*(before or {kind: ()})[kind], *content})


def _minus(before: Value | None, operand: Value) -> Value | None:
    """DELETE: members from a set; an empty set is no value."""
    ((kind, content),) = operand.items()
    if before is not None and kind not in before:
        raise _wrong_type()
    left = {*(before or {kind: ()})[kind]} - set(content)
    return _set(kind, left) if left else None


def _set(kind: str, members: set[str]) -> Value:
    return {kind: sorted(members, key=ORDERS[SET_MEMBERS[kind]])}


def _wrong_type() -> Fault:
    return invalid("An operand in the update expression has an incorrect data type")


ADDITIONS: Mapping[str, Callable[[Value | None, Value], Value | None]] = {"ADD": _plus, "DELETE": _minus}
