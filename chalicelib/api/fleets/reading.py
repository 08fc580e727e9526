"""Reads the bodies of small requests about fleets."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from benchfleet_contract.fleets.runs import FleetStatus
from pydantic import BaseModel, ValidationError

from chalicelib.domain.errors import BadRequest

Body = TypeVar("Body", bound=BaseModel)
_MOST_DIGITS = 9


def read_status(query: Mapping[str, str]) -> str | None:
    """The status that a page of runs is asked for; an empty one asks for nothing in particular. Raises BadRequest."""
    status = query.get("status") or None
    if status is not None and status not in get_args(FleetStatus):
        words = f"status must be one of {', '.join(get_args(FleetStatus))}, not {status[:40]!r}"
        raise BadRequest(words, code="invalid_parameter")
    return status


def read_number(name: str, text: str) -> int:
    """A whole number of a path or a query. Raises BadRequest."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise BadRequest(f"{name} must be a whole number, not {text[:40]!r}", code="invalid_parameter")
    return int(text)


def read(model: type[Body], body: Mapping[str, Any]) -> Body:
    """Raises BadRequest, which names what is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "(body)"
        raise BadRequest(f"{where}: {first['msg']}", code="invalid_parameter") from None
