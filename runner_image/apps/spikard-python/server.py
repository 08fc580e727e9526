"""Spikard: `python server.py PORT`. Its own validation answers 422, so Pydantic's models make the 400 of the contract.

Its reading of forms turns texts into numbers and booleans: the raw form turns them back. It sends no Content-Type by itself.
"""

from __future__ import annotations

import os
import sys
from inspect import Parameter, Signature
from typing import Any

# It takes its port from here; the one of ServerConfig has no effect.
os.environ["SPIKARD_SERVER_PORT"] = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "8000")
os.environ["SPIKARD_SERVER_HOST"] = "0.0.0.0"

import bodies
import texts
from pydantic import BaseModel, ValidationError
from spikard import App, Response
from spikard.params import Body

app = App()


def told(value: Any, status: int = 200) -> Response:
    return Response(content=value, status_code=status, headers={"content-type": "application/json"})


def checked(model: type[BaseModel], value: Any) -> Any:
    try:
        return told(model.model_validate(value).model_dump(mode="json", exclude_none=True))
    except ValidationError as error:
        return told({"detail": str(error)}, 400)


@app.get("/")
def root() -> Any:
    return told({"status": "ok"})


@app.get("/health")
def health() -> Any:
    return told({"status": "ok"})


@app.post("/json/{size}")
def json_body(size: str, data: Body[Any]) -> Any:
    return told(data)


@app.post("/validated/json/{size}")
def valid_json(size: str, data: Body[Any]) -> Any:
    return checked(bodies.JSON_MODELS[size], data)


@app.get("/path/simple/{id}")
def path_simple(id: str) -> Any:
    return told({"id": id})


@app.get("/path/multiple/{user_id}/{post_id}")
def path_multiple(user_id: str, post_id: str) -> Any:
    return told({"user_id": user_id, "post_id": post_id})


@app.get("/path/deep/{org}/{team}/{project}/{resource}/{id}")
def path_deep(org: str, team: str, project: str, resource: str, id: str) -> Any:
    return told({"org": org, "team": team, "project": project, "resource": resource, "id": id})


@app.get("/path/int/{id:int}")
def path_int(id: int) -> Any:
    return told({"id": id})


@app.get("/path/uuid/{id}")
def path_uuid(id: str) -> Any:
    return told({"id": id})


@app.get("/path/date/{date}")
def path_date(date: str) -> Any:
    return told({"date": date})


@app.get("/validated/path/simple/{id}")
def valid_simple(id: str) -> Any:
    return checked(bodies.IdPath, {"id": id})


@app.get("/validated/path/multiple/{user_id}/{post_id}")
def valid_multiple(user_id: str, post_id: str) -> Any:
    return checked(bodies.PostPath, {"user_id": user_id, "post_id": post_id})


@app.get("/validated/path/deep/{org}/{team}/{project}/{resource}/{id}")
def valid_deep(org: str, team: str, project: str, resource: str, id: str) -> Any:
    return checked(bodies.DeepPath, {"org": org, "team": team, "project": project, "resource": resource, "id": id})


@app.get("/validated/path/int/{id}")
def valid_int(id: str) -> Any:
    return checked(bodies.IntPath, {"id": id})


@app.get("/validated/path/uuid/{id}")
def valid_uuid(id: str) -> Any:
    return checked(bodies.UuidPath, {"id": id})


@app.get("/validated/path/date/{date}")
def valid_date(date: str) -> Any:
    return checked(bodies.DatePath, {"date": date})


FEW = "q page limit"
MEDIUM = "search category sort order page limit filter"
MANY = (
    "q page limit sort order category subcategory brand min_price max_price rating in_stock on_sale color size material"
)


def taking(names: str, answer: Any) -> Any:
    """A handler with these optional texts as its parameters: only what a handler names can be read from a query."""

    def handler(**given: Any) -> Any:
        return answer(given)

    optional = [Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=str | None) for name in names.split()]
    handler.__signature__ = Signature(optional)
    return handler


def echoed(values: dict[str, Any]) -> Any:
    return {name: value for name, value in values.items() if value is not None}


for size, names in (("few", FEW), ("medium", MEDIUM), ("many", MANY)):
    model = bodies.QUERY_MODELS[size]
    app.get(f"/query/{size}")(taking(names, lambda of: told(echoed(of))))
    app.get(f"/validated/query/{size}")(taking(names, lambda of, model=model: checked(model, echoed(of))))


def text_of(value: Any) -> Any:
    if isinstance(value, list):
        return [text_of(one) for one in value]
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def fields_of(data: dict[str, Any]) -> dict[str, Any]:
    return {name: text_of(value) for name, value in data.items()}


@app.post("/urlencoded/{size}")
def form(size: str, data: Body[dict]) -> Any:
    return told(fields_of(data))


@app.post("/validated/urlencoded/{size}")
def valid_form(size: str, data: Body[dict]) -> Any:
    return checked(bodies.FORM_MODELS[size], fields_of(data))


def sizes_of(data: Any) -> list[int]:
    return [part["size"] for part in data.values() if isinstance(part, dict)] if isinstance(data, dict) else []


@app.post("/multipart/{size}")
def multipart(size: str, data: Body[Any]) -> Any:
    return told(texts.counted(sizes_of(data)))


@app.post("/validated/multipart/{size}")
def valid_multipart(size: str, data: Body[Any]) -> Any:
    sizes = sizes_of(data)
    if not sizes:
        return told({"detail": "at least one file is required"}, 400)
    return told(texts.counted(sizes))


if __name__ == "__main__":
    app.run()
