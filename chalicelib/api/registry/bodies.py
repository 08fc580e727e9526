"""Reads bodies of the registry's requests: everything that is wrong with one at once, with its place."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from benchfleet_contract.registry.limits import MAX_ANNOUNCEMENT_BYTES
from pydantic import BaseModel, ValidationError

from chalicelib.domain.errors import BadRequest
from chalicelib.domain.registry.errors import BodyTooLarge, Detail, Malformed

Body = TypeVar("Body", bound=BaseModel)
_MOST_DETAILS = 100


def read(model: type[Body], document: Callable[[], Mapping[str, Any]], *, size: int) -> Body:
    """Raises BodyTooLarge, Malformed."""
    if size > MAX_ANNOUNCEMENT_BYTES:
        raise BodyTooLarge(f"The body has {size} bytes; at most {MAX_ANNOUNCEMENT_BYTES} are taken")
    try:
        return model.model_validate(document())
    except BadRequest as refusal:
        raise Malformed(str(refusal.words)) from None
    except ValidationError as refused:
        details = tuple(map(_detail, refused.errors(include_url=False, include_input=False)[:_MOST_DETAILS]))
        first = details[0]
        raise Malformed(f"{first.field}: {first.problem}", details=details) from None


def _detail(error: Any) -> Detail:
    place: tuple[int | str, ...] = error["loc"]
    numbers = [step for step in place[:2] if isinstance(step, int)]
    problem = error["msg"].removeprefix("Value error, ")
    return Detail(_path(place), problem[0].lower() + problem[1:], numbers[0] if numbers else None)


def _path(place: tuple[int | str, ...]) -> str:
    """`models[1].capabilities.max_context_length`; `(body)` for the whole."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "(body)"
