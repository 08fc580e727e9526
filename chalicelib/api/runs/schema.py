"""The body of `POST /runs` as JSON Schema. Never imported by the Lambda: `openapi_document.py` is run by hand.

The other bodies are contract models. This one is read by rules (`benchfleet_contract/run_request.py`) because any key may
be a provider (`run_instances.py`); tests hold schema and rules against each other.
"""

from typing import Any

from benchfleet_contract import limits
from benchfleet_contract.names import LABEL, NEW_RUN_ID, PRINTABLE
from benchfleet_contract.run_instances import CLASSIC_PROVIDERS
from benchfleet_contract.workloads import schemas

Schema = dict[str, Any]
_BLANK = r"[ \t\n\r\f\v]*"


def _exactly(pattern: str) -> str:
    return f"^(?:{pattern})$"


def _document(words: str, most: int) -> Schema:
    return {"type": ["object", "null"], "default": {}, "description": f"{words} At most {most} bytes of JSON."}


def _whole(words: str, default: int, span: tuple[int, int]) -> Schema:
    """A whole number from 1: our spans begin there."""
    number = {"type": "integer", "minimum": span[0], "maximum": span[1]}
    text = {
        "type": "string",
        "pattern": _number_text(span[1], r"(\.0{0,9})?"),
        "description": "The same number as text.",
    }
    return {"anyOf": [number, text, {"type": "null"}], "default": default, "description": words}


def _number_text(most: int, fraction: str) -> str:
    """A number from 1 to `most` in letters, with its fraction, blanks around it and zeros before it (15 digits in all)."""
    zeros = f"0{{0,{15 - len(str(most))}}}"
    return f"^{_BLANK}\\+?{zeros}({'|'.join(_up_to(str(most)))}){fraction}{_BLANK}$"


def _up_to(most: str) -> list[str]:
    """Patterns for the numbers from 1 to `most`: shorter ones, those that are smaller from some digit on, and itself."""
    shorter = [f"[1-9][0-9]{{0,{len(most) - 2}}}"] if len(most) > 1 else []
    smaller = [
        f"{most[:at]}[{'01'[at == 0]}-{int(digit) - 1}][0-9]{{{len(most) - at - 1}}}"
        for at, digit in enumerate(most)
        if int(digit) > (at == 0)
    ]
    return [*shorter, *smaller, most]


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _text(pattern: str) -> Schema:
    return {"type": "string", "pattern": _exactly(pattern)}


