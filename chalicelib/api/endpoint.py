"""Turns a request into a call and its result, or its refusal, into an answer. *The* error → status table lives here.

Chalice shows an exception to HTTP middleware only after it has become a 500, so refusals are mapped here, around the view.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from benchfleet_contract.limits import MAX_BODY_BYTES
from benchfleet_contract.problems import CODES_HEADER
from benchfleet_contract.tasks import ClaimReply
from chalice.app import Request, Response
from pydantic import BaseModel

from chalicelib.api.forms import read_form
from chalicelib.domain import errors
from chalicelib.settings import Settings
from chalicelib.wiring import services

if TYPE_CHECKING:
    from chalicelib.domain.ports import Holder
    from chalicelib.services.keyring import Keyring

JSON = "application/json; charset=utf-8"
ANY_TYPE = ["*/*"]  # stop comes with no body and no type, old clients send forms, and some name a type for a GET
ADMIN = frozenset({"admin"})
RUNNER = frozenset({"admin", "runner"})
ANYONE = frozenset({"admin", "runner", "reader"})

STATUS: dict[type[errors.Refusal], int] = {
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.InvalidRunner: 403,
    errors.NotFound: 404,
    errors.BadRequest: 400,
    errors.TooLarge: 413,
    errors.Conflict: 409,
    errors.RunExists: 400,  # as the reference system answers
    errors.RunNotRunning: 422,
    errors.Gone: 410,
    errors.TooOften: 429,
    errors.Unavailable: 503,
}
OUR_STATUS: dict[type[errors.Refusal], int] = {errors.RunExists: 409}  # for a client that asks for our codes
_STOP_WORKING = (errors.LeaseLost, errors.TaskFinished, errors.TaskCancelled)
_log = logging.getLogger(__name__)


class Doors(Protocol):
    """What says who may come in."""

    @property
    def keyring(self) -> "Keyring": ...

    @property
    def settings(self) -> Settings: ...


def answer(
    request: Request,
    allowed: frozenset[str],
    call: Callable[[], BaseModel],
    *,
    status: int = 200,
    admit: bool = True,
    doors: Callable[[], Doors] = services,
) -> Response:
    """Checks the key before anything else, makes the call, and answers with its result or its refusal.

    `admit` false: the call checks the key itself.
    """

    def admitted() -> BaseModel:
        if admit:
            _admit(request, allowed, doors())
        return call()

    return _answered(request, admitted, status)


def answer_holder(
    request: Request, call: "Callable[[Holder], BaseModel]", *, doors: Callable[[], Doors] = services
) -> Response:
    """As `answer`, for what is said of one task: by the attempt that holds it, with its own token, or by a key."""

    return answer_task(request, (request.uri_params or {}).get("task_id", ""), call, doors=doors)


def answer_task(
    request: Request, task_id: str, call: "Callable[[Holder], BaseModel]", *, doors: Callable[[], Doors] = services
) -> Response:
    """As `answer_holder`, where the path names the task in another way."""

    def admitted() -> BaseModel:
        return call(doors().keyring.holder(request.headers.get("authorization"), RUNNER, task_id=task_id))

    return _answered(request, admitted, 200)


def answer_bearer(request: Request, *, doors: Callable[[], Doors] = services) -> Response:
    """Who asks. A key that is shown must be one, also where reading needs none."""

    def asked() -> BaseModel:
        from benchfleet_contract.identity import RIGHTS, WhoAmI  # not what a start should pay for

        shown: str = request.headers.get("authorization", "")
        if not shown.strip() and doors().settings.public_read:
            return WhoAmI(role=None, key_id=None, may=[*RIGHTS["reader"]])
        role, key_id = doors().keyring.bearer(shown)
        return WhoAmI(role=role, key_id=key_id, may=[*RIGHTS[role]])

    return _answered(request, asked, 200)


def _answered(request: Request, call: Callable[[], BaseModel], status: int) -> Response:
    try:
        return reply(call(), status)
    except errors.Refusal as refusal:
        return refused(refusal, ours=asks_for_our_codes(request))
    except Exception:
        _log.exception("%s %s failed", request.method, request.context.get("resourcePath", request.path))
        return _json({"error": "Internal error", "code": "internal_error"}, 500)


def _admit(request: Request, allowed: frozenset[str], doors: Doors) -> None:
    """Readers' routes need no key where reading is public."""
    if allowed is ANYONE and doors.settings.public_read:
        return
    doors.keyring.admit(request.headers.get("authorization"), allowed)


def body_of(request: Request) -> dict[str, Any]:
    """The document that was sent, as JSON or as a form; {} for none. Raises BadRequest, TooLarge."""
    raw: bytes = request.raw_body  # type: ignore[assignment]
    if len(raw) > MAX_BODY_BYTES:
        raise errors.TooLarge(f"The body has {len(raw)} bytes; at most {MAX_BODY_BYTES} are taken")
    if not raw.strip():
        return {}
    # curl calls everything a form that it was not told to call otherwise.
    is_form = "form-urlencoded" in request.headers.get("content-type", "").lower()
    if is_form and not raw.lstrip().startswith(b"{"):
        return read_form(raw)
    return _document(raw)


def query_of(request: Request) -> Mapping[str, str]:
    return request.query_params or {}


def reply(model: BaseModel, status: int = 200) -> Response:
    """A claim that got no task answers with what the reference system has, without our keys for a task."""
    return _json(model.model_dump(mode="json", exclude_unset=isinstance(model, ClaimReply)), status)


def asks_for_our_codes(request: Request) -> bool:
    asked: str = request.headers.get(CODES_HEADER, "")
    return asked.strip() == "1"


def refused(refusal: errors.Refusal, *, ours: bool = False) -> Response:
    document: dict[str, Any] = {"error": refusal.words, "code": refusal.code}
    if refusal.problems:
        document["problems"] = [problem.model_dump(mode="json") for problem in refusal.problems]
    if isinstance(refusal, _STOP_WORKING):
        document["cancel"] = True
    headers = {} if refusal.retry_after_s is None else {"Retry-After": str(refusal.retry_after_s)}
    return _json(document | refusal.more(), status_of(type(refusal), ours=ours), headers)


def status_of(kind: type[errors.Refusal], *, ours: bool = False) -> int:
    """The status of a kind of refusal: its own, or that of the nearest kind above it. `ours` for who asks for our codes."""
    table = STATUS | OUR_STATUS if ours else STATUS
    return next(table[base] for base in kind.__mro__ if base in table)


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw)
        # NaN, Infinity and half a surrogate pair pass `loads`, but could neither be stored nor be told again.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise errors.BadRequest(f"The body is not valid JSON: {error}", code="malformed_json") from None
    if not isinstance(document, dict):
        raise errors.BadRequest("The body must be a JSON object", code="malformed_json")
    return document


def _json(document: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps(document, separators=(",", ":"))
    return Response(body=body, status_code=status, headers={"Content-Type": JSON, **(headers or {})})
