"""One call of the API: sent, repeated where that helps, read."""

from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from benchfleet.api.calls import Call
from benchfleet.api.refusals import refusal, translated
from benchfleet.api.retries import pause_s
from benchfleet.api.session import Session, shown
from benchfleet.exceptions import ApiError, BenchfleetError, ServerError, Unreachable

Reply = TypeVar("Reply", bound=BaseModel)


async def ask(session: Session, call: Call, model: type[Reply]) -> Reply:
    """The answer as `model`. Raises what `send` raises, and ApiError for an answer that is none."""
    response = await send(session, call)
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        raise ApiError(_strange(response, model, error), status=response.status_code) from error


async def send(session: Session, call: Call) -> httpx.Response:
    """A successful answer. Raises ApiError or a leaf of it, Unreachable, UsageError."""
    number, unheard = 0, False
    while True:
        try:
            return await _once(session, call)
        except BenchfleetError as error:
            if isinstance(error, ApiError):
                error.repeated = unheard
            pause = _pause_s(session, call, error, number)
            if pause is None:
                raise
            unheard = unheard or _may_have_happened(error)
        number += 1
        await session.runtime.sleep(pause)


def _pause_s(session: Session, call: Call, error: BenchfleetError, number: int) -> float | None:
    if not (call.patient and session.repeats):
        return None
    return pause_s(error, number=number, repeatable=call.repeatable, random=session.entropy.random)


async def _once(session: Session, call: Call) -> httpx.Response:
    request = session.request(call)
    with translated(request):
        response = await session.runtime.send(request)
    if response.is_success:
        return response
    raise refusal(response, now_s=session.entropy.now())


def _may_have_happened(error: BenchfleetError) -> bool:
    return error.sent if isinstance(error, Unreachable) else isinstance(error, ServerError) and error.status != 429


def _strange(response: httpx.Response, model: type[BaseModel], error: ValidationError) -> str:
    where = shown(response.request.url)
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return f"the response of {where} is not JSON: is this the API's URL?"
    field = ".".join(map(str, first["loc"]))
    return f"the response of {where} is not a valid {model.__name__}: {field}: {first['msg']}"
