"""Flask: plain views; Pydantic's models for the validated twins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bodies
import texts
from flask import Flask, Response, jsonify, request
from pydantic import BaseModel, ValidationError

app = Flask(__name__)


@app.errorhandler(ValidationError)
def refused(error: ValidationError) -> tuple[Response, int]:
    return jsonify(detail=str(error)), 400


@app.get("/")
@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


def told(model: BaseModel) -> Response:
    return Response(model.model_dump_json(exclude_none=True), mimetype="application/json")


@app.post("/json/<_size>")
def json_body(_size: str) -> Response:
    return jsonify(request.get_json())


@app.post("/validated/json/<size>")
def valid_json(size: str) -> Response:
    return told(bodies.JSON_MODELS[size].model_validate_json(request.get_data()))


def path_view(name: str, model: type[BaseModel] | None) -> Callable[..., Any]:
    def view(**names: str) -> Any:
        return texts.told(names, name) if model is None else told(model.model_validate(names))

    view.__name__ = f"{'validated_' if model else ''}path_{name}"
    return view


for name, (names, model) in bodies.PATH_MODELS.items():
    rule = f"/path/{name}/{names.replace('{', '<').replace('}', '>')}"
    app.get(rule)(path_view(name, None))
    app.get(f"/validated{rule}")(path_view(name, model))


@app.get("/query/<_size>")
def query(_size: str) -> dict[str, str]:
    return request.args.to_dict()


@app.get("/validated/query/<size>")
def valid_query(size: str) -> Response:
    return told(bodies.QUERY_MODELS[size].model_validate(request.args.to_dict()))


@app.post("/urlencoded/<_size>")
def form(_size: str) -> dict[str, Any]:
    return texts.flat(request.form.items(multi=True))


@app.post("/validated/urlencoded/<size>")
def valid_form(size: str) -> Response:
    return told(bodies.FORM_MODELS[size].model_validate(texts.flat(request.form.items(multi=True))))


@app.post("/multipart/<_size>")
def multipart(_size: str) -> dict[str, int]:
    return texts.counted(len(file.read()) for _, file in request.files.items(multi=True))


@app.post("/validated/multipart/<size>")
def valid_multipart(size: str) -> Any:
    if not request.files:
        return jsonify(detail="at least one file is required"), 400
    return multipart(size)
