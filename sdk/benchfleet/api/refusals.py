"""What an answer, or the lack of one, becomes: *the* table from HTTP and httpx to our errors."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from benchfleet_contract.problems import Problem
from benchfleet_contract.redaction import redacted
from pydantic import TypeAdapter, ValidationError

from benchfleet.api.retries import retry_after_s
from benchfleet.api.session import shown
from benchfleet.exceptions import (
    ApiError,
    AuthError,
    BenchfleetError,
    Conflict,
    InvalidRequest,
    NotFound,
    ServerError,
    Unreachable,
    UsageError,
)

BY_STATUS: Mapping[int, type[ApiError]] = {
    400: InvalidRequest,
    401: AuthError,
    403: AuthError,
    404: NotFound,
    410: NotFound,
    409: Conflict,
    413: InvalidRequest,
    415: InvalidRequest,
    422: InvalidRequest,
    429: ServerError,
}
BY_CODE: Mapping[str, type[ApiError]] = {  # where the status says too little
    "run_not_running": Conflict,
    "run_exists": Conflict,  # 400 where a proxy dropped the header that asks for our codes
}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNUSABLE = (httpx.InvalidURL, httpx.UnsupportedProtocol)
_NO_ANSWER = (httpx.HTTPError, httpx.StreamError, httpx.CookieConflict)
_MISSING = {
    "run_not_found": "run",
    "Run not found": "run",
    "task_not_found": "task",
    "Task not found": "task",
    "schedule_not_found": "schedule",
    "executor_not_found": "executor",
}
_ASKED_FOR = re.compile(r"/(runs|tasks|schedules|executors)/([^/]+)(/[a-z-]+)?\Z")
_NUMBER = re.compile(r"\[Errno -?\d+\] (.)")
_PROBLEMS = TypeAdapter(list[Problem])


@contextmanager
def translated(request: httpx.Request) -> Iterator[None]:
    """Turns whatever httpx raises into one of our errors, without the URL's query."""
    try:
        yield
    except (*_NO_ANSWER, *_UNUSABLE) as error:
        raise no_answer(error, where=shown(request.url), key=_key(request)) from error


def no_answer(error: Exception, *, where: str, key: str | None = None) -> BenchfleetError:
    """Our error for one of httpx."""
    words = redacted(plain(error), key)
    if isinstance(error, _UNUSABLE):
        return UsageError(f"{where} cannot be called: {words}; is the API's URL right?")
    return Unreachable(f"no answer from {where}: {words}", sent=not isinstance(error, _NEVER_SENT))


def plain(error: Exception) -> str:
    """Its words without the system's number: `connection refused`."""
    return _NUMBER.sub(lambda found: found[1].lower(), str(error)) or type(error).__name__


def refusal(response: httpx.Response, *, now_s: float) -> ApiError:
    """Keeps the server's words, but names a run or task that does not exist; without any, says the status and where.

    Whatever the server says, the key that it was sent is not in it any more: a gateway repeats the header that it
    refuses.
    """
    document = _clean(_document(response), _key(response.request))
    if response.status_code == 403 and not document.get("error") and "authorization" in str(document).lower():
        return ApiError(_no_route(response), status=403, code="no_such_route")
    if document.get("code") == "no_such_route":
        return ApiError(_no_route(response), status=response.status_code, code="no_such_route")
    words, status, code = _words(document, response), response.status_code, _code(document)
    kind = BY_CODE.get(code) or BY_STATUS.get(status) or (ServerError if status >= 500 else ApiError)
    if issubclass(kind, ServerError):
        asked_s = retry_after_s(response.headers.get("Retry-After", ""), now_s=now_s)
        return ServerError(words, status=status, code=code, retry_after_s=asked_s)
    if issubclass(kind, InvalidRequest):
        return InvalidRequest(words, status=status, code=code, problems=_problems(document))
    if issubclass(kind, NotFound):
        words = _not_there(response.request.url.path, _MISSING.get(code or words)) or words
    return kind(words, status=status, code=code)


def _key(request: httpx.Request) -> str | None:
    return request.headers.get("Authorization", "").partition(" ")[2] or None


def _clean(value: Any, key: str | None) -> Any:
    """The same with redacted texts, names of fields included."""
    if isinstance(value, str):
        return redacted(value, key)
    if isinstance(value, list):
        return [_clean(each, key) for each in value]
    if isinstance(value, dict):
        return {redacted(name, key): _clean(each, key) for name, each in value.items()}
    return value


def _no_route(response: httpx.Response) -> str:
    """A path that nobody knows. AWS's gateway, unless told otherwise, refuses it as 403 in words of its own."""
    where = shown(response.request.url)
    known = "" if response.status_code == 404 else ", and not in this API's words"
    return f"{where} answered HTTP {response.status_code}{known}: no such route; is the stage missing in the URL?"


def _not_there(path: str, what: str | None) -> str | None:
    """A task's path names its run, too. None for a path that names neither."""
    asked = _ASKED_FOR.search(path)
    if not what or not asked:
        return None
    named = asked[2].rpartition(".")[0] if (asked[1], what) == ("tasks", "run") else asked[2]
    return f"{what} {named} does not exist"


def _document(response: httpx.Response) -> Mapping[str, Any]:
    """An answer that was opened, but not read, has no document."""
    try:
        document = response.json()
    except (ValueError, httpx.StreamError):
        return {}
    return document if isinstance(document, dict) else {}


def _code(document: Mapping[str, Any]) -> str:
    """The word for programs: the registry's `code` is a number, and the word beside it is `name`."""
    return str(document.get("name") if isinstance(document.get("code"), int) else document.get("code") or "")


def _words(document: Mapping[str, Any], response: httpx.Response) -> str:
    """`message` is how an API Gateway refuses by itself."""
    said = document.get("error") or document.get("message") or document.get("Message")
    if isinstance(said, list):
        return "; ".join(map(str, said))
    if said:
        return str(said)
    hint = ": is the API's URL right?" if 300 <= response.status_code < 500 else ""
    return f"{shown(response.request.url)} answered HTTP {response.status_code}{hint}"


def _problems(document: Mapping[str, Any]) -> list[Problem]:
    try:
        return _PROBLEMS.validate_python(document.get("problems") or [])
    except ValidationError:
        return []