PRINTABLE_TEXT: Schema = {"type": "string", "pattern": _exactly(PRINTABLE.pattern)}
INSTANCE: Schema = {
    "type": "object",
    "required": ["instance_type"],
    "properties": {"instance_type": PRINTABLE_TEXT, "alias": PRINTABLE_TEXT | {"type": ["string", "null"]}},
    "description": "One instance to measure. Other fields of it are for those who launch runners; they are ignored here.",
}
INSTANCES: Schema = {"type": "array", "items": {"$ref": "#/components/schemas/RunInstance"}}
CLASSIC: Schema = {
    "type": ["array", "null"],
    "items": {"anyOf": [{"$ref": "#/components/schemas/RunInstance"}, PRINTABLE_TEXT]},
    "description": "Instances of this provider; a plain string is both instance type and alias. Null is none, and a warning.",
}
_AN_INSTANCE: Schema = {"type": "object", "required": ["instance_type"]}
_HAS_AN_INSTANCE: Schema = {"type": "array", "contains": _AN_INSTANCE}
_MISSHAPEN: Schema = {"anyOf": [{"type": "array", "minItems": 1, "items": {"type": "string"}}, _AN_INSTANCE]}
NO_LABEL: Schema = {
    "not": {"anyOf": [_HAS_AN_INSTANCE, *_MISSHAPEN["anyOf"]]},
    "description": "No provider can have this name. It is ignored, unless it plainly is meant as one.",
}
OTHER_KEY: Schema = {
    "if": _HAS_AN_INSTANCE,
    "then": INSTANCES,
    "not": _MISSHAPEN,
    "description": (
        "A key that holds an array of instance objects is a provider, whatever its name (letters, digits, dot, dash and "
        "underscore, at most 64). One that is plainly meant as a provider, but has another shape (an array with an instance "
        "object among other things, an array of strings, an instance object without an array) is refused. Any other unknown "
        "key is ignored and named in the reply's `warnings`."
    ),
}
_POSITIVE = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": limits.MAX_TASKS + 1},
        {"type": "string", "pattern": _number_text(limits.MAX_TASKS, r"(\.[0-9]{0,9})?")},
    ]
}
PER_INSTANCE_TYPE: Schema = {
    "type": "object",
    "required": ["tasks"],
    "properties": {
        "tasks": _POSITIVE | {"description": "Tasks for each instance: a positive number, cut to a whole one."}
    },
    "description": f"Tasks times instances must not exceed {limits.MAX_TASKS}.",
}
RUN_ID_FIELD: Schema = {
    "anyOf": [
        {"type": "string", "pattern": _exactly(NEW_RUN_ID.pattern)},
        {"type": "integer", "minimum": 0, "description": "Taken as its digits."},
        {"type": "null"},
    ],
    "description": "The present unix time in seconds where it is left out.",
}
NEW_RUN: Schema = {
    "type": "object",
    "required": ["per_instance_type"],
    "properties": {
        "run_id": RUN_ID_FIELD,
        "ruby_version": {"type": ["string", "null"], "maxLength": limits.MAX_LABEL_CHARS},
        "per_instance_type": PER_INSTANCE_TYPE,
        "workload": {"type": "string", "pattern": _exactly(LABEL.pattern), "default": "ruby-bench"},
        "workload_options": _document("What the workload is to do.", limits.MAX_OPTIONS_BYTES),
        "subjects": schemas.subjects(_reference),
        "order": {
            "enum": ["interleaved", "grouped", None],
            "default": "interleaved",
            "description": (
                "In which order the tasks of one instance come: repeat by repeat, with subjects and parts shuffled within "
                "each (by a seed that the body gives), or subject by subject."
            ),
        },
        "shards": _whole("Into how many tasks the benchmarks of one repeat are dealt.", 1, (1, limits.MAX_SHARDS)),
        "providers": {
            "type": ["object", "null"],
            "properties": {provider: CLASSIC | {"type": "array"} for provider in CLASSIC_PROVIDERS},
            "patternProperties": {f"^(?!{_exactly(LABEL.pattern)[1:]})": False},
            "additionalProperties": INSTANCES,
            "description": (
                "Instances by provider. A provider may stand here or at the top level, where `subjects`, `order`, `shards` and "
                "`providers` are fields unless they hold an array of instances."
            ),
        },
        "lease_s": _whole(
            "Seconds of silence after which a runner is taken for dead.",
            limits.DEFAULT_LEASE_S, (limits.MIN_LEASE_S, limits.MAX_LEASE_S),
        ),
        "max_attempts": _whole(
            "How often a task may be leased.", limits.DEFAULT_MAX_ATTEMPTS, (1, limits.MAX_ATTEMPTS)
        ),
        "deadline_s": _whole(
            "Seconds after which the run ends, come what may.",
            limits.DEFAULT_DEADLINE_S, (limits.MIN_DEADLINE_S, limits.MAX_DEADLINE_S),
        ),
        "metadata": _document("Kept with the run.", limits.MAX_METADATA_BYTES),
        **{provider: CLASSIC for provider in CLASSIC_PROVIDERS},
    },
    "patternProperties": {f"^(?!{_exactly(LABEL.pattern)[1:]})": NO_LABEL},
    "additionalProperties": OTHER_KEY,
    **schemas.rule(_reference),
    "description": "What to run, how often and where. At least one instance must be named under some provider.",
}  # fmt: skip
OPTIONS = schemas.definitions(_text)
EXAMPLE: Schema = {
    "run_id": "2026-11-22-a",
    "ruby_version": "3.4.7",
    "per_instance_type": {"tasks": 2},
    "aws": [{"instance_type": "c8g.medium", "alias": "c8g"}],
    "hetzner": [{"instance_type": "cax11", "alias": "ampere"}],
}
