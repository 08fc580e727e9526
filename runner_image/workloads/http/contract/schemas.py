"""JSON Schemas of the validated twins: one document, which apps in any language may read (`schemas.json` beside them).

Strings have 1 to 255 characters; path parameters are words of letters, digits, `_` and `-`. Query and form values arrive
as text: the schema speaks of what they become.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

APPS = Path(__file__).resolve().parents[3] / "apps"
SHARED = APPS / "_shared" / "schemas.json"

WORD = "^[a-zA-Z0-9_-]+$"
_TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": 255}
_WORD: Schema = {**_TEXT, "pattern": WORD}
_NUMBER: Schema = {"type": "number"}
_INTEGER: Schema = {"type": "integer"}
_BOOLEAN: Schema = {"type": "boolean"}


def schemas() -> dict[str, Schema]:
    """By name of the raw workload. Those of multipart are a rule, not a schema: at least one file."""
    return {**_json(), **_paths(), **_queries(), **_forms()}


def dumped() -> str:
    """The text of `schemas.json`."""
    return json.dumps(schemas(), indent=2) + "\n"


def _object(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def _many(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _json() -> dict[str, Schema]:
    image = _object({"url": _TEXT, "name": _TEXT})
    country = _object({"name": _TEXT, "code": _TEXT})
    address = _object({"street": _TEXT, "city": _TEXT, "country": country})
    base = {"name": _TEXT, "description": _TEXT}
    review = _object({"author": _TEXT, "comment": _TEXT, "rating": _INTEGER})
    variant = _object({"sku": _TEXT, "color": _TEXT, "stock": _INTEGER, "price": _NUMBER})
    seller = _object({"name": _TEXT, "address": address})
    return {
        "json-small": _object({**base, "price": _NUMBER, "tax": _NUMBER}),
        "json-medium": _object({**base, "price": _NUMBER, "image": image, "reviews": _many(review)}),
        "json-large": _object({**base, "price": _NUMBER, "seller": seller, "variants": _many(variant)}),
        "json-very-large": _object({**base, "tags": _many(_TEXT), "images": _many(image)}),
    }


def _paths() -> dict[str, Schema]:
    def words(*names: str) -> Schema:
        return _object(dict.fromkeys(names, _WORD))

    return {
        "path-simple": words("id"),
        "path-multiple": words("user_id", "post_id"),
        "path-deep": words("org", "team", "project", "resource", "id"),
        "path-int": _object({"id": _INTEGER}),
        "path-uuid": _object({"id": {"type": "string", "format": "uuid"}}),
        "path-date": _object({"date": {"type": "string", "format": "date"}}),
    }


def _queries() -> dict[str, Schema]:
    pages = {"page": _INTEGER, "limit": _INTEGER}
    texts = ("category", "subcategory", "brand", "sort", "order", "color", "size", "material")
    return {
        "query-few": _object({"q": _TEXT}, **pages),
        "query-medium": _object(
            {"search": _TEXT}, category=_TEXT, sort=_TEXT, order=_TEXT, page=_INTEGER, limit=_INTEGER, filter=_TEXT
        ),
        "query-many": _object(
            {"q": _TEXT},
            **dict.fromkeys(texts, _TEXT),
            **pages,
            min_price=_NUMBER,
            max_price=_NUMBER,
            rating=_INTEGER,
            in_stock=_BOOLEAN,
            on_sale=_BOOLEAN,
        ),
    }


def _forms() -> dict[str, Schema]:
    names = ("first_name", "last_name", "email", "phone", "company", "language", "theme", "note")
    places = ("street", "city", "state", "zip", "country")
    return {
        "urlencoded-simple": _object({"name": _TEXT, "email": _TEXT, "age": _INTEGER, "subscribe": _BOOLEAN}),
        "urlencoded-complex": _object(
            {
                **dict.fromkeys((*names, *places), _TEXT),
                "age": _INTEGER,
                "height": _NUMBER,
                "subscribe": _BOOLEAN,
                "terms": _BOOLEAN,
                "tag": _many(_TEXT),
            }
        ),
    }


if __name__ == "__main__":
    SHARED.write_text(dumped())
