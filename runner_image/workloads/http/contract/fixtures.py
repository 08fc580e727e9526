"""Functional tests as workloads: a folder of JSON files, each with a request and the answer that is expected.

Everything that a file says of its request is sent, cookies and headers too, and everything that it expects is checked before
any load. A file that cannot be used is left out, and told.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from runner_image.workloads.http.contract.fixture_bodies import File, body_of
from runner_image.workloads.http.contract.fixture_words import (
    AnyName,
    BarePath,
    CookieValue,
    HeaderName,
    HeaderValue,
    not_unicode,
)
from runner_image.workloads.http.contract.workload import Exchange, HttpWorkload, Pairs

MOST_BYTES, MOST_FILES = 16 * 1024**2, 10_000
SCHEMA = "schema.json"
UNKNOWN = "unknown"


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Handler(_Lenient):
    """What the test's app was generated from: the route and its parameters."""

    route: str
    method: str
    parameters: dict[str, Any] = {}


class Asked(_Lenient):
    method: str = Field(pattern=r"^[A-Za-z]+$")
    path: BarePath = Field(pattern=r"^/")
    query_params: dict[str, Any] = {}
    headers: dict[HeaderName, HeaderValue] = {}
    cookies: dict[AnyName, CookieValue] = {}
    body: Any = None
    body_raw: str | None = None
    files: list[File] = []
    data: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one_header_of_cookies(self) -> Self:
        name = next((name for name in self.headers if name.lower() == "cookie"), None)
        if name and self.cookies:
            raise ValueError(f"headers.{name}: cookies are there, too: write all of them there")
        return self


class Expected(_Lenient):
    """`body` None: whatever it is. A text is compared as it is, anything else as JSON."""

    status_code: int = Field(ge=100, le=599)
    body: Any = None
    headers: dict[AnyName, str] = {}


class Fixture(_Lenient):
    name: str = Field(min_length=1)
    description: str = ""
    category: str | None = None
    handler: Handler | None = None
    request: Asked
    expected_response: Expected


@dataclass(frozen=True)
class Fixtures:
    """`problems`: one sentence for each file that was left out."""

    workloads: tuple[HttpWorkload, ...]
    problems: tuple[str, ...] = field(default=())


def load(place: Path) -> Fixtures:
    """A file, or a folder: its files and those of the folders in it, which name the category of a file that has none."""
    found: dict[str, HttpWorkload] = {}
    problems: list[str] = []
    for path in [place] if place.is_file() else _files(place):
        category = UNKNOWN if path in (place, place / path.name) else path.parent.name
        try:
            one = workload(_read(path), category)
        except (OSError, ValueError) as error:
            problems.append(f"{path.name}: {error}")
            continue
        if one.name in found:
            problems.append(f"{path.name}: there is another fixture {one.name!r}: give it a name of its own")
        else:
            found[one.name] = one
    return Fixtures(tuple(found.values()), tuple(problems))


def workload(fixture: Fixture, category: str = UNKNOWN) -> HttpWorkload:
    """Its name has its category before it. Raises ValueError for what cannot be sent."""
    asked, expected = fixture.request, fixture.expected_response
    suite = fixture.category or category
    headers, body = body_of(asked)
    text = expected.body if isinstance(expected.body, str) else None
    exchange = Exchange(
        method=asked.method.upper(),
        path=asked.path,
        query=_query(asked.query_params),
        headers=(*headers, *_cookies(asked.cookies)),
        body=body,
        status=expected.status_code,
        answer=expected.body,
        answer_headers=tuple(expected.headers.items()),
        any_answer=expected.body is None,
        answer_text=text,
    )
    return HttpWorkload(f"{suite}/{fixture.name}", suite, exchange, declared_bytes=len(body) or None)


def _files(folder: Path) -> list[Path]:
    paths = sorted(path for glob in ("*.json", "*/*.json") for path in folder.glob(glob) if path.name != SCHEMA)
    return paths[:MOST_FILES]


def _read(path: Path) -> Fixture:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"it is longer than {MOST_BYTES} bytes")
    document = json.loads(path.read_bytes())
    problems = list(not_unicode(document))
    try:
        fixture = Fixture.model_validate(document)
    except ValidationError as error:
        problems += [_one(each) for each in error.errors()]
    if problems:
        raise ValueError("; ".join(problems))
    return fixture


def _one(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "[key]")
    return f"{place}: {error['msg'].removeprefix('Value error, ')}"


def _query(values: Mapping[str, Any]) -> Pairs:
    """A list is repeated; what is no text goes as JSON."""
    pairs = [(name, one) for name, value in values.items() for one in (value if isinstance(value, list) else [value])]
    return tuple((name, one if isinstance(one, str) else json.dumps(one)) for name, one in pairs)


def _cookies(values: Mapping[str, str]) -> Pairs:
    return (("Cookie", "; ".join(f"{name}={value}" for name, value in values.items())),) if values else ()
