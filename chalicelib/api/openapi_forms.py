"""The body of a form, from that of JSON: it knows no null, and the name of a list ends in `[]`. Never imported by the Lambda."""

from typing import Any

Schema = dict[str, Any]


def form_of(body: Schema) -> Schema:
    """The schema of the same body as `application/x-www-form-urlencoded` (`forms.py` reads it)."""
    fields = {_name(name, field): _without_null(field) for name, field in body["properties"].items()}
    return {**body, "title": f"{body['title']} as a form", "properties": fields}


def _name(name: str, field: Schema) -> str:
    return f"{name}[]" if "array" in field.get("type", "") else name


def _without_null(field: Schema) -> Schema:
    """Leaving the field out says what null says."""
    if isinstance(kinds := field.get("type"), list):
        return field | {"type": next(kind for kind in kinds if kind != "null")}
    some = [kind for kind in field.get("anyOf", []) if kind != {"type": "null"}]
    rest = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
    if not some:
        return field
    return rest | (some[0] if len(some) == 1 else {"anyOf": some})
