"""Robyn, one process of one worker: `python server.py PORT`. Pydantic's models for the validated twins.

Stop it with SIGINT: it does not hear SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qsl

import bodies
import texts
from pydantic import BaseModel, ValidationError
from robyn import Request, Response, Robyn, SSEMessage, SSEResponse, StreamingResponse
from robyn.ws import WebSocketAdapter

# Robyn reads argv as options of its own: the port is taken off first.
port = int(sys.argv.pop(1) if len(sys.argv) > 1 else os.environ.get("PORT", "8000"))
app = Robyn(__file__)
JSON = {"Content-Type": "application/json"}


def told(value: Any, status: int = 200) -> Response:
    return Response(status_code=status, headers=JSON, description=json.dumps(value, separators=(",", ":")))


def checked(model: type[BaseModel], value: Any) -> Response:
    try:
        text = model.model_validate(value).model_dump_json(exclude_none=True)
    except ValidationError as error:
        return told({"detail": str(error)}, 400)
    return Response(status_code=200, headers=JSON, description=text)


def health(request: Request) -> Response:
    return told({"status": "ok"})


app.get("/")(health)
app.get("/health")(health)


@app.post("/json/:size")
def json_body(request: Request) -> Response:
    return told(json.loads(request.body))


@app.post("/validated/json/:size")
def valid_json(request: Request) -> Response:
    try:
        value = json.loads(request.body)
    except ValueError as error:
        return told({"detail": str(error)}, 400)
    return checked(bodies.JSON_MODELS[request.path_params["size"]], value)


def path_handler(name: str) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        return told(texts.told(dict(request.path_params), name))

    return handler


def valid_path_handler(model: type[BaseModel]) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        return checked(model, dict(request.path_params))

    return handler


for name, (names, model) in bodies.PATH_MODELS.items():
    rule = f"/path/{name}/{names.replace('{', ':').replace('}', '')}"
    app.get(rule)(path_handler(name))
    app.get(f"/validated{rule}")(valid_path_handler(model))


def query_of(request: Request) -> dict[str, Any]:
    return {name: values[0] for name, values in request.query_params.to_dict().items()}


@app.get("/query/:size")
def query(request: Request) -> Response:
    return told(query_of(request))


@app.get("/validated/query/:size")
def valid_query(request: Request) -> Response:
    return checked(bodies.QUERY_MODELS[request.path_params["size"]], query_of(request))


def fields_of(request: Request) -> dict[str, Any]:
    body = request.body if isinstance(request.body, str) else bytes(request.body).decode()
    return texts.flat(parse_qsl(body, keep_blank_values=True))


@app.post("/urlencoded/:size")
def form(request: Request) -> Response:
    return told(fields_of(request))


@app.post("/validated/urlencoded/:size")
def valid_form(request: Request) -> Response:
    return checked(bodies.FORM_MODELS[request.path_params["size"]], fields_of(request))


@app.post("/multipart/:size")
def multipart(request: Request) -> Response:
    return told(texts.counted(len(content) for content in request.files.values()))


@app.post("/validated/multipart/:size")
def valid_multipart(request: Request) -> Response:
    if not request.files:
        return told({"detail": "at least one file is required"}, 400)
    return multipart(request)


@app.websocket("/ws/echo")
async def echo(websocket: WebSocketAdapter) -> None:
    while True:
        await websocket.send_text(await websocket.receive_text())


@app.get("/sse/ticks")
async def ticks(request: Request) -> StreamingResponse:
    asked = query_of(request)
    count, interval_s = int(asked.get("count", 10)), float(asked.get("interval_ms", 0)) / 1000

    async def events() -> AsyncIterator[str]:
        start = time.monotonic()
        for number in range(count):
            await asyncio.sleep(start + number * interval_s - time.monotonic())
            yield SSEMessage(json.dumps({"tick": number}), id=str(number))

    return SSEResponse(events())


if __name__ == "__main__":
    app.start(host="0.0.0.0", port=port)
