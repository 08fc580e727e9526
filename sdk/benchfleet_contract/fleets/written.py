"""What people write: models of it, and everything that is wrong with it at once, each with its path."""

import json
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, get_args

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticUndefined

from benchfleet_contract.document import Document
from benchfleet_contract.problems import Problem

Source = Literal["manifest", "dataset", "providers"]
Path = tuple[str | int, ...]
ID_RULE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
_SHOWN_CHARS = 200
_TEXTS_NOT = (int, float, bool)


class Written(Document):
    """Base of all that is written by hand: texts are texts and numbers are numbers; unknown names are taken, with a warning."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _whole_numbers(cls, given: Any) -> Any:
        """JSON has one kind of number: 5.0 is 5."""
        if not isinstance(given, dict):
            return given
        return {name: int(v) if isinstance(v, float) and v.is_integer() else v for name, v in given.items()}


class Fault(Problem):
    """A problem of a fleet. `path` is within its document: the manifest, a dataset by its `reference`, the providers.

    `field` is the same in one line, for all documents: `datasets["./a.json"].test_cases[0].id`.
    """

    source: Source = "manifest"
    reference: str = ""
    path: list[str | int] = Field(default=[])


Model = TypeVar("Model", bound=Written)


class Faults:
    """Collects what is wrong with one document, and what is only strange."""

    def __init__(self, source: Source = "manifest", reference: str = "") -> None:
        self.source: Source = source
        self.reference = reference
        self.found: list[Fault] = []
        self.warnings: list[str] = []

    def refuse(self, path: Path, value: Any, message: str, remedy: str) -> None:
        """`value` is what stands there; None where nothing does."""
        self.found.append(
            Fault(
                field=self.name(path),
                value=_cut(value),
                message=message,
                remedy=remedy,
                source=self.source,
                reference=self.reference,
                path=list(path),
            )
        )

    def warn(self, path: Path, words: str) -> None:
        self.warnings.append(f"{self.name(path)}: {words}")

    def name(self, path: Path) -> str:
        start = {"manifest": "", "dataset": f"datasets[{json.dumps(self.reference)}]", "providers": "providers_file"}
        return _joined(start[self.source], path)

    def read(self, model: type[Model], value: Any, path: Path = ()) -> Model | None:
        """The value as `model`; None, and all its problems, if it is none."""
        for unknown, known in _unknown(model, value):
            self.warn((*path, *unknown), f"unknown, and ignored{_near(str(unknown[-1]), known)}")
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for each in error.errors(include_url=False, include_context=False):
                self._take(model, each, path)
            return None

    def _take(self, model: type[Written], error: ErrorDetails, path: Path) -> None:
        steps = tuple(step for step in error["loc"] if step != "[key]")
        missing = error["type"] == "missing"
        value = None if missing else error["input"]
        message, remedy = _words(error), _remedy(model, steps, error)
        self.refuse((*path, *steps), value, message, remedy)


def _joined(name: str, path: Path) -> str:
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name


def _cut(value: Any) -> Any:
    if isinstance(value, int | float | bool | None):
        return value
    return (value if isinstance(value, str) else json.dumps(value, default=str))[:_SHOWN_CHARS]


def _words(error: ErrorDetails) -> str:
    """pydantic's words as the end of a sentence: `Input should be a valid integer` is `must be a valid integer`."""
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "model_type":
        return "must be an object"
    _, should, rest = error["msg"].partition(" should ")
    return f"must {rest}" if should else error["msg"].removeprefix("Value error, ")


def _remedy(model: type[Written], steps: Path, error: ErrorDetails) -> str:
    value = error["input"]
    if error["type"] == "string_type" and isinstance(value, _TEXTS_NOT):
        return f'quote it: "{json.dumps(value)}"'
    inner, name = _innermost(model, steps)
    field = inner.model_fields.get(name)
    if field is not None and field.examples:
        return f"such as {json.dumps(field.examples[0])}"
    if field is None or field.default is PydanticUndefined:
        return "it must be given" if error["type"] == "missing" else "mend it there"
    return f"leave it out for {json.dumps(field.get_default(call_default_factory=True), default=str)}"


def _innermost(model: type[Written], steps: Path) -> tuple[type[Written], str]:
    """The model that the last named step is a field of, and that step."""
    name = ""
    for step in steps:
        if isinstance(step, int):
            continue
        if name and (inner := _inner(model, name)) is not None:
            model = inner
        name = step
    return model, name


def _inner(model: type[Written], name: str) -> type[Written] | None:
    field = model.model_fields.get(name)
    return _written_in(field.annotation) if field else None


def _written_in(kind: Any) -> type[Written] | None:
    if isinstance(kind, type) and issubclass(kind, Written):
        return kind
    return next((found for each in get_args(kind) if (found := _written_in(each)) is not None), None)


def _unknown(model: type[Written], value: Any, path: Path = ()) -> Iterator[tuple[Path, list[str]]]:
    """Names that the model has no field for, at every level."""
    known = list(model.model_fields)
    for name, inside in value.items() if isinstance(value, dict) else ():
        if not isinstance(name, str) or name not in model.model_fields:
            yield (*path, str(name)), known
        elif (inner := _inner(model, name)) is not None:
            yield from _unknown_inside(inner, inside, (*path, name))


def _unknown_inside(model: type[Written], value: Any, path: Path) -> Iterator[tuple[Path, list[str]]]:
    """A field's value is one object, a list of them, or a map of names to them."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _unknown(model, each, (*path, index))
    elif isinstance(value, dict) and value and _is_map(model, value):
        for name, each in value.items():
            yield from _unknown(model, each, (*path, str(name)))
    else:
        yield from _unknown(model, value, path)


def _is_map(model: type[Written], value: dict[str, Any]) -> bool:
    return not set(value) & set(model.model_fields) and all(isinstance(each, dict) for each in value.values())


def _near(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
