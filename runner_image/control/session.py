"""What a runner can ask of the control plane: one method, one HTTP request, no retry.

SessionError
├── Unreachable       no usable answer: refused, timed out, dropped, or not our JSON
├── Busy              429 or 5xx; knows how long the server wants to be left alone
└── Refused           any other status
    ├── Unauthorized  401 on a key, or 403 on a claim: the key is wrong
    ├── NotFound      404
    └── LeaseLost     409, 403 on a task, or 401 on an attempt's token: the task is not ours (any more)
"""

import math
import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from benchfleet_contract import limits
from benchfleet_contract.authorities import authorities
from benchfleet_contract.clocks import aware
from benchfleet_contract.http_dates import http_date
from benchfleet_contract.names import CORRELATION_HEADER, correlation_of
from benchfleet_contract.proxies import is_loopback
from benchfleet_contract.redaction import redacted
from benchfleet_contract.tasks import (
    ClaimReply,
    CompleteRequest,
    FailRequest,
    HeartbeatReply,
    HeartbeatRequest,
    UploadUrls,
)
from pydantic import BaseModel, ValidationError

from runner_image.retries import Passing

OPEN_S, READ_S = 10.0, 30.0
NO_SUCH_ROUTE = "no_such_route"

Reply = TypeVar("Reply", bound=BaseModel)


class SessionError(Exception):
    """The control plane did not do what was asked."""


class Unreachable(SessionError, Passing):
    """No usable answer."""


class Busy(SessionError, Passing):
    """The server asks for patience. `retry_after_s` is None where it does not say for how long."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Refused(SessionError):
    """The server will not do it. `code` is the machine-readable reason, if it sent one; the registry adds a `number`."""

    def __init__(self, message: str, *, status: int, code: str | None = None, number: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.number = number


class Unauthorized(Refused):
    """The key is wrong or may not do this."""


class NotFound(Refused):
    """No such run or task (yet)."""


class LeaseLost(Refused):
    """The task is finished, cancelled or somebody else's."""


@dataclass(frozen=True)
class Claimed:
    """A claim's answer. `lease_ends` is on the local monotonic clock; infinite without a task.

    `correlation_id` is what the control plane's log calls the claim.
    """

    reply: ClaimReply
    lease_ends: float
    correlation_id: str | None = None


@dataclass(frozen=True)
class Beat:
    """A heartbeat's answer. `lease_ends` is on the local monotonic clock."""

    reply: HeartbeatReply
    lease_ends: float


