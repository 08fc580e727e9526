"""Reads a `POST /schedules` body: everything that is wrong with it at once, the run's body in it by the rules of `POST /runs`.

The command line reads with the same code before it asks the control plane.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from benchfleet_contract.problems import Problem
from benchfleet_contract.run_request import read_run_request
from benchfleet_contract.schedule_expressions import At, Expression, Rate, exists, firings, read_expression, read_zone
from benchfleet_contract.schedule_notify import read_notify
from benchfleet_contract.schedules import Overlap, ScheduleRequest

NAME = re.compile(
    r"(?!.*\.json$)[A-Za-z0-9][A-Za-z0-9._-]{0,47}"
)  # with its time of creation, it names a schedule of AWS: 64
KEYS = ("name", "expression", "time_zone", "overlap", "notify", "run")
_SHOWN_CHARS = 200


@dataclass
class ScheduleReading:
    """`request` is there exactly when `problems` is empty."""

    request: ScheduleRequest | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def refuse(self, where: str, value: Any, words: str, remedy: str) -> None:
        text = value if isinstance(value, str) else json.dumps(value)
        self.problems.append(Problem(field=where, value=text[:_SHOWN_CHARS], message=words, remedy=remedy))

    @property
    def words(self) -> list[str]:
        return [problem.message for problem in self.problems]


def read_schedule_request(body: Mapping[str, Any], *, now: datetime, stack: str | None = None) -> ScheduleReading:
    """Never raises. What functions may use begins with the name `stack` (`benchfleet-dev`), None where it is unknown."""
    reading = ScheduleReading()
    for key in sorted(body.keys() - set(KEYS)):
        reading.refuse(
            key, body[key], f"A schedule has no field {key}", f"one of {', '.join(KEYS)}; a run's fields stand in run"
        )
    name = _name(body.get("name"), reading)
    zone = _zone(body.get("time_zone", "UTC"), reading)
    expression = _expression(body.get("expression"), zone, now, reading)
    overlap = _overlap(body.get("overlap", "skip"), reading)
    notify = read_notify(body.get("notify"), reading.refuse, stack=stack)
    run = _run(body.get("run"), reading)
    if not reading.problems:
        reading.request = ScheduleRequest(
            name=name, expression=expression, time_zone=zone, overlap=overlap, notify=notify, run=run
        )
    return reading


def _name(value: Any, reading: ScheduleReading) -> str:
    if isinstance(value, str) and NAME.fullmatch(value):
        return value
    remedy = "start with a letter or digit, go on with letters, digits, dot, dash, underscore; at most 48, no .json at the end"
    reading.refuse("name", value, "The schedule's name is invalid", remedy)
    return ""


def _zone(value: Any, reading: ScheduleReading) -> str:
    try:
        return read_zone(str(value)).key
    except ValueError:
        reading.refuse(
            "time_zone", value, "The time zone is unknown", "a name of the IANA database: UTC, Europe/Berlin"
        )
        return "UTC"


def _expression(value: Any, zone: str, now: datetime, reading: ScheduleReading) -> str:
    text = value.strip() if isinstance(value, str) else ""
    try:
        read = read_expression(text)
    except ValueError as error:
        reading.refuse("expression", value, f"The expression is invalid: {error}", "docs/schedules.md has examples")
        return ""
    if words := _never(read, zone, now):
        reading.refuse("expression", value, words, "a time to come, which the time zone has")
    return text


def _never(expression: Expression, zone: str, now: datetime) -> str | None:
    where = read_zone(zone)
    if next(firings(expression, where, after=now, anchor=now), None):
        return None
    if isinstance(expression, At) and exists(expression.local, where) is None:
        return f"The clocks of {zone} leave this time out"
    return "The expression never fires: its time is past, or no day is as it says"


def _overlap(value: Any, reading: ScheduleReading) -> Overlap:
    kinds: tuple[Overlap, ...] = get_args(Overlap)
    if value not in kinds:
        reading.refuse("overlap", value, "Overlap is invalid", "skip, queue or allow")
    return next((kind for kind in kinds if kind == value), "skip")


def _run(value: Any, reading: ScheduleReading) -> dict[str, Any]:
    if not isinstance(value, dict):
        reading.refuse("run", value, "The run is missing", "the body of POST /runs that is to be made each time")
        return {}
    found = read_run_request(value)
    for problem in found.problems:
        reading.problems.append(problem.model_copy(update={"field": f"run.{problem.field}"}))
    if value.get("run_id") is not None:
        reading.refuse("run.run_id", value["run_id"], "Each run of a schedule gets an id of its own", "leave it out")
    reading.warnings += found.warnings
    return value


def anchor_of(expression: str, *, now: datetime) -> datetime:
    """From when a rate counts, which is its first firing: one turn from `now`. Others do not look at it."""
    read = read_expression(expression)
    return (now.astimezone(UTC) + (read.every if isinstance(read, Rate) else timedelta())).replace(microsecond=0)
