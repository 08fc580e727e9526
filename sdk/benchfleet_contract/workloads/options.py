"""Options of a kind of work: a model of them, and everything that is wrong with given ones at once."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticUndefined

from benchfleet_contract.document import Document
from benchfleet_contract.problems import Problem

DEFAULT_PLACE = "workload_options"
_NAME_CHARS = 64
_SHOWN_CHARS = 200
Model = TypeVar("Model", bound="Options")


class Options(Document):
    """Base of all options: unknown names are refused, numbers are not made out of texts."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _whole_numbers(cls, given: Any) -> Any:
        """JSON has one kind of number: 5.0 is 5."""
        if not isinstance(given, dict):
            return given
        return {name: int(v) if isinstance(v, float) and v.is_integer() else v for name, v in given.items()}


class InvalidOptions(ValueError):
    """`problems` is everything that is wrong; `names` the option that each is about, empty for all of them together."""

    def __init__(self, problems: list[Problem], names: list[str]) -> None:
        super().__init__("; ".join(f"{found.message}, {found.remedy}" for found in problems))
        self.problems, self.names = problems, names


def parse(model: type[Model], options: Mapping[str, Any], *, where: str = DEFAULT_PLACE) -> Model:
    """The options as `model`. Raises InvalidOptions, with paths that begin with `where`."""
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        raise InvalidOptions(
            [_problem(model, each, where) for each in found], [_option(each) for each in found]
        ) from error


def _option(found: ErrorDetails) -> str:
    return str(found["loc"][0]) if found["loc"] else ""


def _problem(model: type[Options], found: ErrorDetails, where: str) -> Problem:
    """`field` is a path such as `workload_options.variants[0]`."""
    location = tuple(_cut(step) for step in found["loc"])
    model, name = _innermost(model, location)
    path = _path(where, location)
    if found["type"] == "extra_forbidden":
        words, remedy = f"Option {name} is unknown", _instead(name, model)
    elif found["type"] == "missing":
        words, remedy = f"Option {name} is missing", _example(model, name)
    else:
        words, remedy = _words(name, found["msg"]), _example(model, name)
    return Problem(field=path, value=_shown(found), message=f"{words} ({path})", remedy=remedy)


def _innermost(model: type[Options], location: tuple[int | str, ...]) -> tuple[type[Options], str]:
    """The model that the place is a field of, and the field: an option may have options of its own."""
    for depth, step in enumerate(location[:-1]):
        field = model.model_fields.get(str(step))
        kinds = (field.annotation, *get_args(field.annotation)) if field else ()
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Options)), None)
        if inner is None:
            return model, str(location[depth])
        model = inner
    return model, str(location[-1]) if location else ""


def _cut(step: int | str) -> int | str:
    return step if isinstance(step, int) else step[:_NAME_CHARS]


def _path(where: str, location: tuple[int | str, ...]) -> str:
    return where + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)


def _words(name: str, message: str) -> str:
    """pydantic's words as the end of a sentence: `Input should be a valid integer` is `must be a valid integer`."""
    subject, should, rest = message.partition(" after validation")[0].partition(" should ")
    if not should:
        return message.removeprefix("Value error, ")
    inner = "" if subject == "Input" else f": {subject.lower()}"
    return f"Option {name}{inner} must {rest}"


def _instead(name: str, model: type[Options]) -> str:
    known = list(model.model_fields)
    near = get_close_matches(name, known, n=1)
    longer = [field for field in known if field.startswith(name)]  # env is not close to environment
    if not near and len(longer) == 1:
        near = longer
    return f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}"


def _example(model: type[Options], name: str) -> str:
    field = model.model_fields.get(name)
    if field is None:
        return "mend it, or leave it out"
    if field.examples:
        return f"such as {json.dumps(field.examples[0])}"
    if field.default is PydanticUndefined:
        return "it must be given"
    return f"leave it out for {json.dumps(field.default)}"


def _shown(found: ErrorDetails) -> Any:
    """The value, cut; None for one that is missing."""
    value = None if found["type"] == "missing" else found["input"]
    if isinstance(value, int | float | bool | None):
        return value
    return (value if isinstance(value, str) else json.dumps(value))[:_SHOWN_CHARS]
