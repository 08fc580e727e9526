"""What a response that is no stream means: the kind of failure, the provider's words, whether and when to try again."""

import json
import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from benchfleet_contract.fleets.outcomes import ErrorKind
from benchfleet_contract.http_dates import http_date
from benchfleet_contract.redaction import redacted

from runner_image.retries import LONGEST_ASKED_S
from runner_image.workloads.llm.client.answer import ProviderError

MOST_CHARS = 500
_KINDS: dict[int, ErrorKind] = {401: "authentication", 403: "authentication", 404: "not_found", 408: "timeout"}
_KINDS |= {429: "rate_limited"}
_TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|prompt is too long|context (window|size)|input token count", re.I
)
_STATUSES = {  # of errors that come inside a stream, by their word
    "rate_limit": 429, "throttl": 429, "overloaded": 529, "authentication": 401, "invalid_api_key": 401, "permission": 403,
    "not_found": 404, "invalid_request": 400, "context_length": 400,
}  # fmt: skip
_NO_MONEY = ("insufficient_quota", "billing")  # a 429 that no waiting ends
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIX_TIMES = 1e9
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def refusal(status: int, headers: Mapping[str, str], content: bytes, *, key: str | None) -> ProviderError:
    """For a response with any status but 200. Asked to wait for longer than we ever would: the test fails at once."""
    message, code = _words(content)
    wait_s = asked_wait_s(headers)
    again = _again(status, code)
    if headers.get("x-should-retry") in {"true", "false"}:
        again = headers["x-should-retry"] == "true"
    if wait_s is not None and wait_s > LONGEST_ASKED_S:
        again, message = False, f"asks to wait for {wait_s:.0f} s: {message or code}"
    if 300 <= status < 400:
        message = _elsewhere(headers)
    words = redacted(f"{status}: {message or code or 'no reason given'}", key)[:MOST_CHARS]
    return ProviderError(_kind(status, code, message), words, http_status=status, again=again, retry_after_s=wait_s)


def told(error: Any) -> ProviderError:
    """An error that came with status 200, inside a stream or in place of one. What it means is told by its own code."""
    message, code = _parts(error if isinstance(error, dict) else {"message": str(error)})
    status = int(code) if code.isascii() and code.isdecimal() and len(code) == 3 else None
    status = status or next((known for word, known in _STATUSES.items() if word in code.lower()), 500)
    return ProviderError(_kind(status, code, message), message or code or "no reason given", again=_again(status, code))


def _kind(status: int, code: str, message: str) -> ErrorKind:
    kind = _KINDS.get(status) or ("server" if status >= 500 else "invalid_request")
    if kind == "invalid_request" and _TOO_LONG.search(f"{code} {message}"):
        return "context_length"
    return kind


def _again(status: int, code: str) -> bool:
    return (status in {408, 409, 425, 429} or status >= 500) and not any(word in code for word in _NO_MONEY)


def _elsewhere(headers: Mapping[str, str]) -> str:
    """Redirects are not followed: the key, and the prompt, would go to an address that nobody has named."""
    try:
        host = urlsplit(headers.get("location", "")).netloc.rpartition("@")[2]
    except ValueError:
        host = "what is no address"
    return f"redirects to {host or 'another path'}: not followed; set base_url to the final address"


def _words(content: bytes) -> tuple[str, str]:
    """The message and the machine's word for it, whichever form the provider's errors have."""
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError):
        return content.decode(errors="replace")[:MOST_CHARS].strip(), ""
    document = document[0] if isinstance(document, list) and document else document
    return _parts(document)


def _parts(document: Any) -> tuple[str, str]:
    document = document if isinstance(document, dict) else {"message": str(document)}
    error = document.get("error", document)
    error = error if isinstance(error, dict) else {"message": error}
    message = error.get("message") or document.get("message") or document.get("detail") or ""
    code = error.get("code") or error.get("type") or error.get("status") or ""
    return str(message), str(code)


def asked_wait_s(headers: Mapping[str, str]) -> float | None:
    """How long the provider wants to be left alone: Retry-After, else the reset of a limit that is used up."""
    plain = _number(headers.get("retry-after-ms"))
    if plain is not None:
        return max(0.0, plain / 1000)
    asked = headers.get("retry-after")
    return _moment(asked) if asked is not None else used_up_s(headers)


def used_up_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until the last of the limits that have nothing left is reset; None if all have something.

    `x-ratelimit-remaining-requests` (OpenAI, Groq, Mistral and others) and `anthropic-ratelimit-requests-remaining`.
    """
    waits = [_moment(headers.get(reset)) for remaining, reset in _LIMITS if _number(headers.get(remaining)) == 0]
    known = [wait for wait in waits if wait is not None]
    return max(known) if known else None


_LIMITS = tuple(
    names
    for what in ("requests", "tokens")
    for names in (
        (f"x-ratelimit-remaining-{what}", f"x-ratelimit-reset-{what}"),
        (f"anthropic-ratelimit-{what}-remaining", f"anthropic-ratelimit-{what}-reset"),
    )
)


def _moment(text: str | None) -> float | None:
    """Seconds from now: a number, a span (`6m0s`, `120ms`), an HTTP date, RFC 3339 or Unix time."""
    if text is None:
        return None
    seconds = _number(text)
    if seconds is not None:
        now = time.time() if seconds > _UNIX_TIMES else 0.0
        return max(0.0, seconds - now)
    if _SPAN.sub("", text.strip()) == "":
        return sum(float(value) * _UNITS[unit] for value, unit in _SPAN.findall(text))
    moment = http_date(text) or _rfc3339(text)
    return None if moment is None else max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _rfc3339(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    return value if value is not None and math.isfinite(value) else None
