"""Which method of a deployed document a request means, and what its path holds. Pure.

Order: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html:
a literal part comes before a variable, and a variable before a greedy one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

ANY = "x-amazon-apigateway-any-method"


@dataclass(frozen=True)
class Route:
    """`resource` is the template, such as `/runs/{run_id}`; `integration` the document's."""

    resource: str
    method: str
    integration: Mapping[str, Any]
    path_parameters: dict[str, str] = field(default_factory=dict)


def find(document: Mapping[str, Any], method: str, path: str) -> Route | None:
    """`path` as it was sent, behind the stage."""
    for resource in sorted(document["paths"], key=_rank):
        named = _match(resource, path)
        if named is None:
            continue
        methods = document["paths"][resource]
        found = methods.get(method.lower()) or methods.get(ANY)
        if found and "x-amazon-apigateway-integration" in found:
            return Route(resource, method, found["x-amazon-apigateway-integration"], named)
        return None
    return None


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")


def _rank(resource: str) -> list[tuple[int, str]]:
    """Literal parts first, then variables, then greedy ones."""
    return [(2 if part.endswith("+}") else 1 if part.startswith("{") else 0, part) for part in _parts(resource)]


def _match(resource: str, path: str) -> dict[str, str] | None:
    wanted, given = _parts(resource), _parts(path)
    named: dict[str, str] = {}
    for number, part in enumerate(wanted):
        if part.endswith("+}"):
            rest = "/".join(given[number:])
            return named | {part[1:-2]: unquote(rest)} if rest else None
        if number >= len(given):
            return None
        if part.startswith("{") and given[number]:
            named[part[1:-1]] = unquote(given[number])
        elif part != unquote(given[number]):
            return None
    return named if len(wanted) == len(given) else None
