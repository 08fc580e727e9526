"""The frameworks that are known: those of the project, and a user's own, which replace those of the same name."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runner_image.workloads.http.frameworks.record import Evidence, Framework, port_problem
from runner_image.workloads.protocol import WorkloadError

MANIFEST = "bench.toml"


class InvalidRegistry(WorkloadError):
    """A file of frameworks, or a manifest, is wrong. `problems` are all that were found."""

    def __init__(self, place: str, problems: Sequence[str]) -> None:
        listed = "\n".join(f"- {problem}" for problem in problems)
        super().__init__(f"{place} cannot be used:\n{listed}", error_type="invalid_registry")
        self.problems = tuple(problems)


class UnknownFramework(WorkloadError):
    def __init__(self, name: str, known: Sequence[str]) -> None:
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {', '.join(close)}?" if close else f"known are {', '.join(known)}"
        super().__init__(f"There is no framework {name!r}: {hint}", error_type="unknown_framework")


@dataclass(frozen=True)
class Registry:
    frameworks: tuple[Framework, ...]

    @classmethod
    def load(cls, own: Path | None = None) -> "Registry":
        """Those of the project, with a user's file over them. Raises InvalidRegistry with all problems at once."""
        return cls(_merged(_built_in(), read(own))) if own else cls(_built_in())

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.frameworks]

    def get(self, name: str) -> Framework:
        """Raises UnknownFramework, with names that are close."""
        found = next((each for each in self.frameworks if each.name == name), None)
        if found is None:
            raise UnknownFramework(name, self.names)
        return found

    def manifest(self, path: Path) -> Framework:
        """An app's own `bench.toml`: a whole record, or fields that replace those of the framework that `base` names.

        What the app serves is not taken from there: an app says so itself, or is asked.
        """
        fields = _table(path)
        base = fields.pop("base", None)
        label = str(fields.get("name", base or "name"))
        problems = [f"{label}: depends: a manifest needs none: leave it out"] if fields.pop("depends", None) else []
        if base is not None:
            known = self.get(str(base)).model_dump(exclude_unset=True, exclude={"capabilities"})
            fields = {"name": base, **known, **fields}
        made = _record({"detect": [MANIFEST], **fields}, {}, label, problems)
        if made is None or problems:
            raise InvalidRegistry(str(path), problems)
        return made


class _Language(BaseModel):
    """How a dependency shows in apps of a language: `{dependency}` in a pattern is replaced by its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dependency: tuple[Evidence, ...] = Field(min_length=1)


def read(path: Path) -> tuple[Framework, ...]:
    """A file with `[[framework]]` tables. Raises InvalidRegistry with all problems at once."""
    table = _table(path)
    rules = ["language: only the project's own registry has rules of languages: leave it out"]
    return _frameworks(table, str(path), _languages(), problems=rules if table.pop("language", None) else [])


@cache
def _built_in() -> tuple[Framework, ...]:
    return _frameworks(_own_table(), "frameworks.toml", _languages())


@cache
def _own_table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("frameworks.toml").read_text(encoding="utf-8"))


@cache
def _languages() -> dict[str, _Language]:
    return {name: _Language.model_validate(found) for name, found in _own_table()["language"].items()}


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidRegistry(str(path), [f"it cannot be read: {error}"]) from error


def _frameworks(
    table: dict[str, Any], place: str, languages: Mapping[str, _Language], problems: Sequence[str] = ()
) -> tuple[Framework, ...]:
    problems = [*problems]
    problems += [f"{name}: unknown; a registry has [[framework]] tables" for name in table if name not in _TABLES]
    found: dict[str, Framework] = {}
    listed = table.get("framework", [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise InvalidRegistry(place, [*problems, "framework: write [[framework]] tables"])
    labels = [str(fields.get("name", f"framework {number}")) for number, fields in enumerate(listed, start=1)]
    for number, (label, fields) in enumerate(zip(labels, listed, strict=True)):
        if label in labels[:number]:
            problems.append(f"{label}: stands there twice; names are unique")
        made = _record(fields, languages, label, problems)
        if made:
            found[made.name] = made
    if problems:
        raise InvalidRegistry(place, problems)
    return tuple(found.values())


_TABLES = ("framework", "language")


def _record(
    fields: Mapping[str, Any], languages: Mapping[str, _Language], label: str, problems: list[str]
) -> Framework | None:
    """`depends` of a table becomes evidence, by the rules of its language."""
    fields, before = dict(fields), len(problems)
    depends = fields.pop("depends", {})
    language = languages.get(str(fields.get("language")))
    problems += [f"{label}: depends: {problem}" for problem in _depends_problems(depends, language, languages)]
    own = fields.get("evidence", [])
    if language and len(problems) == before and isinstance(own, list):
        fields["evidence"] = [*own, *_evidence(language, depends)]
    try:
        made = Framework.model_validate(fields)
    except ValidationError as error:
        problems += [f"{label}: {_said(each)}" for each in error.errors()]
        problems += [f"{label}: {problem}" for problem in _untold_port(fields, error)]
        return None
    return made if len(problems) == before else None


def _depends_problems(depends: Any, language: _Language | None, languages: Mapping[str, _Language]) -> Iterator[str]:
    if depends == {}:
        return
    if language is None or not isinstance(depends, dict):
        yield f"write `{{ package = weight }}` with one of the languages {', '.join(languages)}"
        return
    for name, weight in depends.items():
        if type(weight) is not int or not -100 <= weight <= 100:
            yield f"{name} = {weight!r} is no weight: write a number from -100 to 100"
        try:
            re.compile(name)
        except re.error as error:
            yield f"{name!r} is no regular expression: {error}"


def _untold_port(fields: Mapping[str, Any], error: ValidationError) -> Iterator[str]:
    """The record's own check of the port comes last: not at all where another field is wrong."""
    wrong = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
    if not wrong or wrong & {"start", "environment"}:
        return
    if problem := port_problem(fields["start"], fields.get("environment", {})):
        yield problem


def _evidence(language: _Language, depends: Mapping[str, int]) -> list[dict[str, Any]]:
    """Each of the language's signs for each dependency; one of them is enough."""
    return [
        {
            "files": sign.files,
            "pattern": sign.pattern.replace("{dependency}", f"(?:{name})"),
            "weight": weight,
            "of": name,
        }
        for name, weight in depends.items()
        for sign in language.dependency
    ]


def _said(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _merged(first: Sequence[Framework], then: Sequence[Framework]) -> tuple[Framework, ...]:
    return tuple({each.name: each for each in (*first, *then)}.values())
