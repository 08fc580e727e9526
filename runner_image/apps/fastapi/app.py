"""FastAPI: typed parameters and models, validated by Pydantic; a violation is 400."""

from __future__ import annotations

import asyncio
import datetime
import time
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any

import bodies
import texts
from fastapi import FastAPI, Form, Path, Query, Request, WebSocket, WebSocketDisconnect
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse

Word = Annotated[str, Path(min_length=1, max_length=255, pattern="^[a-zA-Z0-9_-]+$")]

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


@app.exception_handler(RequestValidationError)
async def refused(_request: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse({"detail": [{"loc": list(one["loc"]), "msg": one["msg"]} for one in error.errors()]}, 400)


@app.get("/")
@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/json/{_size}")
async def json_body(_size: str, request: Request) -> JSONResponse:
    return JSONResponse(await request.json())


@app.post("/validated/json/small")
async def json_small(body: bodies.Small) -> bodies.Small:
    return body


@app.post("/validated/json/medium")
async def json_medium(body: bodies.Medium) -> bodies.Medium:
    return body


@app.post("/validated/json/large")
async def json_large(body: bodies.Large) -> bodies.Large:
    return body


@app.post("/validated/json/very-large")
async def json_very_large(body: bodies.VeryLarge) -> bodies.VeryLarge:
    return body


@app.get("/path/simple/{id}")
async def path_simple(id: str) -> dict[str, str]:
    return {"id": id}


@app.get("/path/multiple/{user_id}/{post_id}")
async def path_multiple(user_id: str, post_id: str) -> dict[str, str]:
    return {"user_id": user_id, "post_id": post_id}


@app.get("/path/deep/{org}/{team}/{project}/{resource}/{id}")
async def path_deep(org: str, team: str, project: str, resource: str, id: str) -> dict[str, str]:
    return {"org": org, "team": team, "project": project, "resource": resource, "id": id}


@app.get("/validated/path/simple/{id}")
async def valid_simple(id: Word) -> dict[str, str]:
    return {"id": id}


@app.get("/validated/path/multiple/{user_id}/{post_id}")
async def valid_multiple(user_id: Word, post_id: Word) -> dict[str, str]:
    return {"user_id": user_id, "post_id": post_id}


@app.get("/validated/path/deep/{org}/{team}/{project}/{resource}/{id}")
async def valid_deep(org: Word, team: Word, project: Word, resource: Word, id: Word) -> dict[str, str]:
    return {"org": org, "team": team, "project": project, "resource": resource, "id": id}


@app.get("/path/int/{id}")
@app.get("/validated/path/int/{id}")
async def path_int(id: int) -> dict[str, int]:
    return {"id": id}


@app.get("/path/uuid/{id}")
@app.get("/validated/path/uuid/{id}")
async def path_uuid(id: uuid.UUID) -> dict[str, uuid.UUID]:
    return {"id": id}


@app.get("/path/date/{date}")
@app.get("/validated/path/date/{date}")
async def path_date(date: datetime.date) -> dict[str, datetime.date]:
    return {"date": date}


@app.get("/query/{_size}")
async def query(_size: str, request: Request) -> dict[str, str]:
    return dict(request.query_params)


@app.get("/validated/query/few", response_model_exclude_none=True)
async def query_few(of: Annotated[bodies.FewQuery, Query()]) -> bodies.FewQuery:
    return of


@app.get("/validated/query/medium", response_model_exclude_none=True)
async def query_medium(of: Annotated[bodies.MediumQuery, Query()]) -> bodies.MediumQuery:
    return of


@app.get("/validated/query/many", response_model_exclude_none=True)
async def query_many(of: Annotated[bodies.ManyQuery, Query()]) -> bodies.ManyQuery:
    return of


@app.post("/urlencoded/{_size}")
async def form(_size: str, request: Request) -> dict[str, Any]:
    async with request.form() as fields:
        return texts.flat(fields.multi_items())


@app.post("/validated/urlencoded/simple")
async def form_simple(of: Annotated[bodies.SimpleForm, Form()]) -> bodies.SimpleForm:
    return of


@app.post("/validated/urlencoded/complex")
async def form_complex(of: Annotated[bodies.ComplexForm, Form()]) -> bodies.ComplexForm:
    return of


@app.post("/multipart/{_size}")
@app.post("/validated/multipart/{_size}")
async def multipart(_size: str, request: Request) -> JSONResponse:
    async with request.form() as fields:
        sizes = [len(await part.read()) for _, part in fields.multi_items() if not isinstance(part, str)]
    if not sizes and request.url.path.startswith("/validated"):
        return JSONResponse({"detail": "at least one file is required"}, 400)
    return JSONResponse(texts.counted(sizes))


@app.websocket("/ws/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


@app.get("/sse/ticks")
async def ticks(count: int = 10, interval_ms: float = 0) -> StreamingResponse:
    async def events() -> AsyncIterator[str]:
        start = time.monotonic()
        for number in range(count):
            await asyncio.sleep(start + number * interval_ms / 1000 - time.monotonic())
            yield f'id: {number}\ndata: {{"tick": {number}}}\n\n'

    return StreamingResponse(events(), media_type="text/event-stream")
