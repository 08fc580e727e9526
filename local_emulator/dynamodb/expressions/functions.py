"""The functions of conditions and filters."""

from collections.abc import Callable, Mapping

from local_emulator.dynamodb.expressions.comparing import require_distinct, require_literal
from local_emulator.dynamodb.expressions.reader import Operand, Reader
from local_emulator.dynamodb.expressions.scope import Scope
from local_emulator.dynamodb.faults import invalid
from local_emulator.dynamodb.values import KINDS, ORDERS, SET_MEMBERS, Item, Value

Condition = Callable[[Item, Scope], bool]
_SIZED = ("S", "B", "SS", "NS", "BS", "L", "M")


def size(reader: Reader) -> Operand:
    """The only function whose result is a value. Raises Fault for any other."""
    name = reader.next
    if name in FUNCTIONS:
        raise reader.refuse(f"The function is not allowed to be used this way in an expression; function: {name}")
    if name != "size":
        raise reader.refuse(f"Invalid function name; function: {name}")
    reader.operator()
    (inner,) = _operands(reader, 1)
    require_literal(reader, inner, "size", *_SIZED)
    return Operand(lambda item, scope: _size(inner.find(item, scope)))


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None
    ((kind, content),) = value.items()
    if kind not in _SIZED:
        return None
    return {"N": str(len(ORDERS["B"](content)) if kind == "B" else len(content))}


def _operands(reader: Reader, count: int) -> list[Operand]:
    """Those of the function that comes next."""
    name = reader.take()
    reader.expect("(")
    found = reader.listed(lambda: size(reader) if reader.calls and name != "size" else reader.operand())
    reader.expect(")")
    if len(found) != count:
        raise reader.refuse(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(found)}"
        )
    return found


def _exists(reader: Reader) -> Condition:
    find = _path(reader).find
    return lambda item, scope: find(item, scope) is not None


def _missing(reader: Reader) -> Condition:
    find = _path(reader).find
    return lambda item, scope: find(item, scope) is None


def _path(reader: Reader) -> Operand:
    name = reader.next
    (operand,) = _operands(reader, 1)
    if operand.path is None:
        raise reader.refuse(f"Operator or function requires a document path; operator or function: {name}")
    return operand


def _is_of_type(reader: Reader) -> Condition:
    name = reader.next
    left, right = _operands(reader, 2)
    if not right.literal:
        raise reader.refuse(
            f"Incorrect operand type for operator or function; operator or function: {name}, "
            f"operand type: {{{','.join(sorted(KINDS))}}}"
        )
    require_literal(reader, right, name, "S")
    parameter = reader.parameter

    def check(scope: Scope) -> None:
        kind = scope.values[right.literal]["S"]
        if kind not in KINDS:
            raise invalid(
                f"Invalid {parameter}: Invalid attribute type name found; type: {kind}, "
                f"valid types: {{{','.join(sorted(KINDS))}}}"
            )

    reader.later(check)
    return lambda item, scope: scope.values[right.literal]["S"] in (left.find(item, scope) or {})


def _begins_with(reader: Reader) -> Condition:
    left, right = _operands(reader, 2)
    for operand in (left, right):
        require_literal(reader, operand, "begins_with", "S", "B")
    require_distinct(reader, "begins_with", left, right)
    return lambda item, scope: begins(left.find(item, scope) or {}, right.find(item, scope) or {})


def begins(value: Value, start: Value) -> bool:
    if "S" in value and "S" in start:
        return bool(value["S"].startswith(start["S"]))
    if "B" in value and "B" in start:
        return bool(ORDERS["B"](value["B"]).startswith(ORDERS["B"](start["B"])))
    return False


def _contains(reader: Reader) -> Condition:
    left, right = _operands(reader, 2)
    require_distinct(reader, "contains", left, right)

    def holds(item: Item, scope: Scope) -> bool:
        value, part = left.find(item, scope), right.find(item, scope)
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


FUNCTIONS: Mapping[str, Callable[[Reader], Condition]] = {
    "attribute_exists": _exists, "attribute_not_exists": _missing, "attribute_type": _is_of_type,
    "begins_with": _begins_with, "contains": _contains,
}  # fmt: skip
