"""The types of what comes in by JSON: what has the wrong one is refused by its name, before anything is looked at."""

from collections.abc import Callable, Mapping
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid

Shape = Callable[[Any, str], None]  # a value and its place in the request; raises Fault
_NAMES: Mapping[type, str] = {
    str: "a string", int: "a whole number", bool: "true or false", dict: "an object", list: "a list",
}  # fmt: skip


def _exactly(kind: type) -> Shape:
    def require(given: Any, where: str) -> None:
        if type(given) is not kind:
            raise Fault("SerializationException", f"{where} is {_NAMES[kind]}, not {type(given).__name__}")

    return require


text, whole, flag, structure, listing = (_exactly(kind) for kind in (str, int, bool, dict, list))


def list_of(member: Shape) -> Shape:
    def require(given: Any, where: str) -> None:
        listing(given, where)
        for number, one in enumerate(given):
            member(one, f"{where}[{number}]")

    return require


def map_of(member: Shape) -> Shape:
    def require(given: Any, where: str) -> None:
        structure(given, where)
        for name, one in given.items():
            member(one, f"{where}.{name}")

    return require


def members(known: Mapping[str, Shape], *needed: str) -> Shape:
    """An object with these members. What is null is not there; what is not known is refused, never ignored."""

    def require(given: Any, where: str) -> None:
        structure(given, where)
        for name, one in given.items():
            shape = known.get(name)
            if shape is None:
                raise invalid(f"The emulator's DynamoDB does not know {name} of {where}: leave it out")
            if one is not None:
                shape(one, f"{where}.{name}")
        for name in needed:
            if given.get(name) is None:
                raise missing(f"{where}.{name}")

    return require


def missing(where: str) -> Fault:
    """`where`: the path of the member, such as `TableName`."""
    told = ".".join(part[:1].lower() + part[1:] for part in where.split("."))
    return invalid(
        f"1 validation error detected: Value null at '{told}' failed to satisfy constraint: Member must not be null"
    )
