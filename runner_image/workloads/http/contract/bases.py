"""The 18 workloads and their validated twins, family by family: what is asked, answered and refused."""

from typing import Any

from runner_image.workloads.http.contract import payloads
from runner_image.workloads.http.contract.schemas import schemas
from runner_image.workloads.http.contract.typed import typed
from runner_image.workloads.http.contract.workload import FORM, JSON, Exchange, HttpWorkload, Pairs

UUIDS = ("550e8400-e29b-41d4-a716-446655440000", "6fa459ea-ee8a-4ca4-894e-db77e160355e")
MULTIPART: Pairs = (("Content-Type", f"multipart/form-data; boundary={payloads.BOUNDARY}"),)
_ODD = "bad$word"

# name: (path's words, names and values of the request, of the second one, of one that must be refused)
_PATHS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "simple": ({"id": "test123"}, {"id": "test124"}, {"id": _ODD}),
    "multiple": (
        {"user_id": "user456", "post_id": "post789"},
        {"user_id": "user457", "post_id": "post780"},
        {"user_id": "user456", "post_id": _ODD},
    ),
    "deep": (
        {"org": "acme", "team": "engineering", "project": "backend", "resource": "api", "id": "item123"},
        {"org": "acme", "team": "research", "project": "backend", "resource": "api", "id": "item124"},
        {"org": _ODD, "team": "engineering", "project": "backend", "resource": "api", "id": "item123"},
    ),
    "int": ({"id": 42}, {"id": 43}, {"id": "abc"}),
    "uuid": ({"id": UUIDS[0]}, {"id": UUIDS[1]}, {"id": "no-uuid"}),
    "date": ({"date": "2024-01-15"}, {"date": "2024-02-29"}, {"date": "2024-13-45"}),
}

_FEW: Pairs = (("q", "search"), ("page", "1"), ("limit", "20"))
_MEDIUM: Pairs = (
    ("search", "electronics"),
    ("category", "phones"),
    ("sort", "price"),
    ("order", "asc"),
    ("page", "1"),
    ("limit", "20"),
    ("filter", "active"),
)
_MANY: Pairs = (
    ("q", "search"),
    ("page", "1"),
    ("limit", "20"),
    ("sort", "price"),
    ("order", "asc"),
    ("category", "electronics"),
    ("subcategory", "phones"),
    ("brand", "acme"),
    ("min_price", "99.5"),
    ("max_price", "999.5"),
    ("rating", "4"),
    ("in_stock", "true"),
    ("on_sale", "false"),
    ("color", "black"),
    ("size", "medium"),
    ("material", "metal"),
)
_QUERIES: dict[str, Pairs] = {"few": _FEW, "medium": _MEDIUM, "many": _MANY}


def json_bodies(validated: bool) -> list[HttpWorkload]:
    return [_json(size, validated) for size in payloads.JSON_BYTES]


def path_params(validated: bool) -> list[HttpWorkload]:
    return [_path(name, validated) for name in _PATHS]


def query_params(validated: bool) -> list[HttpWorkload]:
    return [_query(name, validated) for name in _QUERIES]


def forms(validated: bool) -> list[HttpWorkload]:
    return [_form(size, validated) for size in payloads.FORM_BYTES]


def multipart(validated: bool) -> list[HttpWorkload]:
    return [_multipart(size, validated) for size in payloads.FILES]


