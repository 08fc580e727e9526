"""Update expressions: a text becomes a list of actions on an item."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from functools import lru_cache
from typing import Any

from local_emulator.dynamodb.expressions.conditions import KEPT
from local_emulator.dynamodb.expressions.paths import (
    Path,
    Real,
    find,
    missing_attribute,
    own,
    place,
    remove,
    require_apart,
)
from local_emulator.dynamodb.expressions.reader import Operand, Reader
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.values import MOST_DIGITS, ORDERS, SET_MEMBERS, Item, Value, from_decimal

SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")
_EXACT = Context(prec=MOST_DIGITS, traps=[Inexact])
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"


@dataclass(frozen=True)
class Action:
    """`operand` is what is set, added or deleted; None for a removal."""

    section: str
    path: Path
    operand: Operand | None = None


class Update:
    def __init__(self, actions: list[Action], uses: Uses) -> None:
        self._actions = actions
        self.uses = uses

    def paths(self, scope: Scope) -> list[Real]:
        return [action.path.real(scope.names) for action in self._actions]

    def apply(self, old: Item, scope: Scope) -> Item:
        """The item after the update; `old` stays as it is. Raises Fault."""
        paths = self.paths(scope)
        require_apart(paths)
        steps = [(_step(action, path, old, scope), path) for action, path in zip(self._actions, paths, strict=True)]
        new = dict(old)
        for path in paths:
            own(new, path)
        for step, _ in sorted(steps, key=_last_indexes_first):
            step(new)
        return new


@lru_cache(KEPT)
def update(text: str) -> Update:
    """Raises Fault."""
    reader = Reader(text, "UpdateExpression")
    actions: list[Action] = []
    seen: set[str] = set()
    while reader.next:
        section = reader.accept(*SECTIONS)
        if not section:
            raise reader.wrong()
        if section in seen:
            raise reader.refuse(f'The "{section}" section can only be used once in an update expression;')
        seen.add(section)
        actions += reader.listed(lambda section=section: _action(section, reader))  # type: ignore[misc]
    return Update(actions, reader.uses)


def _action(section: str, reader: Reader) -> Action:
    path = reader.path()
    if section == "REMOVE":
        return Action(section, path)
    if section == "SET":
        reader.expect("=")
        return Action(section, path, _sum(reader))
    return Action(section, path, reader.value())


def _sum(reader: Reader) -> Operand:
    left = _operand(reader)
    sign = reader.accept("+", "-")
    if not sign:
        return left
    right = _operand(reader)
    return lambda item, scope: _added(_needed(left, item, scope), _needed(right, item, scope), sign=sign)


def _operand(reader: Reader) -> Operand:
    if reader.next.startswith(":"):
        return reader.value()
    if reader.calls:
        return _call(reader)
    path = reader.path()
    return lambda item, scope: path.find(item, scope.names)


def _call(reader: Reader) -> Operand:
    name = reader.take()
    if name not in ("if_not_exists", "list_append"):
        raise reader.refuse(f"Invalid function name; function: {name}")
    reader.expect("(")
    if name == "if_not_exists":
        path = reader.path()
        first: Operand = lambda item, scope: path.find(item, scope.names)  # noqa: E731
    else:
        first = _operand(reader)
    reader.expect(",")
    second = _operand(reader)
    reader.expect(")")
    if name == "if_not_exists":
        return lambda item, scope: first(item, scope) or second(item, scope)
    return lambda item, scope: _joined(_needed(first, item, scope), _needed(second, item, scope))


def _step(action: Action, path: Real, old: Item, scope: Scope) -> Callable[[Item], None]:
    """What the action does; its value is reckoned from the item as it was. Raises Fault."""
    if action.operand is None:
        return lambda item: remove(item, path)
    operand = _needed(action.operand, old, scope)
    if action.section == "SET":
        return lambda item: place(item, path, operand)
    before = find(old, path)
    after = _ADDITIONS[action.section](before, operand)
    return (lambda item: remove(item, path)) if after is None else (lambda item: place(item, path, after))


def _last_indexes_first(step: tuple[Any, Real]) -> tuple[bool, int]:
    """Removing from a list moves what is behind: what is set comes first, then removals from the end on."""
    last = step[1][-1]
    return (isinstance(last, int), -last if isinstance(last, int) else 0)


def _needed(operand: Operand, item: Item, scope: Scope) -> Value:
    found = operand(item, scope)
    if found is None:
        raise missing_attribute()
    return found


def _added(left: Value, right: Value, *, sign: str = "+") -> Value:
    if "N" not in left or "N" not in right:
        raise _wrong_type()
    one, other = left["N"], right["N"] if sign == "+" else _negative(right["N"])
    if len(one) < 18 and len(other) < 18 and "." not in one + other:
        return {"N": str(int(one) + int(other))}
    try:
        return {"N": from_decimal(_EXACT.add(Decimal(one), Decimal(other)))}
    except Inexact as error:
        raise invalid("Attempting to store more than 38 significant digits in a Number") from error


def _negative(number: str) -> str:
    return number[1:] if number.startswith("-") else "-" + number if number != "0" else number


def _joined(left: Value, right: Value) -> Value:
    if "L" not in left or "L" not in right:
        raise _wrong_type()
    return {"L": left["L"] + right["L"]}


def _plus(before: Value | None, operand: Value) -> Value | None:
    """ADD: a number to a number, members to a set."""
    ((kind, content),) = operand.items()
    if kind == "N":
        return _added(before or {"N": "0"}, operand)
    if kind not in SET_MEMBERS or (before is not None and kind not in before):
        raise _wrong_type()
    return _set(kind, {*(before or {kind: ()})[kind], *content})


def _minus(before: Value | None, operand: Value) -> Value | None:
    """DELETE: members from a set; an empty set is no value."""
    ((kind, content),) = operand.items()
    if kind not in SET_MEMBERS or (before is not None and kind not in before):
        raise _wrong_type()
    left = {*(before or {kind: ()})[kind]} - set(content)
    return _set(kind, left) if left else None


def _set(kind: str, members: set[str]) -> Value:
    return {kind: sorted(members, key=ORDERS[SET_MEMBERS[kind]])}


def _wrong_type() -> Fault:
    return invalid(_WRONG_TYPE)


_ADDITIONS: Mapping[str, Callable[[Value | None, Value], Value | None]] = {"ADD": _plus, "DELETE": _minus}
