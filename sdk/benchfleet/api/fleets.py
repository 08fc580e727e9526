"""Fleet runs: started, followed, stopped, and their artifacts brought home."""

import json
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote

import httpx
from benchfleet_contract.fleets.runs import (
    Artifact,
    ArtifactList,
    FleetHandle,
    FleetRunDetail,
    FleetRunItem,
    FleetRunList,
    SignedFile,
    UploadReply,
)

from benchfleet.api.calls import Call, named
from benchfleet.api.exchange import ask, send
from benchfleet.api.session import Session, timeout
from benchfleet.exceptions import BenchfleetError, ServerError, Unreachable

_DOWNLOAD_TIMEOUT_S = 300.0


def fleet_path(run_id: str, *rest: str) -> str:
    """Raises UsageError for an invalid run id."""
    return "/".join(("/fleets/runs", named(run_id), *rest))


async def create_fleet_run(session: Session, body: dict[str, Any]) -> FleetHandle:
    """Start a run. With an `idempotency_key` in the body a request whose answer is lost is sent again."""
    call = Call("POST", "/fleets/runs", body=body, repeatable="idempotency_key" in body)
    return await ask(session, call, FleetHandle)


async def upload_document(session: Session, sha256: str, data: bytes) -> None:
    """Put a dataset where the control plane says, unless it has it."""
    body = {"sha256": sha256, "size_bytes": len(data)}
    reply = await ask(session, Call("POST", "/fleets/uploads", body=body), UploadReply)
    if reply.url is not None:
        patience = {"timeout": timeout(_DOWNLOAD_TIMEOUT_S).as_dict()}
        request = httpx.Request("PUT", reply.url, content=data, headers=reply.required_headers, extensions=patience)
        await _stored(session, request)


async def fleet_run(session: Session, run_id: str) -> FleetRunDetail:
    """Raises NotFound, UsageError, AuthError, Unreachable, ApiError."""
    return await ask(session, Call("GET", fleet_path(run_id)), FleetRunDetail)


async def fleet_runs(session: Session, *, fleet_id: str = "", status: str = "") -> AsyncGenerator[FleetRunItem, None]:
    """All runs, the newest first."""
    query = {name: value for name, value in (("fleet_id", fleet_id), ("status", status)) if value}
    while True:
        page = await ask(session, Call("GET", "/fleets/runs", query=query), FleetRunList)
        for item in page.runs:
            yield item
        if page.next_cursor is None:
            return
        query = {**query, "cursor": page.next_cursor}


async def stop_fleet_run(session: Session, run_id: str) -> None:
    """Tests that have not started are skipped; results come as they are."""
    await send(session, Call("POST", fleet_path(run_id, "stop"), body={}))


async def fleet_artifacts(session: Session, run_id: str) -> list[Artifact]:
    return (await ask(session, Call("GET", fleet_path(run_id, "artifacts")), ArtifactList)).artifacts


async def fleet_artifact(session: Session, run_id: str, path: str) -> bytes:
    """The content of one artifact."""
    call = Call("GET", fleet_path(run_id, "artifacts", quote(path, safe="")))
    signed = await ask(session, call, SignedFile)
    patience = {"timeout": timeout(_DOWNLOAD_TIMEOUT_S).as_dict()}
    return (await _stored(session, httpx.Request("GET", signed.url, extensions=patience))).content


async def fleet_results(session: Session, run_id: str) -> dict[str, Any]:
    """Raises Conflict while the run is going on, NotFound for a run that nobody knows."""
    signed = await ask(session, Call("GET", fleet_path(run_id, "results")), SignedFile)
    patience = {"timeout": timeout(_DOWNLOAD_TIMEOUT_S).as_dict()}
    found: dict[str, Any] = json.loads(
        (await _stored(session, httpx.Request("GET", signed.url, extensions=patience))).content
    )
    return found


async def _stored(session: Session, request: httpx.Request) -> httpx.Response:
    """A request to the bucket: without the key."""
    try:
        response = await session.runtime.send(request)
    except httpx.HTTPError as error:
        raise Unreachable(f"the storage does not answer: {error}") from error
    if response.status_code >= 500:
        raise ServerError(f"the storage answers {response.status_code}; try it again", status=response.status_code)
    if not response.is_success:
        raise BenchfleetError(f"the storage answers {response.status_code} to {request.method}; try it again")
    return response