def _json(size: str, validated: bool) -> HttpWorkload:
    path = f"/json/{size}"
    (body, value), (other, other_value) = payloads.json_body(size), payloads.json_body(size, "gadget-two")

    def exchange(body: bytes, value: Any) -> Exchange:
        return Exchange("POST", path, headers=JSON, body=body, answer=value)

    wrong = (
        ("price or name of the wrong type", payloads.dump({**value, "name": 5, "price": "much"})),
        ("no name", payloads.dump({name: of for name, of in value.items() if name != "name"})),
        ("an empty name", payloads.dump({**value, "name": ""})),
        ("a description of 256 characters", payloads.dump({**value, "description": "x" * 256})),
        ("half a document", body[: len(body) // 2]),
    )
    refused = [Exchange("POST", path, headers=JSON, body=of, why=why) for why, of in wrong]
    return _twin(
        f"json-{size}",
        "json-bodies",
        exchange(body, value),
        exchange(other, other_value),
        refused,
        validated,
        len(body),
    )


def _path(name: str, validated: bool) -> HttpWorkload:
    right, other, wrong = (
        Exchange("GET", "/".join(["/path", name, *map(str, values.values())]), answer=values, why=why)
        for values, why in zip(_PATHS[name], ("", "", "a parameter of the wrong form"), strict=True)
    )
    return _twin(f"path-{name}", "path-params", right, other, [wrong], validated)


def _query(name: str, validated: bool) -> HttpWorkload:
    path, pairs = f"/query/{name}", _QUERIES[name]
    schema = schemas()[f"query-{name}"]

    def exchange(pairs: Pairs) -> Exchange:
        return Exchange("GET", path, pairs, answer=typed(dict(pairs), schema) if validated else dict(pairs))

    required = schema["required"][0]
    refused = [
        Exchange("GET", path, tuple(pair for pair in pairs if pair[0] != required), why=f"no {required}"),
        Exchange("GET", path, _put(pairs, page="abc"), why="page=abc"),
        Exchange("GET", path, _put(pairs, **{required: "x" * 256}), why=f"a {required} of 256 characters"),
    ]
    return _twin(f"query-{name}", "query-params", exchange(pairs), exchange(_put(pairs, page="2")), refused, validated)


def _form(size: str, validated: bool) -> HttpWorkload:
    path = f"/urlencoded/{size}"
    schema = schemas()[f"urlencoded-{size}"]
    body, fields = payloads.form_body(size)

    def exchange(body: bytes, fields: list[tuple[str, str]]) -> Exchange:
        value = payloads.form_value(fields)
        return Exchange("POST", path, headers=FORM, body=body, answer=typed(value, schema) if validated else value)

    refused = [
        Exchange("POST", path, headers=FORM, body=payloads.form(_put(tuple(fields), age="abc")), why="age=abc"),
        Exchange("POST", path, headers=FORM, body=payloads.form(tuple(fields)[1:]), why=f"no {fields[0][0]}"),
    ]
    other = exchange(*payloads.form_body(size, "grace"))
    return _twin(f"urlencoded-{size}", "forms", exchange(body, fields), other, refused, validated, len(body))


def _multipart(size: str, validated: bool) -> HttpWorkload:
    path = f"/multipart/{size}"
    files, each = payloads.FILES[size]

    def exchange(files: int, each: int) -> Exchange:
        answer = {"files_received": files, "total_bytes": files * each}
        return Exchange("POST", path, headers=MULTIPART, body=payloads.multipart_body(files, each), answer=answer)

    refused = [Exchange("POST", path, headers=MULTIPART, body=payloads.field_only_body(), why="no file")]
    return _twin(
        f"multipart-{size}",
        "multipart",
        exchange(files, each),
        exchange(files + 1, 77),
        refused,
        validated,
        files * each,
    )


def _twin(
    name: str,
    suite: str,
    right: Exchange,
    other: Exchange,
    refused: list[Exchange],
    validated: bool,
    declared_bytes: int | None = None,
) -> HttpWorkload:
    if not validated:
        return HttpWorkload(name, suite, right, declared_bytes=declared_bytes, others=(other,))
    return HttpWorkload(
        f"validated/{name}",
        f"validated-{suite}",
        right.below("/validated"),
        validated=True,
        declared_bytes=declared_bytes,
        others=(other.below("/validated"),),
        refused=tuple(one.refusal().below("/validated") for one in refused),
    )


def _put(pairs: Pairs, **changed: str) -> Pairs:
    return tuple((name, changed.get(name, value)) for name, value in pairs)
