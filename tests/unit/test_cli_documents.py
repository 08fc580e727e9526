"""What `--json` prints, and the schema that tells of it."""

import json
from pathlib import Path

import jsonschema
import pytest
from benchfleet.cli.documents import schema

ROOT = Path(__file__).parents[2]


def test_the_published_schema_is_that_of_the_models() -> None:
    assert (ROOT / schema.PATH).read_text() == schema.text(), "run: python -m benchfleet.cli.documents.schema"


@pytest.mark.parametrize("command", schema.DOCUMENTS)
def test_each_schema_is_one(command: str) -> None:
    made = schema.schema_of(command)
    jsonschema.Draft202012Validator.check_schema(made)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({}, made)


def test_a_document_s_times_and_fields_are_described() -> None:
    names = set(json.loads((ROOT / schema.PATH).read_text())["$defs"])
    assert {"RunsList", "RunShown", "RunStopped", "RunDownloaded", "Examined"} <= names
