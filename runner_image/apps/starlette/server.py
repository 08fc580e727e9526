"""Starlette on uvicorn, one worker: `python server.py PORT`. It has no validation of its own: Pydantic's models do it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import bodies
import texts
import uvicorn
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

Endpoint = Callable[[Request], Awaitable[Response]]


async def health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def refused(_request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": str(error)}, 400)


def told(model: BaseModel) -> Response:
    return Response(model.model_dump_json(exclude_none=True), media_type="application/json")


async def json_body(request: Request) -> Response:
    return JSONResponse(await request.json())


def valid_json(model: type[BaseModel]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return told(model.model_validate_json(await request.body()))

    return endpoint


async def path_text(request: Request) -> Response:
    return JSONResponse(request.path_params)


async def path_int(request: Request) -> Response:
    return JSONResponse({"id": int(request.path_params["id"])})


def valid_path(model: type[BaseModel]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return told(model.model_validate(request.path_params))

    return endpoint


async def query(request: Request) -> Response:
    return JSONResponse(dict(request.query_params))


def valid_query(model: type[BaseModel]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return told(model.model_validate(dict(request.query_params)))

    return endpoint


async def fields_of(request: Request) -> dict[str, Any]:
    async with request.form() as form:
        return texts.flat(form.multi_items())


async def form(request: Request) -> Response:
    return JSONResponse(await fields_of(request))


def valid_form(model: type[BaseModel]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return told(model.model_validate(await fields_of(request)))

    return endpoint


async def file_sizes(request: Request) -> list[int]:
    async with request.form() as form:
        return [len(await part.read()) for _, part in form.multi_items() if not isinstance(part, str)]


async def multipart(request: Request) -> Response:
    return JSONResponse(texts.counted(await file_sizes(request)))


async def valid_multipart(request: Request) -> Response:
    sizes = await file_sizes(request)
    if not sizes:
        return JSONResponse({"detail": "at least one file is required"}, 400)
    return JSONResponse(texts.counted(sizes))


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


async def ticks(request: Request) -> Response:
    asked = request.query_params
    count, interval_ms = int(asked.get("count", 10)), float(asked.get("interval_ms", 0))

    async def events() -> AsyncIterator[str]:
        start = time.monotonic()
        for number in range(count):
            await asyncio.sleep(start + number * interval_ms / 1000 - time.monotonic())
            yield f'id: {number}\ndata: {{"tick": {number}}}\n\n'

    return StreamingResponse(events(), media_type="text/event-stream")


def get(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["GET"])


def post(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["POST"])


routes = [
    get("/", health),
    get("/health", health),
    *(post(f"/json/{size}", json_body) for size in bodies.JSON_MODELS),
    *(post(f"/validated/json/{size}", valid_json(model)) for size, model in bodies.JSON_MODELS.items()),
    *(
        get(f"/path/{name}/{names}", path_int if name == "int" else path_text)
        for name, (names, _) in bodies.PATH_MODELS.items()
    ),
    *(get(f"/validated/path/{name}/{names}", valid_path(model)) for name, (names, model) in bodies.PATH_MODELS.items()),
    *(get(f"/query/{size}", query) for size in bodies.QUERY_MODELS),
    *(get(f"/validated/query/{size}", valid_query(model)) for size, model in bodies.QUERY_MODELS.items()),
    *(post(f"/urlencoded/{size}", form) for size in bodies.FORM_MODELS),
    *(post(f"/validated/urlencoded/{size}", valid_form(model)) for size, model in bodies.FORM_MODELS.items()),
    post("/multipart/{size}", multipart),
    post("/validated/multipart/{size}", valid_multipart),
    WebSocketRoute("/ws/echo", echo),
    get("/sse/ticks", ticks),
]
app = Starlette(routes=routes, exception_handlers={ValidationError: refused, json.JSONDecodeError: refused})

if __name__ == "__main__":
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "8000"))
    uvicorn.run("server:app", host="0.0.0.0", port=port, workers=1, access_log=False, log_level="warning")
