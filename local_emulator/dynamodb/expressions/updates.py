"""Update expressions: a text becomes a list of actions on an item."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from local_emulator.dynamodb.expressions.arithmetic import ADDITIONS, added, joined, missing_attribute
from local_emulator.dynamodb.expressions.comparing import require_literal
from local_emulator.dynamodb.expressions.conditions import KEPT
from local_emulator.dynamodb.expressions.paths import Path, Real, find, own, place, remove, require_apart
from local_emulator.dynamodb.expressions.reader import Operand, Reader
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.faults import invalid_parameter
from local_emulator.dynamodb.values import SET_MEMBERS, Item, Value, require_shallow

PARAMETER = "UpdateExpression"
SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")
_OPERANDS = {"ADD": ("N", *SET_MEMBERS), "DELETE": tuple(SET_MEMBERS)}


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

    def paths(self, scope: Scope, *, keys: Collection[str]) -> list[Real]:
        """What it touches. Raises Fault where that is one of `keys`, or where two of them overlap."""
        paths = [action.path.real(scope.names) for action in self._actions]
        require_apart(paths, parameter=PARAMETER)
        for path in paths:
            if path[0] in keys:
                raise invalid_parameter(f"Cannot update attribute {path[0]}. This attribute is part of the key")
        return paths

    def apply(self, old: Item, scope: Scope, paths: list[Real]) -> Item:
        """The item after the update; `old` stays as it is. Raises Fault."""
        steps = [_step(action, path, old, scope) for action, path in zip(self._actions, paths, strict=True)]
        new = dict(old)
        if any(len(path) > 1 for path in paths):
            steps.sort(key=_in_order)
            for path in paths:
                own(new, path)
        for path, value in steps:
            if value is None:
                remove(new, path)
            else:
                place(new, path, value)
        return new


@lru_cache(KEPT)
def update(text: str) -> Update:
    """Raises Fault."""
    reader = Reader(text, PARAMETER)
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
    reader.operator()
    path = reader.path()
    if section == "REMOVE":
        return Action(section, path)
    if section == "SET":
        reader.expect("=")
        return Action(section, path, _sum(reader))
    if not reader.next.startswith(":"):
        raise reader.wrong()
    operand = reader.operand()
    require_literal(reader, operand, section, *_OPERANDS[section], word="operator")
    return Action(section, path, operand)


def _sum(reader: Reader) -> Operand:
    left = _operand(reader)
    sign = reader.accept("+", "-")
    if not sign:
        return left
    reader.operator()
    right = _operand(reader)
    for operand in (left, right):
        require_literal(reader, operand, sign, "N")
    one, other = left.find, right.find
    return Operand(lambda item, scope: added(_needed(one(item, scope)), _needed(other(item, scope)), sign=sign))


def _operand(reader: Reader) -> Operand:
    if not reader.calls:
        return reader.operand()
    name = reader.take()
    if name not in ("if_not_exists", "list_append"):
        raise reader.refuse(f"Invalid function name; function: {name}")
    reader.operator()
    reader.deeper()
    reader.expect("(")
    first, *others = reader.listed(lambda: _operand(reader))
    reader.expect(")")
    reader.shallower()
    if len(others) != 1:
        raise reader.refuse(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(others) + 1}"
        )
    return _appended(reader, first, *others) if name == "list_append" else _default(reader, first, *others)


def _default(reader: Reader, first: Operand, second: Operand) -> Operand:
    if first.path is None:
        raise reader.refuse("Operator or function requires a document path; operator or function: if_not_exists")
    one, other = first.find, second.find
    return Operand(lambda item, scope: one(item, scope) or other(item, scope))


def _appended(reader: Reader, first: Operand, second: Operand) -> Operand:
    for operand in (first, second):
        require_literal(reader, operand, "list_append", "L")
    return Operand(lambda item, scope: joined(_needed(first.find(item, scope)), _needed(second.find(item, scope))))


def _step(action: Action, path: Real, old: Item, scope: Scope) -> tuple[Real, Value | None]:
    """What stands there afterwards, reckoned from the item as it was; None: nothing does. Raises Fault."""
    if action.operand is None:
        return path, None
    value = _needed(action.operand.find(old, scope))
    if len(path) > 1:
        require_shallow(value, depth=len(path) - 1)
    return path, value if action.section == "SET" else ADDITIONS[action.section](find(old, path), value)


def _in_order(step: tuple[Real, Value | None]) -> tuple[bool, int]:
    """What is set behind a list's end is appended in the order of its index.

    Removing from a list moves what is behind it: removals come last, from the end on.
    """
    path, value = step
    index = path[-1] if isinstance(path[-1], int) else 0
    return (False, index) if value is not None else (True, -index)


def _needed(found: Value | None) -> Value:
    if found is None:
        raise missing_attribute()
    return found
