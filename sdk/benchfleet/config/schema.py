"""The JSON Schema of run configs, for editors: `python -m benchfleet.config.schema` writes docs/run-config.schema.json.

It is stricter than `load` where `load` only warns (unknown names, names of the system that we replace), and where `load`
does as the API does: it takes no numbers that are texts, no part of a task and no run id that is a number. What it cannot
say, `load` alone knows: products (tasks of a run), the number of instance types, sizes in bytes, the room that characters
beyond ASCII take in a key, keys, subjects and providers that are there twice, whether there are benchmarks enough for the
shards. Providers that are called as a field that came later (`order: [{instance_type: a}]`) belong below `providers` here.
"""

import json
from pathlib import Path
from typing import Any

from benchfleet_contract import limits
from benchfleet_contract.names import IMAGE, LABEL, NEW_RUN_ID
from benchfleet_contract.run_instances import CLASSIC_PROVIDERS, KNOWN
from benchfleet_contract.workloads import schemas
from benchfleet_contract.workloads.known import KNOWN_WORKLOADS

from benchfleet.config import fields, provision

Schema = dict[str, Any]
TARGET = Path(__file__).parents[3] / "docs" / "run-config.schema.json"
_ENTRY, _ENTRIES = {"$ref": "#/$defs/instance"}, {"$ref": "#/$defs/instances"}
_NO_CONTROLS = {"not": {"type": "string", "pattern": "[\\u0000-\\u001f\\u007f]"}}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": limits.MAX_TYPE_CHARS, **_NO_CONTROLS}


