"""Flask: plain views; Pydantic's models for the validated twins; Flask-Sock, its usual companion, for WebSockets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import bodies
import texts
from flask import Flask, Response, jsonify, request
from flask_sock import Server, Sock
from pydantic import BaseModel, ValidationError

app = Flask(__name__)
sock = Sock(app)


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


@sock.route("/ws/echo")
def echo(socket: Server) -> None:
    while True:
        socket.send(socket.receive())


@app.get("/sse/ticks")
def ticks() -> Response:
    count, interval_s = request.args.get("count", 10, int), request.args.get("interval_ms", 0, float) / 1000

    def events() -> Iterator[str]:
        start = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, start + number * interval_s - time.monotonic()))
            yield f'id: {number}\ndata: {{"tick": {number}}}\n\n'

    return Response(events(), mimetype="text/event-stream")


@app.post("/multipart/<_size>")
def multipart(_size: str) -> dict[str, int]:
    return texts.counted(len(file.read()) for _, file in request.files.items(multi=True))


@app.post("/validated/multipart/<size>")
def valid_multipart(size: str) -> Any:
    if not request.files:
        return jsonify(detail="at least one file is required"), 400
    return multipart(size)
