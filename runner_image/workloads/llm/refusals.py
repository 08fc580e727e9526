"""What a response that is no stream means: the kind of failure, the provider's words, whether and when to try again."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from benchfleet_contract.fleets.outcomes import ErrorKind
from benchfleet_contract.http_dates import http_date
from benchfleet_contract.redaction import redacted

from runner_image.workloads.llm.client.answer import ProviderError

MOST_CHARS = 500
_KINDS: dict[int, ErrorKind] = {401: "authentication", 403: "authentication", 404: "not_found", 408: "timeout"}
_KINDS |= {429: "rate_limited"}
_TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|prompt is too long|context (window|size)|input token count", re.I
)
_NO_MONEY = ("insufficient_quota", "billing")  # a 429 that no waiting ends
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def refusal(status: int, headers: Mapping[str, str], content: bytes, *, key: str | None) -> ProviderError:
    """For a response with any status but 200."""
    message, code = _words(content)
    kind = _KINDS.get(status) or ("server" if status >= 500 else "invalid_request")
    if kind == "invalid_request" and _TOO_LONG.search(f"{code} {message}"):
        kind = "context_length"
    again = status in {408, 409, 425, 429} or status >= 500
    if any(word in code for word in _NO_MONEY) or headers.get("x-should-retry") == "false":
        again = False
    return ProviderError(
        kind,
        redacted(f"{status}: {message or code or 'no reason given'}", key)[:MOST_CHARS],
        http_status=status,
        again=again or headers.get("x-should-retry") == "true",
        retry_after_s=asked_wait_s(headers),
    )


def _words(content: bytes) -> tuple[str, str]:
    """The message and the machine's word for it, whichever form the provider's errors have."""
    try:
        document: Any = json.loads(content)
    except ValueError:
        return content.decode(errors="replace")[:MOST_CHARS].strip(), ""
    document = document[0] if isinstance(document, list) and document else document
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
        return plain / 1000
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
    """Seconds from now: a number, a span (`6m0s`, `120ms`), an HTTP date or RFC 3339."""
    if text is None:
        return None
    seconds = _number(text)
    if seconds is not None:
        return max(0.0, seconds)
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
