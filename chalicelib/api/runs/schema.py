"""The body of `POST /runs` as JSON Schema. Never imported by the Lambda: `openapi_document.py` is run by hand.

The other bodies are contract models. This one is made of one, too (`benchfleet_contract/new_run.py`), and widened by what the
rules take beside it (`benchfleet_contract/run_request.py`), since any key may be a provider; tests hold schema and rules
against each other.
"""

from typing import Any

from benchfleet_contract import limits
from benchfleet_contract.names import LABEL
from benchfleet_contract.new_run import exactly, new_run
from benchfleet_contract.run_fields import WHOLE
from benchfleet_contract.run_instances import CLASSIC_PROVIDERS

Schema = dict[str, Any]
_BLANK = r"[ \t\n\r\f\v]*"


def _also_as_text(field: Schema, name: str) -> Schema:
    """A whole number, the same one as text, or null."""
    number, null = field["anyOf"]
    text = {
        "type": "string",
        "pattern": _number_text(WHOLE[name].most, r"(\.0{0,9})?"),
        "description": "The same number as text.",
    }
    return field | {"anyOf": [number, text, null]}


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


INSTANCES: Schema = {"type": "array", "items": _reference("RunInstance")}
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
_AS_DIGITS: Schema = {"type": "integer", "minimum": 0, "description": "Taken as its digits."}
_NO_LABELS = f"^(?!{exactly(LABEL.pattern)['pattern'][1:]})"


def _made() -> tuple[Schema, dict[str, Schema]]:
    """What `new_run.py` says that one should send, and what is taken beside that, for old clients' sake."""
    body, named = new_run(_reference)
    fields = body["properties"]
    fields |= {name: _also_as_text(fields[name], name) for name in WHOLE}
    tasks = fields["per_instance_type"]["properties"]["tasks"]
    taken: Schema = {
        "properties": {"tasks": _POSITIVE | {"description": f"{tasks['description']} Cut to a whole one."}}
    }
    fields["per_instance_type"] = {key: v for key, v in fields["per_instance_type"].items() if key in _KEPT} | taken
    fields["run_id"]["anyOf"].insert(1, _AS_DIGITS)
    for name in CLASSIC_PROVIDERS:  # null is none, and a warning
        fields[name] = fields[name] | {"type": ["array", "null"]}
    body |= {"patternProperties": {_NO_LABELS: NO_LABEL}, "additionalProperties": OTHER_KEY}
    named["RunProviders"]["patternProperties"] = {_NO_LABELS: False}
    del named["RunInstance"]["additionalProperties"]  # other fields are for those who launch runners
    return body, named


_KEPT = ("type", "required", "description")
NEW_RUN, NAMED = _made()
EXAMPLE: Schema = {
    "run_id": "2026-11-22-a",
    "ruby_version": "3.4.7",
    "per_instance_type": {"tasks": 2},
    "aws": [{"instance_type": "c8g.medium", "alias": "c8g"}],
    "hetzner": [{"instance_type": "cax11", "alias": "ampere"}],
}
