"""`benchfleet report --json`: the report itself. docs/report.schema.json is made of it."""

import json

from benchfleet.report.model.report import Report

__all__ = ["Report", "schema"]


def schema() -> str:
    """As the file holds it. `python -m benchfleet.cli.documents.report > docs/report.schema.json` writes it anew."""
    found = Report.model_json_schema(mode="serialization")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **found}, indent=2) + "\n"


if __name__ == "__main__":
    print(schema(), end="")
