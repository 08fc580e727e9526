"""Are assertions what they should be? Every problem is told with its path when a manifest is read, before anything is sent."""

import json
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from benchfleet_contract.fleets.assertions import KINDS, Checked, Threshold, assertion_of
from benchfleet_contract.fleets.written import Faults, Path

Read = Checked | Threshold
# Of a test: its id, has it an `expected`, its assertions, each with its place and with who collects its faults.
Asserted = tuple[str, bool, list[tuple[Path, Faults, dict[str, Any]]]]
_REFERENCES = ("$ref", "$dynamicRef")


def check_assertions(written: Sequence[dict[str, Any]], path: Path, faults: Faults) -> None:
    """Each by itself: its type, its fields, its pattern, its schema."""
    for index, one in enumerate(written):
        here = (*path, index)
        kind = one.get("type")
        if not isinstance(kind, str) or kind.removeprefix("not-") not in KINDS:
            near = get_close_matches(str(kind), KINDS, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"one of {', '.join(KINDS)}"
            words = "is missing" if kind is None else "is no type of assertions"
            faults.refuse((*here, "type"), kind, words, remedy)
            continue
        try:
            read = assertion_of(one)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                where = [step for step in each["loc"] if step != kind.removeprefix("not-")]
                faults.refuse((*here, *where), each["input"], each["msg"], "see docs/fleet-results.md, scoring")
        else:
            _check_value(read, here, faults)


def check_together(tests: Sequence[Asserted], *, judge: bool, rubric: bool) -> None:
    """What only shows where a test's own assertions, its dataset's and the manifest's meet.

    `judge`: does the manifest name a model that judges? `rubric`: and what it judges by, where an assertion does not?
    """
    for test_id, expected, assertions in tests:
        thresholds = [place for place in assertions if place[2].get("type") == "threshold"]
        for path, faults, one in thresholds[1:]:
            faults.refuse(path, one, f"is the second threshold of test {test_id}", "keep one")
        for path, faults, one in assertions:
            kind = str(one.get("type")).removeprefix("not-")
            if kind == "similarity" and one.get("value") is None and not expected:
                faults.refuse(path, one, f"has nothing to compare with in test {test_id}", "add value, or expected")
            if kind == "llm-rubric" and not judge:
                remedy = 'add "judge": {"target": "provider:model"} to settings'
                faults.refuse(path, one, "needs a model that judges, and none is named", remedy)
            elif kind == "llm-rubric" and one.get("value") is None and not rubric:
                faults.refuse(path, one, "has no rubric", "say in value, or in settings.judge.rubric, what is right")


def _check_value(read: Read, here: Path, faults: Faults) -> None:
    if read.type == "regex":
        _check_pattern(read.value, (*here, "value"), faults)
    if read.type == "is-json" and isinstance(read.value, dict):
        for where, value, problem in _of_schema(json.dumps(read.value, sort_keys=True)):
            faults.refuse((*here, "value", *where), value, problem, "mend the JSON Schema (2020-12)")


def _check_pattern(pattern: str, path: Path, faults: Faults) -> None:
    problem, sure = pattern_problem(pattern)
    if problem and sure:
        faults.refuse(path, pattern, f"is no regular expression: {problem}", "mend it, or use contains")
    elif problem:
        faults.warn(path, f"may be no regular expression, which cannot be told here: {problem}")


@lru_cache(maxsize=1024)
def pattern_problem(pattern: str) -> tuple[str | None, bool]:
    """What is wrong with it, and whether that is sure: `re` does not know all that `regex` does, which runs it in the end."""
    try:
        import regex
    except ImportError:  # where the control plane's functions run
        return _compiled(re, pattern), False
    return _compiled(regex, pattern), True


def _compiled(engine: Any, pattern: str) -> str | None:
    try:
        engine.compile(pattern)
    except (engine.error, RecursionError, OverflowError) as error:
        return str(error)
    return None


@lru_cache(maxsize=256)
def _of_schema(text: str) -> list[tuple[tuple[str | int, ...], Any, str]]:
    """Where, what stands there, and what is wrong with it."""
    schema = json.loads(text)
    found = [*_outside(schema, ())]
    try:
        from jsonschema import Draft202012Validator, FormatChecker
        from jsonschema.exceptions import SchemaError
    except ImportError:  # where the control plane's functions run: told by who sends it, and by the runner
        return found
    try:
        Draft202012Validator.check_schema(
            schema, format_checker=FormatChecker(formats=())
        )  # patterns are ours to check
    except SchemaError as error:
        return [*found, (tuple(error.path), error.instance, error.message)]
    return [*found, *_patterns(schema, ())]


def _outside(schema: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any, str]]:
    """References out of the document: nothing is fetched for a score. And the keyword whose patterns nothing could stop."""
    for step, inside in _inside(schema):
        if step in _REFERENCES and isinstance(inside, str) and not inside.startswith("#"):
            yield (*path, step), inside, "leads out of the schema, and nothing is fetched"
        if step == "unevaluatedProperties":
            yield (*path, step), inside, "is not applied here: use additionalProperties"
        yield from _outside(inside, (*path, step))


def _patterns(schema: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any, str]]:
    for step, inside in _inside(schema):
        patterns = [inside] if step == "pattern" else list(inside) if step == "patternProperties" else []
        for pattern in patterns:
            problem, sure = pattern_problem(pattern) if isinstance(pattern, str) else (None, True)
            if problem and sure:
                yield (*path, step), pattern, f"is no regular expression: {problem}"
        yield from _patterns(inside, (*path, step))


def _inside(schema: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(schema, dict):
        yield from (
            (name, each) for name, each in schema.items() if name not in ("const", "enum", "default", "examples")
        )
    elif isinstance(schema, list):
        yield from enumerate(schema)
