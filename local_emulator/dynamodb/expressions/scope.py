"""What the placeholders of a request stand for, and which of them its expressions use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_emulator.dynamodb.faults import invalid
from local_emulator.dynamodb.values import Item, value


@dataclass(frozen=True)
class Uses:
    """The placeholders of one expression: `#name` and `:value`."""

    names: frozenset[str]
    values: frozenset[str]


class Scope:
    """`names` and `values` of one request, without checks beyond those of `require`."""

    def __init__(self, names: Mapping[str, str], values: Item) -> None:
        self.names = names
        self.values = values

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> "Scope":
        """Raises Fault."""
        names = request.get("ExpressionAttributeNames")
        values = request.get("ExpressionAttributeValues")
        for given, parameter in ((names, "ExpressionAttributeNames"), (values, "ExpressionAttributeValues")):
            if given is not None and not given:
                raise invalid(f"{parameter} must not be empty")
        return cls(names or {}, {name: value(one) for name, one in (values or {}).items()})

    def require(self, expressions: Iterable[tuple[str, Uses]]) -> None:
        """Everything used is there, and everything there is used. `expressions`: parameter and what it uses. Raises Fault."""
        used_names: set[str] = set()
        used_values: set[str] = set()
        for parameter, uses in expressions:
            if not uses.names <= self.names.keys():
                raise _undefined(parameter, "name", uses.names - self.names.keys())
            if not uses.values <= self.values.keys():
                raise _undefined(parameter, "value", uses.values - self.values.keys())
            used_names |= uses.names
            used_values |= uses.values
        if len(used_names) != len(self.names):
            raise _unused("Names", self.names.keys() - used_names)
        if len(used_values) != len(self.values):
            raise _unused("Values", self.values.keys() - used_values)


def _undefined(parameter: str, what: str, missing: Iterable[str]) -> Exception:
    place = "the document path" if what == "name" else "expression"
    return invalid(
        f"Invalid {parameter}: An expression attribute {what} used in {place} is not defined; "
        f"attribute {what}: {min(missing)}"
    )


def _unused(what: str, unused: Iterable[str]) -> Exception:
    listed = ", ".join(sorted(unused))
    return invalid(f"Value provided in ExpressionAttribute{what} unused in expressions: keys: {{{listed}}}")
