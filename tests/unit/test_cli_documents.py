"""What `--json` prints, and the schema that tells of it."""

import json
from pathlib import Path

import jsonschema
import jsonschema_rs
from benchfleet.cli.documents import schema

from tests.each_case import each_case

ROOT = Path(__file__).parents[2]


def test_the_published_schema_is_that_of_the_models() -> None:
    assert (ROOT / schema.PATH).read_text(encoding="utf-8") == schema.text(), (
        "run: python -m benchfleet.cli.documents.schema"
    )


def test_every_definition_is_a_schema() -> None:
    jsonschema_rs.meta.validate({"$schema": schema.DRAFT, "$defs": schema.document()["$defs"]})


@each_case("command", schema.DOCUMENTS)
def test_each_schema_leads_to_a_definition_and_asks_for_something(command: str) -> None:
    made = schema.schema_of(command)
    assert made["$schema"] == schema.DRAFT
    assert made["$ref"].removeprefix("#/$defs/") in made["$defs"]
    assert not jsonschema.Draft202012Validator(made).is_valid({})


def test_a_document_s_times_and_fields_are_described() -> None:
    names = set(json.loads((ROOT / schema.PATH).read_text(encoding="utf-8"))["$defs"])
    assert {"RunsList", "RunShown", "RunStopped", "RunDownloaded", "Examined"} <= names
