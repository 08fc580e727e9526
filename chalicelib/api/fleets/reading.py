"""Reads the bodies of small requests about fleets."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from chalicelib.domain.errors import BadRequest

Body = TypeVar("Body", bound=BaseModel)


def read(model: type[Body], body: Mapping[str, Any]) -> Body:
    """Raises BadRequest, which names what is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "(body)"
        raise BadRequest(f"{where}: {first['msg']}", code="invalid_parameter") from None
