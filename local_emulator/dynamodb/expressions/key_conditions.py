"""Key conditions: one partition, and at most one condition on the sort key."""

from dataclasses import dataclass
from functools import lru_cache

from local_emulator.dynamodb.expressions.comparing import require_bounds
from local_emulator.dynamodb.expressions.conditions import KEPT
from local_emulator.dynamodb.expressions.paths import Path
from local_emulator.dynamodb.expressions.reader import Reader
from local_emulator.dynamodb.expressions.scope import Scope, Uses
from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.values import Value

PARAMETER = "KeyConditionExpression"
_SIGNS = ("=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Term:
    """`sign` is a comparison, BETWEEN or BEGINS_WITH; `operands` are placeholders of values."""

    path: Path
    sign: str
    operands: tuple[str, ...]


@dataclass(frozen=True)
class Bound:
    """What one query is about. `operands` are as many as `sign` takes; without a condition on the sort key it is empty."""

    partition: Value
    sign: str = ""
    operands: tuple[Value, ...] = ()


class KeyCondition:
    def __init__(self, terms: list[Term], uses: Uses) -> None:
        self._terms = terms
        self.uses = uses

    def bind(self, scope: Scope, *, hash_name: str, sort_name: str | None) -> Bound:
        """Raises Fault unless the terms are of these keys."""
        if any(len(term.path.parts) > 1 for term in self._terms):
            raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
        terms = {str(term.path.real(scope.names)[0]): term for term in self._terms}
        if len(terms) != len(self._terms):
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        partition = terms.pop(hash_name, None)
        if partition is None:
            raise invalid(f"Query condition missed key schema element: {hash_name}")
        if partition.sign != "=" or terms.keys() - {sort_name}:
            raise invalid("Query key condition not supported")
        (value,) = _values(partition, scope)
        if not terms:
            return Bound(value)
        (term,) = terms.values()
        operands = _values(term, scope)
        if term.sign == "BETWEEN":
            require_bounds(*operands, parameter=PARAMETER)
        return Bound(value, term.sign, operands)


@lru_cache(KEPT)
def key_condition(text: str) -> KeyCondition:
    """Raises Fault."""
    reader = Reader(text, PARAMETER)
    terms = _terms(reader, depth=0)
    reader.end()
    return KeyCondition(terms, reader.uses)


def _terms(reader: Reader, *, depth: int) -> list[Term]:
    found = _term(reader, depth=depth)
    while reader.accept("AND"):
        found += _term(reader, depth=depth)
    return found


def _term(reader: Reader, *, depth: int) -> list[Term]:
    if reader.accept("("):
        if depth == 2:  # around both together and around each
            raise reader.refuse("The expression has redundant parentheses;")
        inner = _terms(reader, depth=depth + 1)
        reader.expect(")")
        return inner
    if reader.calls:
        return [_begins_with(reader)]
    path = reader.path()
    sign = reader.accept(*_SIGNS, "BETWEEN")
    if not sign:
        raise _not_supported(reader)
    first = reader.placeholder()
    if sign != "BETWEEN":
        return [Term(path, sign, (first,))]
    reader.expect("AND")
    return [Term(path, sign, (first, reader.placeholder()))]


def _begins_with(reader: Reader) -> Term:
    name = reader.take()
    if name != "begins_with":
        raise reader.refuse(f"Invalid operator used in KeyConditionExpression: {name}")
    reader.expect("(")
    path = reader.path()
    reader.expect(",")
    start = reader.placeholder()
    reader.expect(")")
    return Term(path, "BEGINS_WITH", (start,))


def _values(term: Term, scope: Scope) -> tuple[Value, ...]:
    return tuple(scope.values[name] for name in term.operands)


def _not_supported(reader: Reader) -> Fault:
    return reader.refuse(f"Invalid operator used in KeyConditionExpression: {reader.next or '<EOF>'}")
