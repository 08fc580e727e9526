"""What an operation of the API is to the OpenAPI document. Never imported by the Lambda.

Each stands beside its view, in `operations.py` of the noun's folder: what it takes, what it answers, how it refuses.
"""

from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract.names import RUN_ID
from pydantic import BaseModel

from chalicelib.domain import errors

Refusals = tuple[type[errors.Refusal], ...]
BUSY: Refusals = (errors.Unavailable,)
PAGE_WORDS = "`next_cursor` of the page before."


@dataclass(frozen=True)
class Operation:
    """`roles` None: no key is needed. `query` holds OpenAPI parameters, headers too; path parameters follow from the path.

    Body and reply are contract models, or names of schemas in `runs/schema.py` and `openapi_replies.py`.
    """

    method: str
    path: str
    name: str
    summary: str
    roles: frozenset[str] | None
    reply: type[BaseModel] | str
    status: int = 200
    body: type[BaseModel] | str | None = None
    example: dict[str, Any] | None = None
    query: tuple[dict[str, Any], ...] = ()
    refusals: Refusals = field(default=())
    forms: bool = True  # may the body be a form, too?
    refusal: str = "ErrorReply"  # how its refusals look


def query(name: str, words: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": words, "schema": schema}


def runs_cursor() -> dict[str, Any]:
    """Where a page of runs starts, as `requests.read_runs_cursor` reads it."""
    return query("cursor", PAGE_WORDS, type="string", pattern=f"^[0-9]{{15}}#{RUN_ID.pattern}$")


def whole(name: str, words: str, most: int, **more: Any) -> dict[str, Any]:
    return query(name, words, type="integer", minimum=1, maximum=most, **more)
