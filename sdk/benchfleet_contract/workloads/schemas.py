"""What each kind's options look like, as JSON Schema: for the published schemas of configs and of `POST /runs`.

Never imported by the Lambda. What stands in a subject is merged over the run's `workload_options`, so neither of the two
has to be whole: an option that a kind needs is in one of them.
"""

from collections.abc import Callable, Iterator
from typing import Any

from benchfleet_contract.limits import MAX_GROUPS
from benchfleet_contract.names import IMAGE, SUBJECT
from benchfleet_contract.run_options import RUBY_BENCH
from benchfleet_contract.workloads.kinds import Kind, kind
from benchfleet_contract.workloads.known import KNOWN_WORKLOADS

Schema = dict[str, Any]
Reference = Callable[[str], Schema]
_ONE: Schema = {"enum": [None, 1]}
_RUBY_VERSION: Schema = {"type": "string", "minLength": 1}


def kinds() -> Iterator[Kind]:
    return (found for name in KNOWN_WORKLOADS if (found := kind(name)))


def definitions(exactly: Callable[[str], Schema]) -> dict[str, Schema]:
    """The named schemas that `rules` and `subjects` refer to. `exactly` makes a schema of a whole text's pattern."""
    of_kinds = {_name(kind): _options(kind) for kind in kinds()}
    for_kinds = {f"{_name(kind)}Subject": _subject(exactly, _options(kind)) for kind in kinds()}
    return {"Subject": _subject(exactly, None), **of_kinds, **for_kinds}


def subjects(reference: Reference) -> Schema:
    """The field `subjects` of a run of any kind."""
    return {
        "type": ["array", "null"],
        "items": reference("Subject"),
        "maxItems": MAX_GROUPS,
        "description": (
            "What is compared on each machine. All but `name` and `image` of a subject is merged over `workload_options`."
        ),
    }


def rule(reference: Reference) -> Schema:
    """`if`, `then` and `else`: if the workload is X, then options and subjects are what X takes, else if it is Y …

    A chain, since what makes requests from schemas does not cope with as many conditions side by side.
    """
    chain: Schema = {"properties": {"shards": _ONE}}  # of a kind that nobody knows
    for known in reversed([*kinds()]):
        chain = {"if": _is(known), "then": _takes(known, reference), "else": chain}
    return chain


def _is(kind: Kind) -> Schema:
    named: Schema = {"properties": {"workload": {"const": kind.name}}}
    if kind.name != RUBY_BENCH:  # which is what a run without a workload is
        named["required"] = ["workload"]
    return named


def _takes(kind: Kind, reference: Reference) -> Schema:
    fields: Schema = {
        "workload_options": {"anyOf": [reference(_name(kind)), {"type": "null"}]},
        "subjects": {"items": reference(f"{_name(kind)}Subject")},
    }
    if not kind.splits:
        fields["shards"] = _ONE
    needed = [_given(name) for name, field in kind.options.model_fields.items() if field.is_required()]
    if kind.name == RUBY_BENCH:
        needed += [_given_ruby(), {"not": _twice()}]
    return {"properties": fields, **({"allOf": needed} if needed else {})}


def _given(option: str, schema: Schema | None = None) -> Schema:
    """The option is there: for all subjects, or in each of them."""
    there: Schema = {"required": [option], "properties": {option: schema or {}}}
    each: Schema = {"type": "array", "minItems": 1, "items": there}
    return {
        "anyOf": [
            {"required": ["workload_options"], "properties": {"workload_options": {"type": "object", **there}}},
            {"required": ["subjects"], "properties": {"subjects": each}},
        ]
    }


def _given_ruby() -> Schema:
    """For the whole run, or as any other option."""
    of_run: Schema = {"required": ["ruby_version"], "properties": {"ruby_version": _RUBY_VERSION}}
    return {"anyOf": [of_run, *_given("ruby_version", _RUBY_VERSION)["anyOf"]]}


def _twice() -> Schema:
    there: Schema = {"required": ["ruby_version"], "properties": {"ruby_version": {"type": "string"}}}
    return {
        "required": ["ruby_version", "workload_options"],
        "properties": {"ruby_version": _RUBY_VERSION, "workload_options": {"type": "object", **there}},
    }


def _name(kind: Kind) -> str:
    return kind.options.__name__


def _options(kind: Kind) -> Schema:
    made = kind.options.model_json_schema()
    properties = {name: _bare(field, made.get("$defs", {})) for name, field in made["properties"].items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _bare(field: Any, definitions: Schema) -> Any:
    """A title that repeats the name helps nobody. Options within an option stand where they are referred to."""
    if isinstance(field, list):
        return [_bare(each, definitions) for each in field]
    if not isinstance(field, dict):
        return field
    if "$ref" in field:
        return _bare(definitions[field["$ref"].rpartition("/")[2]], definitions)
    return {key: _bare(value, definitions) for key, value in field.items() if key != "title"}


def _subject(exactly: Callable[[str], Schema], options: Schema | None) -> Schema:
    """None: of a kind whose options nobody knows."""
    image = {"anyOf": [exactly(IMAGE.pattern), {"type": "null"}], "description": "The container image that it runs in."}
    own = {"name": exactly(SUBJECT.pattern) | {"description": "What results and reports call it."}, "image": image}
    known = options or {"properties": {}, "additionalProperties": True}
    return {
        "type": "object",
        "required": ["name"],
        "properties": {**own, **known["properties"]},
        "additionalProperties": known["additionalProperties"],
    }