class Session:
    """Requests to one control plane. Safe to share between threads; close it at the end.

    A path in the base URL is kept as the prefix of every request. The key travels in the header only: it is in no
    message and no `repr`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        version: str = "",
        clock: Callable[[], float] = time.monotonic,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}", "User-Agent": f"benchfleet-runner/{version or '0'}"}
        timeout = httpx.Timeout(READ_S, connect=OPEN_S)
        here = is_loopback(urlsplit(base_url).hostname or "")
        self._http = httpx.Client(
            base_url=base_url,
            headers=headers,
            timeout=timeout,
            transport=transport,
            trust_env=not here,  # this machine is never behind a proxy
            verify=authorities({}) if here else authorities(),
        )
        self._clock = clock
        self._own: dict[str, str] = {}
        self._denied: type[Refused] = Unauthorized

    def of_attempt(self, token: str | None, *, correlation_id: str | None = None) -> "Session":
        """The same session, speaking for one attempt by its own token. That ends with the lease: then 401 means lost.

        What it says is logged under the claim's id.
        """
        if token is None and correlation_id is None:
            return self
        mine = copy(self)
        mine._own = {CORRELATION_HEADER: correlation_id} if correlation_id else {}
        if token is not None:
            mine._own["Authorization"] = f"Bearer {token}"
            mine._denied = LeaseLost
        return mine

    def close(self) -> None:
        self._http.close()

    def claim(self, run_id: str | None, request: BaseModel) -> Claimed:
        """A task of this run, or of any run. An answer without a status means that nothing will come."""
        path = f"/runs/{_segment(run_id)}/tasks/claim" if run_id else "/claim"
        sent_at = self._clock()
        answer = self._send("POST", path, body=request, forbidden=Unauthorized)
        reply = _claim_reply(_document(answer))
        if reply.task is None:
            return Claimed(reply=reply, lease_ends=float("inf"))
        left_s = _lease_left_s(reply.task.lease_until, reply.task.next_heartbeat_in_s, answer)
        correlation_id = correlation_of(answer.headers.get(CORRELATION_HEADER))
        return Claimed(reply=reply, lease_ends=sent_at + left_s, correlation_id=correlation_id)

    def heartbeat(self, task_id: str, beat: HeartbeatRequest) -> Beat:
        sent_at = self._clock()
        answer = self._send("POST", f"/tasks/{_segment(task_id)}/heartbeat", body=beat)
        reply = parsed(HeartbeatReply, _document(answer))
        left_s = _lease_left_s(reply.lease_until, reply.next_heartbeat_in_s, answer)
        return Beat(reply=reply, lease_ends=sent_at + left_s)

    def complete(self, task_id: str, request: CompleteRequest) -> None:
        self._send("POST", f"/tasks/{_segment(task_id)}/complete", body=request)

    def fail(self, task_id: str, request: FailRequest) -> None:
        self._send("POST", f"/tasks/{_segment(task_id)}/fail", body=request)

    def upload_urls(self, task_id: str, query: Mapping[str, str | int]) -> UploadUrls:
        """Fresh URLs, bound to the lengths (bytes) and checksums (hex) that the query declares."""
        answer = self._send("GET", f"/tasks/{_segment(task_id)}/upload-urls", query=query)
        return parsed(UploadUrls, _document(answer))

    def call(
        self,
        method: str,
        path: str,
        body: BaseModel | None = None,
        *,
        query: Mapping[str, str | int] | None = None,
    ) -> dict[str, Any]:
        """A request about something else than a task; {} for an answer without a body."""
        return _document(self._send(method, path, body=body, query=query, forbidden=Unauthorized))

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | None = None,
        query: Mapping[str, str | int] | None = None,
        forbidden: type[Refused] = LeaseLost,
    ) -> httpx.Response:
        json = body.model_dump(mode="json", exclude_none=True) if body is not None else None
        try:
            answer = self._http.request(method, path, json=json, params=query, headers=self._own)
        except httpx.HTTPError as error:
            raise Unreachable(f"{method} {path}: {type(error).__name__}: {error}") from None
        if not answer.is_success:
            raise _refusal(answer, denied=self._denied, forbidden=forbidden)
        return answer


def _segment(value: str) -> str:
    return quote(value, safe="")


def _refusal(answer: httpx.Response, *, denied: type[Refused], forbidden: type[Refused]) -> SessionError:
    status = answer.status_code
    message = f"{answer.request.method} {answer.request.url.path}: {status}"
    if status == 429 or status >= 500:
        return Busy(message, retry_after_s=_retry_after_s(answer.headers.get("retry-after")))
    kinds: dict[int, type[Refused]] = {401: denied, 403: forbidden, 404: NotFound, 409: LeaseLost}
    document = _document_or_empty(answer)
    if document.get("code") == NO_SUCH_ROUTE:  # a wrong base URL: no run appears there, however long one waits
        del kinds[404]
    return kinds.get(status, Refused)(
        redacted(f"{message} {document.get('error', '')}".rstrip(), _key(answer)),
        status=status,
        code=_code(document, answer),
        number=_number(document),
    )


def _code(document: dict[str, Any], answer: httpx.Response) -> str | None:
    code = document.get("code")
    code = document.get("name") if isinstance(code, int) else code
    return redacted(code, _key(answer)) if isinstance(code, str) else None


def _number(document: dict[str, Any]) -> int | None:
    number = document.get("code")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _key(answer: httpx.Response) -> str:
    return str(answer.request.headers.get("Authorization", "")).partition(" ")[2]


def _retry_after_s(header: str | None) -> float | None:
    """Seconds, from either form of the header; None if there is none or it makes no sense."""
    if header is None:
        return None
    try:
        seconds = float(header)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        moment = http_date(header)
        return None if moment is None else max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _lease_left_s(lease_until: str, next_heartbeat_in_s: float, answer: httpx.Response) -> float:
    """How long the lease was good for when the server answered, by the server's own clock (its Date header).

    Both times are cut to whole seconds, so a very short lease could look spent: never less than two beats.
    """
    server_now = http_date(answer.headers.get("date", "")) or datetime.now(UTC)
    try:
        left_s = (aware(datetime.fromisoformat(lease_until)) - server_now).total_seconds()
    except (ValueError, OverflowError):  # a lease whose end cannot be read is good for two beats
        left_s = 0.0
    return max(left_s, 2 * next_heartbeat_in_s)


def _document_or_empty(answer: httpx.Response) -> dict[str, Any]:
    try:
        return _document(answer)
    except Unreachable:
        return {}


def _document(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; an empty body is an empty object. Raises Unreachable for a stranger's answer."""
    if not answer.content.strip():
        return {}
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Unreachable(f"{answer.request.url.path}: the answer is not a JSON object")
    return document


def _claim_reply(document: dict[str, Any]) -> ClaimReply:
    status = document.get("status")
    if not status:
        return ClaimReply(status="done", message=document.get("error"))
    if status not in {"assigned", "wait", "done"}:  # a newer server's word
        gone = "error" in document
        return ClaimReply(status="done" if gone else "wait", retry_after_seconds=limits.WAIT_RETRY_S)
    return parsed(ClaimReply, document)


def parsed(model: type[Reply], document: dict[str, Any]) -> Reply:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise Unreachable(f"an answer does not read as {model.__name__}: {error.error_count()} problems") from None
