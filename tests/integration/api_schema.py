"""Requests that schemathesis makes from the OpenAPI document: the same ones each time, good ones and bad ones."""

import copy
from dataclasses import dataclass
from typing import Any, TypeAlias

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import CoverageScenario, coverage_scenario

from tests.integration.api_client import Json

Case: TypeAlias = schemathesis.Case[Any]
GOOD, BAD = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
# What is read leniently, and why. The document says what to send; here anything may stand there, and has to be taken.
_TEXT = "whatever it is, it is kept as text, as the reference system's database did"
_TRUE = "only `true` asks for it"
_CLAIM_REQUEST = {"retry": _TRUE, "attempt_token": _TRUE}
LENIENT: dict[str, dict[str, str]] = {
    "ClaimRequest": _CLAIM_REQUEST,
    "AnyClaimRequest": _CLAIM_REQUEST,
    "HeartbeatRequest": {
        "message": _TEXT,
        "current_benchmark": _TEXT,
        "progress_pct": "what is no number counts as 0, and what is out of range is brought into it",
    },
    "CompleteRequest": {"reason": _TEXT},
    "FailRequest": {
        "error_type": _TEXT,
        "error_message": _TEXT,
        "debug_mode": "ignored",
        "failure_class": "an unknown one is taken for what error_type says: a report must not be lost for it",
    },
}

_SOMETHING = {"type": ["string", "number", "boolean", "array", "object"], "minLength": 1}


@dataclass(frozen=True)
class Amount:
    """Of each operation: how many requests at the bounds of its schema, how many drawn at random of either kind."""

    bounds: int
    drawn: int


def load(served: Json) -> Any:
    """The document as schemathesis knows it, with one verb that no path has."""
    config = schemathesis.Config.from_dict({"phases": {"coverage": {"unexpected-methods": ["PATCH"]}}})
    return schemathesis.openapi.from_dict(strict(served), config=config)


def strict(served: Json) -> Json:
    """Replies may hold nothing that the document does not name. Its readers must allow for more, so it leaves that open."""
    document = copy.deepcopy(served)
    schemas = document["components"]["schemas"]
    for name, fields in LENIENT.items():
        needed = schemas[name]["required"]
        schemas[name]["properties"] |= {field: _SOMETHING if field in needed else {} for field in fields}
        schemas[f"{name}Form"]["properties"] |= {
            field: {"type": "string", "minLength": int(field in needed)} for field in fields
        }
    # A list of one looks in a form as one value does.
    schemas["AnyClaimRequestForm"]["properties"]["workloads[]"] = {
        "type": ["string", "array"],
        "items": {"type": "string"},
    }
    for name in _replied(document):
        schemas[name].setdefault("additionalProperties", False)
    return document


def _replied(document: Json) -> set[str]:
    """The schemas of objects that replies are made of."""
    found: set[str] = set()
    waiting = [
        reply
        for path in document["paths"].values()
        for method in path.values()
        for reply in method["responses"].values()
    ]
    while waiting:
        part = waiting.pop()
        waiting += part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
        name = str(part.get("$ref", "")).rpartition("/")[2] if isinstance(part, dict) else ""
        if name and name not in found:
            found.add(name)
            waiting.append(document["components"]["schemas"][name])
    return {name for name in found if "properties" in document["components"]["schemas"][name]}


def requests_of(schema: Any, path: str, method: str, amount: Amount) -> list[Case]:
    """Some of the requests for one operation."""
    operation = schema[path][method]
    cases = schema.iter_coverage_cases(
        operation, generation_modes=[GOOD, BAD], generation_config=schema.config.generation
    )
    return _spread(list(cases), amount.bounds) + _drawn(operation, amount.drawn)


def _spread(cases: list[Case], most: int) -> list[Case]:
    """At most so many, from everywhere in the list."""
    return cases if len(cases) <= most else [cases[index * len(cases) // most] for index in range(most)]


def _drawn(operation: Any, count: int) -> list[Case]:
    """Nothing of an operation without parameters and body can be wrong."""
    kinds = [GOOD, BAD] if any(operation.iter_parameters()) or operation.body else [GOOD]
    return [case for kind in kinds for case in _drawn_as(operation, kind, count)]


def _drawn_as(operation: Any, kind: GenerationMode, count: int) -> list[Case]:
    found: list[Case] = []

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=kind))
    def draw(case: Case) -> None:
        found.append(case)

    draw()
    return found


def lacks_key(case: Case) -> bool:
    """Was the request made to have no key?"""
    probe = case.meta.phase.data if case.meta else None
    missing = coverage_scenario(case) == CoverageScenario.MISSING_PARAMETER
    return missing and getattr(probe, "parameter", None) == "Authorization"
