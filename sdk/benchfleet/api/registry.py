"""Executors and models: who has what now, and what happened."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from benchfleet_contract.registry.executors import EventList, ExecutorDetail, ExecutorEntry, ExecutorEvent, ExecutorList
from benchfleet_contract.registry.models import (
    Filters,
    FoundModel,
    ModelEntry,
    ModelList,
    RegistryAnswer,
    RegistryStats,
    SelectReply,
    Strategy,
)

from benchfleet.api.calls import Call, executor_path, named
from benchfleet.api.exchange import ask, send
from benchfleet.api.session import Session

PAGE = 500


async def models(
    session: Session, filters: Filters | None = None, *, status: str = "live", executors: bool = False, prefix: str = ""
) -> AsyncGenerator[ModelEntry, None]:
    """Each model that a live executor has, by id. `status` "all": those of stale executors, too; `executors`: with each one.

    Raises InvalidRequest, AuthError, Unreachable, ApiError.
    """
    query = _query(filters) | {"status": status, "prefix": prefix, "limit": str(PAGE)}
    if executors:
        query["include"] = "executors"
    cursor: str | None = None
    while True:
        page = await ask(
            session, Call("GET", "/models", query=query | ({"cursor": cursor} if cursor else {})), ModelList
        )
        for entry in page.models:
            yield entry
        if (cursor := page.next_cursor) is None:
            return


async def find_model(
    session: Session,
    model_id: str,
    filters: Filters | None = None,
    *,
    strategy: Strategy = "least_loaded",
    executor_id: str | None = None,
    limit: int = 50,
) -> FoundModel:
    """Who has a model and may be asked now, the best first. `executor_id` is for the strategy `pinned`.

    Raises NotFound if no executor has it, InvalidRequest, AuthError, Unreachable, ApiError.
    """
    query = _query(filters) | {"model_id": model_id, "strategy": strategy, "limit": str(limit)}
    if executor_id:
        query["executor_id"] = executor_id
    return await ask(session, Call("GET", "/models/find", query=query), FoundModel)


async def select_executor(session: Session, body: Mapping[str, Any]) -> SelectReply:
    """One executor for a request, with slots kept for it if `body` asks so (`POST /models/select`).

    Raises NotFound; ServerError while all are full; InvalidRequest, AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("POST", "/models/select", body=body, repeatable=False), SelectReply)


async def end_reservation(session: Session, reservation_id: str) -> None:
    """Give reserved slots back; also what is over already. Raises AuthError, Unreachable, ApiError."""
    await send(session, Call("DELETE", f"/reservations/{named(reservation_id)}"))


async def query_registry(session: Session, body: Mapping[str, Any]) -> RegistryAnswer:
    """One of the five questions of the older protocol (`POST /models/query`).

    Raises InvalidRequest, NotFound, AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("POST", "/models/query", body=body), RegistryAnswer)


async def registry_stats(session: Session) -> RegistryStats:
    """How many executors and models there are. Raises AuthError, Unreachable, ApiError."""
    return await ask(session, Call("GET", "/registry/stats"), RegistryStats)


async def registry_events(session: Session, *, after: int = 0) -> EventList:
    """Changes of who is there since a revision, in their order; at once, whether there are any or not.

    Raises AuthError, Unreachable, ApiError.
    """
    return await ask(
        session, Call("GET", "/registry/events", query={"after": str(after), "limit": str(PAGE)}), EventList
    )


async def executors(
    session: Session, *, status: str = "all", labels: Mapping[str, str] | None = None
) -> AsyncGenerator[ExecutorEntry, None]:
    """Executors that are live or stale, by id. Raises InvalidRequest, AuthError, Unreachable, ApiError."""
    query = {"status": status, "limit": str(PAGE)} | {f"label.{name}": value for name, value in (labels or {}).items()}
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = await ask(session, Call("GET", "/executors", query=query | more), ExecutorList)
        for entry in page.executors:
            yield entry
        if (cursor := page.next_cursor) is None:
            return


async def executor(session: Session, executor_id: str) -> ExecutorDetail:
    """One executor, its models and its last events. Raises NotFound (also of one that is gone), UsageError, AuthError."""
    return await ask(session, Call("GET", executor_path(executor_id)), ExecutorDetail)


async def executor_events(session: Session, executor_id: str) -> AsyncGenerator[ExecutorEvent, None]:
    """What happened to an executor, the latest first; also of one that is gone.

    Raises UsageError, AuthError, Unreachable, ApiError.
    """
    cursor: str | None = None
    while True:
        query = {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
        page = await ask(session, Call("GET", executor_path(executor_id, "events"), query=query), EventList)
        for event in page.events:
            yield event
        if (cursor := page.next_cursor) is None:
            return


async def drain_executor(
    session: Session, executor_id: str, *, draining: bool = True, reason: str | None = None
) -> ExecutorEntry:
    """No new work for it; with `draining` False: new work again. Needs an admin's key, or the executor's own.

    Raises NotFound, Conflict, UsageError, AuthError, Unreachable, ApiError.
    """
    body = {"reason": reason} if reason else {}
    verb = "drain" if draining else "undrain"
    return await ask(session, Call("POST", executor_path(executor_id, verb), body=body), ExecutorEntry)


async def remove_executor(session: Session, executor_id: str) -> None:
    """Remove an executor with its models, whatever its generation; one that is gone is no error. Needs an admin's key.

    Raises Conflict, UsageError, AuthError, Unreachable, ApiError.
    """
    await send(session, Call("DELETE", executor_path(executor_id)))


def _query(filters: Filters | None) -> dict[str, str]:
    if filters is None:
        return {}
    found = filters.model_dump(exclude_none=True)
    features = found.pop("required_features", [])
    query = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items()}
    return query | ({"required_features": ",".join(features)} if features else {})
