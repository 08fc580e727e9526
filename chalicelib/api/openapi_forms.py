"""The body of a form, from that of JSON: it knows no null, and the name of a list ends in `[]`. Never imported by the Lambda."""

from typing import Any

Schema = dict[str, Any]


def form_of(body: Schema) -> Schema:
    """The schema of the same body as `application/x-www-form-urlencoded` (`forms.py` reads it)."""
    fields = {_name(name, field): _without_null(field) for name, field in body["properties"].items()}
    return {**body, "title": f"{body['title']} as a form", "properties": fields}


def _name(name: str, field: Schema) -> str:
    return f"{name}[]" if field.get("type") == "array" else name


def _without_null(field: Schema) -> Schema:
    """Leaving the field out says what null says."""
    kinds = [kind for kind in field.get("anyOf", []) if kind != {"type": "null"}]
    rest = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
    if not kinds:
        return field
    return rest | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})
