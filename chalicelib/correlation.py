"""Which request or event is being served. Its names stand in every log line, and its id in every message to a queue.

Held by the context of the call, so that requests on several threads of the emulator do not mix.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from benchfleet_contract.names import correlation_of

MESSAGE_FIELD = "correlation_id"
_serving: ContextVar[Mapping[str, str]] = ContextVar("serving", default={})  # noqa: B039 - it is never written to


@contextmanager
def serving(**names: str | None) -> Iterator[None]:
    """Until the end of the block, these names are known beside those that were; None says nothing."""
    token = _serving.set({**_serving.get(), **{name: value for name, value in names.items() if value}})
    try:
        yield
    finally:
        _serving.reset(token)


def served() -> Mapping[str, str]:
    return _serving.get()


def stamped(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message with the id of what is being served, so that whoever takes it goes on under that id."""
    correlation_id = served().get("correlation_id")
    return {**message, MESSAGE_FIELD: correlation_id} if correlation_id else dict(message)


def continued(message: Mapping[str, Any]) -> dict[str, str | None]:
    """The names that a message brings. A queue holds what this or an older version has put there: nothing else is taken."""
    named = {name: message.get(name) for name in ("run_id", "schedule")}
    texts = {name: value if isinstance(value, str) else None for name, value in named.items()}
    return {"correlation_id": correlation_of(message.get(MESSAGE_FIELD)), **texts}
