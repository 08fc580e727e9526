"""Litestar on uvicorn, one worker: `python server.py PORT`. Models by its Pydantic plugin; violations are 400 by itself."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import bodies
import texts
import uvicorn
from litestar import Litestar, Request, get, post, websocket_listener
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import Body, Parameter
from litestar.response import Response, ServerSentEvent
from litestar.response.sse import ServerSentEventMessage
from pydantic import BaseModel, ValidationError

Word = Annotated[str, Parameter(min_length=1, max_length=255, pattern="^[a-zA-Z0-9_-]+$")]
URL_FORM = "application/x-www-form-urlencoded"


def refused(_request: Any, error: ValidationError) -> Response[dict[str, str]]:
    return Response({"detail": str(error)}, status_code=400)


def told(model: BaseModel) -> Response[bytes]:
    return Response(model.model_dump_json(exclude_none=True).encode(), media_type="application/json")


@get(["/", "/health"])
async def health() -> dict[str, str]:
    return {"status": "ok"}


@post("/json/{size:str}", status_code=200)
async def json_body(request: Request[Any, Any, Any]) -> Any:
    return await request.json()


@post("/validated/json/small", status_code=200)
async def json_small(data: bodies.Small) -> bodies.Small:
    return data


@post("/validated/json/medium", status_code=200)
async def json_medium(data: bodies.Medium) -> bodies.Medium:
    return data


@post("/validated/json/large", status_code=200)
async def json_large(data: bodies.Large) -> bodies.Large:
    return data


@post("/validated/json/very-large", status_code=200)
async def json_very_large(data: bodies.VeryLarge) -> bodies.VeryLarge:
    return data


@get("/path/simple/{id:str}")
async def path_simple(id: str) -> dict[str, str]:
    return {"id": id}


@get("/path/multiple/{user_id:str}/{post_id:str}")
async def path_multiple(user_id: str, post_id: str) -> dict[str, str]:
    return {"user_id": user_id, "post_id": post_id}


@get("/path/deep/{org:str}/{team:str}/{project:str}/{resource:str}/{id:str}")
async def path_deep(org: str, team: str, project: str, resource: str, id: str) -> dict[str, str]:
    return {"org": org, "team": team, "project": project, "resource": resource, "id": id}


@get("/validated/path/simple/{id:str}")
async def valid_simple(id: Word) -> dict[str, str]:
    return {"id": id}


@get("/validated/path/multiple/{user_id:str}/{post_id:str}")
async def valid_multiple(user_id: Word, post_id: Word) -> dict[str, str]:
    return {"user_id": user_id, "post_id": post_id}


@get("/validated/path/deep/{org:str}/{team:str}/{project:str}/{resource:str}/{id:str}")
async def valid_deep(org: Word, team: Word, project: Word, resource: Word, id: Word) -> dict[str, str]:
    return {"org": org, "team": team, "project": project, "resource": resource, "id": id}


# Typed as text in the route: its own converters answer 404 where the value is of another form.
@get(["/path/int/{id:str}", "/validated/path/int/{id:str}"])
async def path_int(id: int) -> dict[str, int]:
    return {"id": id}


@get(["/path/uuid/{id:str}", "/validated/path/uuid/{id:str}"])
async def path_uuid(id: UUID) -> dict[str, UUID]:
    return {"id": id}


@get(["/path/date/{date:str}", "/validated/path/date/{date:str}"])
async def path_date(date: datetime.date) -> dict[str, datetime.date]:
    return {"date": date}


@get("/query/{size:str}")
async def query(request: Request[Any, Any, Any]) -> dict[str, str]:
    return dict(request.query_params)


@get("/validated/query/{size:str}")
async def valid_query(request: Request[Any, Any, Any], size: str) -> Response[bytes]:
    return told(bodies.QUERY_MODELS[size].model_validate(dict(request.query_params)))


@post("/urlencoded/{size:str}", status_code=200)
async def form(request: Request[Any, Any, Any]) -> dict[str, Any]:
    return texts.flat((await request.form()).multi_items())


@post("/validated/urlencoded/simple", status_code=200)
async def form_simple(data: Annotated[bodies.SimpleForm, Body(media_type=URL_FORM)]) -> bodies.SimpleForm:
    return data


@post("/validated/urlencoded/complex", status_code=200)
async def form_complex(data: Annotated[bodies.ComplexForm, Body(media_type=URL_FORM)]) -> bodies.ComplexForm:
    return data


@post(["/multipart/{size:str}", "/validated/multipart/{size:str}"], status_code=200)
async def multipart(request: Request[Any, Any, Any]) -> dict[str, int]:
    parts = [part for _, part in (await request.form()).multi_items()]
    sizes = [len(await part.read()) for part in parts if isinstance(part, UploadFile)]
    if not sizes and request.url.path.startswith("/validated"):
        raise HTTPException(detail="at least one file is required", status_code=400)
    return texts.counted(sizes)


@websocket_listener("/ws/echo")
async def echo(data: str) -> str:
    return data


@get("/sse/ticks")
async def ticks(count: int = 10, interval_ms: float = 0) -> ServerSentEvent:
    async def events() -> AsyncIterator[ServerSentEventMessage]:
        start = time.monotonic()
        for number in range(count):
            await asyncio.sleep(start + number * interval_ms / 1000 - time.monotonic())
            yield ServerSentEventMessage(data=json.dumps({"tick": number}), id=number)

    return ServerSentEvent(events())


app = Litestar(
    [
        health,
        json_body,
        json_small,
        json_medium,
        json_large,
        json_very_large,
        path_simple,
        path_multiple,
        path_deep,
        valid_simple,
        valid_multiple,
        valid_deep,
        path_int,
        path_uuid,
        path_date,
        query,
        valid_query,
        form,
        form_simple,
        form_complex,
        multipart,
        echo,
        ticks,
    ],
    exception_handlers={ValidationError: refused},
    openapi_config=None,
)

if __name__ == "__main__":
    port = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "8000"))
    uvicorn.run("server:app", host="0.0.0.0", port=port, workers=1, access_log=False, log_level="warning")