def document() -> Schema:
    """The whole schema, ready for JSON."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "benchfleet run config",
        "description": "What to run, how often, and on which machines. See docs/config.md.",
        "type": "object",
        "required": ["per_instance_type"],
        "properties": {**_of_the_api(), **_of_the_master(), **_classic_providers()},
        "additionalProperties": _ENTRIES,
        "propertyNames": {"anyOf": [{"enum": [fields.SCHEMA]}, {**_exactly(LABEL.pattern), "not": {"enum": _refused()}}]},
        **schemas.rule(_reference),
        "not": {
            "properties": {name: True for name in _names()} | {"providers": {"additionalProperties": {"maxItems": 0}}},
            "additionalProperties": {"maxItems": 0},
        },
        "errorMessage": "Name at least one instance under a provider: \"local\": [{\"instance_type\": \"laptop\"}]",
        "$defs": {"instance": _instance(), "instances": _instances(), **_strictly(schemas.definitions(_exactly))},
        "examples": [_EXAMPLE],
    }  # fmt: skip


def text() -> str:
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


_EXAMPLE: Schema = {
    "$schema": "./run-config.schema.json",
    "ruby_version": "3.4.7",
    "per_instance_type": {"tasks": 3},
    "aws": [{"instance_type": "c8g.medium", "alias": "c8g"}],
    "hetzner": [{"instance_type": "cax11"}],
}


def _names() -> list[str]:
    return sorted({*KNOWN, fields.PROVISION, fields.SCHEMA})


def _refused() -> list[str]:
    return sorted({*fields.INSTEAD, *fields.KEYS})


def _reference(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _strictly(schema: Any) -> Any:
    """The same with every pattern to the very end of its text."""
    if isinstance(schema, list):
        return [_strictly(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strictly(part) for key, part in schema.items()}
    if isinstance(pattern := made.get("pattern"), str) and pattern.endswith("$"):
        made["pattern"] = f"{pattern}(?!\\n)"
    return made


def _exactly(pattern: str) -> Schema:
    """In Python a `$` also stands before a last line break."""
    return {"type": "string", "pattern": f"^(?:{pattern})$(?!\\n)"}


def _instance() -> Schema:
    kind = "What the runners of this machine call it: a size of a cloud, or any word."
    alias = "What reports and folders call it; without it, the instance type."
    return {
        "type": "object",
        "required": ["instance_type"],
        "properties": {
            "instance_type": {**_NAME, "description": kind, "examples": ["c8g.medium", "this-machine"]},
            "alias": {**_NAME, "type": ["string", "null"], "description": alias, "examples": ["c8g"]},
        },
        "additionalProperties": False,
        "description": "One kind of machine to measure.",
    }


def _instances() -> Schema:
    words = "A provider's instances. Any name may be a provider: letters, digits, dot, dash and underscore, at most 64."
    return {"type": "array", "items": _ENTRY, "description": words}


def _classic_providers() -> Schema:
    words = {
        "aws": "Amazon EC2 instances.",
        "azure": "Azure machines.",
        "local": "This machine: see `provision.local`.",
    }
    plain = {**_NAME, "description": "Both instance type and alias."}
    return {
        name: {"type": "array", "items": {"anyOf": [_ENTRY, plain]}, "description": words[name]}
        for name in CLASSIC_PROVIDERS
    }


def _of_the_api() -> Schema:
    ruby = "Which ruby is measured; ruby-bench needs it. In YAML quote it: 3.10 would be the number 3.1."
    run_id = "Names the run; creating it again with the same config changes nothing. Without it, the time in seconds."
    given = f"What the workload is to do; docs/workloads.md has them. At most {limits.MAX_OPTIONS_BYTES} bytes."
    order = "interleaved: repeat by repeat, shuffled within each; grouped: subject by subject."
    shards = "Into how many tasks the benchmarks of one repeat are dealt: pyperformance, and named ones of ruby-bench."
    kept = f"Kept with the run, for you. At most {limits.MAX_METADATA_BYTES} bytes of JSON."
    lease = "Seconds of silence after which a runner is taken for dead."
    deadline = "Seconds after which the run ends, come what may."
    return {
        "workload": _workload(),
        "workload_options": {"type": ["object", "null"], "default": {}, "description": given},
        "subjects": schemas.subjects(_reference) | {"maxItems": limits.MAX_GROUPS},
        "order": {"enum": ["interleaved", "grouped", None], "default": "interleaved", "description": order},
        "shards": _whole(shards, 1, 1, limits.MAX_SHARDS),
        "providers": {
            "type": ["object", "null"],
            "properties": _classic_providers(),
            "additionalProperties": _ENTRIES,
            "propertyNames": _exactly(LABEL.pattern),
            "description": "Instances by provider, for names that are fields here. A provider stands here or beside.",
        },
        "ruby_version": {
            "type": ["string", "null"], "maxLength": limits.MAX_LABEL_CHARS, "description": ruby, "examples": ["3.4.7"],
        },
        "per_instance_type": _per_instance_type(),
        "lease_s": _whole(lease, limits.DEFAULT_LEASE_S, limits.MIN_LEASE_S, limits.MAX_LEASE_S),
        "max_attempts": _whole("How often a task may start.", limits.DEFAULT_MAX_ATTEMPTS, 1, limits.MAX_ATTEMPTS),
        "deadline_s": _whole(deadline, limits.DEFAULT_DEADLINE_S, limits.MIN_DEADLINE_S, limits.MAX_DEADLINE_S),
        "metadata": {"type": ["object", "null"], "default": {}, "description": kept},
        "run_id": {
            "anyOf": [_exactly(NEW_RUN_ID.pattern), {"enum": [None]}],
            "description": run_id,
        },
    }  # fmt: skip


def _of_the_master() -> Schema:
    words = "What `benchfleet run` starts for this run, by provider. The API never sees it."
    others = {"type": "object", "description": "For the provider of this name, as it stands."}
    return {
        fields.SCHEMA: {"description": "Where an editor finds this schema."},
        fields.PROVISION: {
            "type": ["object", "null"],
            "properties": {"local": _local()},
            "additionalProperties": others,
            "description": words,
        },
    }


def _workload() -> Schema:
    words = "What a task executes. Names beyond the first four are for runners of your own."
    return {
        "anyOf": [{"enum": [*KNOWN_WORKLOADS]}, _exactly(LABEL.pattern)],
        "default": "ruby-bench",
        "description": words,
    }


def _per_instance_type() -> Schema:
    tasks = f"Tasks for each instance: more of them narrow the intervals. Times instances at most {limits.MAX_TASKS}."
    instances = "Runners for each instance: more of them tell machines of one kind apart, and share the tasks."
    return {
        "type": "object",
        "required": ["tasks"],
        "properties": {
            "tasks": {"type": "integer", "minimum": 1, "maximum": limits.MAX_TASKS, "description": tasks},
            "instances": _count(instances, 1, fields.MAX_INSTANCES),
        },
        "additionalProperties": False,
        "description": "How often.",
    }


def _local() -> Schema:
    isolation = "docker: a container for each slot; process: a process group; best: docker where there is the image."
    slots = "Tasks at a time of each runner. They disturb each other's measurements."
    return {
        "type": "object",
        "properties": {
            "isolation": {"enum": [*provision.ISOLATIONS], "default": "best", "description": isolation},
            "slots": _count(slots, provision.DEFAULT_SLOTS, provision.MAX_SLOTS),
            "image": {
                **_exactly(IMAGE.pattern),
                "default": provision.DEFAULT_IMAGE,
                "description": "For docker.",
            },
        },
        "additionalProperties": False,
        "description": "Runners on this machine.",
    }


def _count(words: str, default: int, most: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default, "description": words}


def _whole(words: str, default: int, least: int, most: int) -> Schema:
    span = {"minimum": least, "maximum": most}
    return {"type": ["integer", "null"], **span, "default": default, "description": words}


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
