"""The JSON Schema of run configs, for editors: `python -m benchfleet.config.schema` writes docs/run-config.schema.json.

It is stricter than `load` where `load` only warns (unknown names, names of the system that we replace), and where `load`
does as the API does: it takes no numbers that are texts, no part of a task and no run id that is a number. What it cannot
say, `load` alone knows: products (tasks of a run), the number of instance types, sizes in bytes, the room that characters
beyond ASCII take in a key, keys, subjects and providers that are there twice, whether there are benchmarks enough for the
shards. Providers that are called as a field that came later (`order: [{instance_type: a}]`) belong below `providers` here.
"""

import json
from pathlib import Path
from typing import Any, cast

from benchfleet_contract.names import IMAGE, LABEL
from benchfleet_contract.new_run import exactly, new_run
from benchfleet_contract.run_instances import KNOWN

from benchfleet.config import fields, provision

Schema = dict[str, Any]
TARGET = Path(__file__).parents[3] / "docs" / "run-config.schema.json"
_INSTANCES = "Runners for each instance: more of them tell machines of one kind apart, and share the tasks."


def document() -> Schema:
    """The whole schema, ready for JSON."""
    body, named = new_run(_reference)
    per = body["properties"]["per_instance_type"]["properties"]
    per["instances"] = _count(_INSTANCES, 1, fields.MAX_INSTANCES)
    body["properties"][fields.PROVISION]["anyOf"][0]["properties"][fields.LOCAL] = _local()
    named["RunProviders"]["propertyNames"] = exactly(LABEL.pattern)
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "benchfleet run config",
        **body,
        "description": "What to run, how often, and on which machines. See docs/config.md.",
        "properties": {**body["properties"], fields.SCHEMA: {"description": "Where an editor finds this schema."}},
        "propertyNames": {"anyOf": [{"enum": [fields.SCHEMA]}, {**exactly(LABEL.pattern), "not": {"enum": _refused()}}]},
        "not": {
            "properties": {name: True for name in _names()} | {"providers": {"additionalProperties": {"maxItems": 0}}},
            "additionalProperties": {"maxItems": 0},
        },
        "errorMessage": "Name at least one instance under a provider: \"local\": [{\"instance_type\": \"laptop\"}]",
        "$defs": named,
        "examples": [_EXAMPLE],
    }  # fmt: skip
    return cast("Schema", _strictly(made))


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
    return sorted({*KNOWN, fields.SCHEMA})


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


def _local() -> Schema:
    isolation = "docker: a container for each slot; process: a process group; best: docker where there is the image."
    slots = "Tasks at a time of each runner. They disturb each other's measurements."
    return {
        "type": "object",
        "properties": {
            "isolation": {"enum": [*provision.ISOLATIONS], "default": "best", "description": isolation},
            "slots": _count(slots, provision.DEFAULT_SLOTS, provision.MAX_SLOTS),
            "image": {
                **exactly(IMAGE.pattern),
                "default": provision.DEFAULT_IMAGE,
                "description": "For docker.",
            },
        },
        "additionalProperties": False,
        "description": "Runners on this machine.",
    }


def _count(words: str, default: int, most: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default, "description": words}


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
