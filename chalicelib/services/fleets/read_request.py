"""From the body of a request to a plan, or to everything that is wrong with it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from benchfleet_contract.fleets.plan import FleetPlan
from benchfleet_contract.fleets.plan_summary import summary_of
from benchfleet_contract.fleets.runs import FleetDocuments, FleetValidation
from benchfleet_contract.limits import MAX_GROUPS, MAX_TASKS
from benchfleet_contract.problems import Problem
from pydantic import ValidationError

from chalicelib.domain.fleet_errors import InvalidFleet
from chalicelib.domain.fleet_ports import FleetFiles

MOST_FLEET_ID_CHARS = 100  # a run's id has at most 128, and holds the time and a number, too
Body = TypeVar("Body", bound=FleetDocuments)
Reader = Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]], Any]


def read_body(model: type[Body], body: Mapping[str, Any]) -> Body:
    """Raises InvalidFleet."""
    try:
        return model.model_validate(body)
    except ValidationError as refused:
        raise _invalid([_problem(error) for error in refused.errors(include_url=False)]) from None


@dataclass(frozen=True)
class ReadFleet:
    """`read`: (manifest, datasets, providers, defaults) to a reading with `plan`, `problems` and `warnings`."""

    files: FleetFiles
    read: Reader

    def plan(self, asked: FleetDocuments) -> FleetPlan:
        """Raises InvalidFleet."""
        plan, problems, _ = self._reading(asked)
        if plan is None or problems:
            raise _invalid(problems)
        return plan

    def validate(self, asked: FleetDocuments) -> FleetValidation:
        plan, problems, warnings = self._reading(asked)
        told = None if problems or plan is None else summary_of(plan)
        return FleetValidation(problems=problems, warnings=warnings, plan=told)

    def _reading(self, asked: FleetDocuments) -> tuple[FleetPlan | None, list[Problem], list[str]]:
        datasets, missing = self._datasets(asked.datasets)
        if missing:
            return None, missing, []
        reading = self.read(asked.manifest, datasets, asked.providers, asked.defaults.model_dump())
        problems = [*reading.problems, *(_too_large(reading.plan) if reading.plan else [])]
        return reading.plan, problems, list(reading.warnings)

    def _datasets(self, given: Mapping[str, dict[str, Any]]) -> tuple[dict[str, Any], list[Problem]]:
        """With what was uploaded in place of its digest."""
        found: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, document in given.items():
            digest = document.get("sha256") if set(document) == {"sha256"} else None
            found[name] = self._uploaded(str(digest)) if digest else document
            if found[name] is None:
                words, remedy = "nothing of this digest was uploaded", "send it where POST /fleets/uploads says"
                problems.append(Problem(field=f"datasets.{name}", value=digest, message=words, remedy=remedy))
        return found, problems

    def _uploaded(self, digest: str) -> dict[str, Any] | None:
        """None for what is not there, or is no JSON object of this digest."""
        plain = len(digest) == 64 and not set(digest) - set("0123456789abcdef")
        raw = self.files.uploaded(digest) if plain else None
        if raw is None or hashlib.sha256(raw).hexdigest() != digest:
            return None
        try:
            document = json.loads(raw)
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None


def _too_large(plan: FleetPlan) -> list[Problem]:
    found = []
    if len(plan.fleet_id) > MOST_FLEET_ID_CHARS:
        remedy = f"at most {MOST_FLEET_ID_CHARS} characters"
        words = "the fleet's id is too long to be the beginning of a run's id"
        found.append(Problem(field="fleet_id", value=plan.fleet_id, message=words, remedy=remedy))
    for field, count, most in (
        ("providers", len(plan.targets), MAX_GROUPS),
        ("repositories", len(plan.shards), MAX_TASKS),
    ):
        if count > most:
            words = f"the fleet has {count} {'targets' if field == 'providers' else 'shards'}"
            found.append(Problem(field=field, value=count, message=words, remedy=f"at most {most} in one run"))
    return found


def _invalid(problems: list[Problem]) -> InvalidFleet:
    """Where a problem stands in a file is for who has the file: callers get what the API's document knows."""
    words = [f"{one.field}: {one.message}" for one in problems[:20]]
    plain = [Problem(field=one.field, value=one.value, message=one.message, remedy=one.remedy) for one in problems]
    return InvalidFleet(words or ["The fleet is invalid"], problems=plain)


def _problem(error: Any) -> Problem:
    field = ".".join(str(step) for step in error["loc"]) or "(body)"
    value = error.get("input") if isinstance(error.get("input"), str | int | float | bool) else None
    message = str(error["msg"]).removeprefix("Value error, ")
    return Problem(field=field, value=value, message=message, remedy="see POST /fleets/runs in the API's document")
