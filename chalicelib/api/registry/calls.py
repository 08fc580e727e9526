"""What the routes of the registry do: read the request, make one call, answer.

Loaded with the first such request: most containers of the API never see one.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

from benchfleet_contract.registry import executors, limits
from benchfleet_contract.registry.models import RegistryQuery, SelectRequest
from chalice.app import Request, Response
from pydantic import BaseModel

from chalicelib.api.endpoint import ADMIN, ANYONE, JSON, RUNNER, answer, body_of, query_of, reply
from chalicelib.api.registry import asked
from chalicelib.api.registry.bodies import read
from chalicelib.domain.errors import Forbidden, Refusal, Unauthorized
from chalicelib.domain.registry.errors import AnnouncementsOff, KeyMayNot, NoSuchKey
from chalicelib.services.registry.who import Caller
from chalicelib.wiring import services


class Health(BaseModel):
    status: str
    announcements: bool
    registry_revision: int


class Sweeping(BaseModel):
    scanned: int
    stale: int
    expired: int
    guard: bool


class Nothing(BaseModel):
    """An answer without a body."""


class Calls:
    """Of one request."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._registry = services().registry

    def health(self) -> Response:
        def health() -> Health:
            on = services().settings.announcements
            return Health(status="ok", announcements=on, registry_revision=self._registry.log.counts().revision)

        try:
            return reply(health())
        except Refusal:
            return Response(body='{"status":"unavailable"}', status_code=503, headers={"Content-Type": JSON})

    def announce(self) -> Response:
        fresh: list[bool] = []

        def announce(caller: Caller) -> BaseModel:
            self._on()
            announced = self._registry.announce(self._body(executors.AnnounceRequest), caller)
            fresh.append(announced.is_new)
            return announced.reply

        response = self._called(announce)
        if fresh and fresh[0]:
            response.status_code = 201
        return response

    def heartbeat(self, executor_id: str) -> Response:
        return self._called(
            lambda caller: self._registry.heartbeat(
                asked.executor(executor_id), self._body(executors.ExecutorHeartbeat), caller
            )
        )

    def replace_models(self, executor_id: str) -> Response:
        return self._called(
            lambda caller: self._registry.change_models.replace(
                asked.executor(executor_id), self._body(executors.ReplaceModels), caller
            )
        )

    def update_models(self, executor_id: str) -> Response:
        return self._called(
            lambda caller: self._registry.change_models.update(
                asked.executor(executor_id), self._body(executors.UpdateModels), caller
            )
        )

    def drain(self, executor_id: str, *, draining: bool) -> Response:
        def drain(caller: Caller) -> BaseModel:
            body = self._body(executors.DrainRequest)
            self._registry.leave.drain(
                asked.executor(executor_id), body.generation, caller, reason=body.reason, draining=draining
            )
            return self._registry.read.show(executor_id).executor

        return self._called(drain)

    def remove(self, executor_id: str) -> Response:
        def remove(caller: Caller) -> Nothing:
            self._registry.leave.remove(asked.executor(executor_id), asked.generation(query_of(self._request)), caller)
            return Nothing()

        return _empty(self._called(remove))

    def release(self, executor_id: str) -> Response:
        def release(_caller: Caller) -> BaseModel:
            self._registry.leave.release(asked.executor(executor_id))
            return self._registry.read.show(executor_id).executor

        return self._called(release, ADMIN)

    def command(self, executor_id: str) -> Response:
        def command(_caller: Caller) -> BaseModel:
            body = self._body(executors.CommandRequest)
            self._registry.leave.command(asked.executor(executor_id), [executors.Command(**body.model_dump())])
            return self._registry.read.show(executor_id).executor

        return self._called(command, ADMIN)

    def list_executors(self) -> Response:
        def page() -> BaseModel:
            query = query_of(self._request)
            return self._registry.read.page(
                wanted=asked.wanted(query),
                limit=asked.limit(query, limits.LIST_LIMIT),
                cursor=query.get("cursor") or None,
            )

        return self._read(page)

    def show_executor(self, executor_id: str) -> Response:
        return self._read(lambda: self._registry.read.show(asked.executor(executor_id)))

    def list_events(self, executor_id: str) -> Response:
        def events() -> BaseModel:
            query = query_of(self._request)
            limit = asked.limit(query, limits.LIST_LIMIT)
            return self._registry.read.events(
                asked.executor(executor_id), limit=limit, cursor=asked.events_cursor(query)
            )

        return self._read(events)

    def list_models(self) -> Response:
        """With the ETag of who has what; `If-None-Match` asks whether that has changed, which costs one query."""
        asked_tag, tags = self._request.headers.get("if-none-match"), list[str]()

        def models() -> BaseModel:
            query = query_of(self._request)
            wanted = asked.list_of_models(query)
            if not (wanted.all_of or wanted.include_executors):
                tags.append(_tag(self._registry.discover.membership(), query))
            if tags == [asked_tag]:
                return Nothing()
            return self._registry.discover.models(wanted.filters, **wanted.more())

        response = self._read(models)
        if response.status_code == 200 and tags:
            cast("dict[str, Any]", response.headers)["ETag"] = tags[0]
        if response.status_code == 200 and tags == [asked_tag]:
            response.status_code, response.body = 304, ""
        return response

    def find_model(self) -> Response:
        def find() -> BaseModel:
            query = query_of(self._request)
            return self._registry.discover.find(
                asked.model_id(query), asked.filters(query), strategy=asked.strategy(query),
                limit=asked.limit(query, limits.FIND_LIMIT), pinned=query.get("executor_id") or None,
            )  # fmt: skip

        return self._read(find)

    def query(self) -> Response:
        return self._read(lambda: self._registry.discover.query(self._body(RegistryQuery), self._registry.read))

    def select(self) -> Response:
        return self._called(lambda _caller: self._registry.select(self._body(SelectRequest)))

    def end_reservation(self, reservation_id: str) -> Response:
        def end(_caller: Caller) -> Nothing:
            self._registry.select.release(asked.reservation(reservation_id))
            return Nothing()

        return _empty(self._called(end))

    def stats(self) -> Response:
        return self._read(self._registry.read.stats)

    def feed(self) -> Response:
        query = query_of(self._request)
        return self._read(
            lambda: self._registry.read.feed(asked.revision(query), limit=asked.limit(query, limits.LIST_LIMIT))
        )

    def sweep(self) -> Response:
        return self._called(lambda _caller: Sweeping(**asdict(self._registry.sweep())), ADMIN)

    def _on(self) -> None:
        if not services().settings.announcements:
            raise AnnouncementsOff

    def _body(self, model: type[Any]) -> Any:
        return read(model, lambda: body_of(self._request), size=len(self._request.raw_body))

    def _read(self, call: Callable[[], BaseModel]) -> Response:
        return answer(self._request, ANYONE, call)

    def _called(self, call: Callable[[Caller], BaseModel], roles: frozenset[str] = RUNNER) -> Response:
        """For who may change something: by its key's id, which executors are bound to."""

        def made() -> BaseModel:
            keyring, header = services().keyring, self._request.headers.get("authorization")
            try:
                role = keyring.admit(header, roles)
            except Unauthorized:
                raise NoSuchKey from None
            except Forbidden as refusal:
                raise KeyMayNot(refusal.words) from None
            return call(Caller(keyring.bearer(header)[1], is_admin=role == "admin"))

        return answer(self._request, frozenset(), made, admit=False)


def _empty(response: Response) -> Response:
    """204 for what succeeded."""
    if response.status_code == 200:
        response.status_code, response.body = 204, ""
    return response


def _tag(membership: str, query: Any) -> str:
    asked_for = "&".join(f"{name}={query[name]}" for name in sorted(query))
    return f'"{hashlib.sha256(f"{membership} {asked_for}".encode()).hexdigest()[:32]}"'
