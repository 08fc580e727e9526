"""What the placeholders of a request stand for, and which of them its expressions use."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.values import Item, value

_NAME, _VALUE = re.compile(r"#[A-Za-z0-9_]+\Z"), re.compile(r":[A-Za-z0-9_]+\Z")


class Scope:
    """`names` and `values` of one request, without checks beyond those of `require`."""

    def __init__(self, names: Mapping[str, str], values: Item) -> None:
        self.names = names
        self.values = values

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> "Scope":
        """Raises Fault."""
        names = _placeholders(request, "ExpressionAttributeNames", _NAME)
        values = _placeholders(request, "ExpressionAttributeValues", _VALUE)
        return cls(names, {name: _value(name, one) for name, one in values.items()})

    def require(self, expressions: Iterable[tuple[str, "Uses"]]) -> None:
        """Everything used is there and fits, everything there is used. `expressions`: parameter and uses. Raises Fault."""
        used_names: set[str] = set()
        used_values: set[str] = set()
        for parameter, uses in expressions:
            if not uses.names <= self.names.keys():
                raise _undefined(parameter, "name", uses.names - self.names.keys())
            if not uses.values <= self.values.keys():
                raise _undefined(parameter, "value", uses.values - self.values.keys())
            for check in uses.checks:
                check(self)
            used_names |= uses.names
            used_values |= uses.values
        if len(used_names) != len(self.names):
            raise _unused("Names", self.names.keys() - used_names)
        if len(used_values) != len(self.values):
            raise _unused("Values", self.values.keys() - used_values)


Check = Callable[[Scope], None]  # raises Fault


@dataclass(frozen=True)
class Uses:
    """The placeholders of one expression, `#name` and `:value`, what has to hold of them, and the paths' first parts."""

    names: frozenset[str]
    values: frozenset[str]
    checks: tuple[Check, ...] = ()
    tops: frozenset[str] = frozenset()

    def attributes(self, scope: Scope) -> set[str]:
        """The item's own attributes that it looks at."""
        return {scope.names.get(top, top) for top in self.tops}


def _placeholders(request: Mapping[str, Any], parameter: str, form: re.Pattern[str]) -> Mapping[str, Any]:
    given = request.get(parameter)
    if given is None:
        return {}
    if not given:
        raise invalid(f"{parameter} must not be empty")
    for name in given:
        if not form.match(name):
            raise invalid(f'{parameter} contains invalid key: Syntax error; key: "{name}"')
    return given  # type: ignore[no-any-return]


def _value(name: str, given: Any) -> Any:
    try:
        return value(given)
    except Fault as fault:
        told = f"ExpressionAttributeValues contains invalid value: {fault.message} for key {name}"
        raise Fault(fault.code, told) from fault


def _undefined(parameter: str, what: str, missing: Iterable[str]) -> Exception:
    place = "the document path" if what == "name" else "expression"
    return invalid(
        f"Invalid {parameter}: An expression attribute {what} used in {place} is not defined; "
        f"attribute {what}: {min(missing)}"
    )


def _unused(what: str, unused: Iterable[str]) -> Exception:
    listed = ", ".join(sorted(unused))
    return invalid(f"Value provided in ExpressionAttribute{what} unused in expressions: keys: {{{listed}}}")
