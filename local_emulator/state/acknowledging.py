"""Nothing is acknowledged that cannot be kept: what a request is told while the state folder cannot be written."""

import json
from collections.abc import Callable
from typing import Any

from local_emulator.errors import StateNotKept

RETRY_AFTER_S = 5  # as often as a snapshot is tried
STATUS = "503 Service Unavailable"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

WsgiApp = Any
Trouble = Callable[[], StateNotKept | None]  # why the last snapshot failed; None once one has succeeded


class Acknowledging:
    """In front of the API. `/up`, and requests that may change something, get a 503 while there is trouble.

    Also those that were being worked on when it began: they may have had their effect, and nobody is promised it.
    """

    def __init__(self, app: WsgiApp, trouble: Trouble) -> None:
        self._app = app
        self._trouble = trouble

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        reading = environ["REQUEST_METHOD"] in _READING
        trouble = self._trouble()
        if trouble and (not reading or environ["PATH_INFO"].rstrip("/") == "/up"):
            return _refuse(trouble, start_response)
        told: list[Any] = []
        body: list[bytes] = self._app(environ, lambda *head: told.extend(head))
        trouble = self._trouble()
        if trouble and (not reading or told[0].startswith("5")):  # a view that reads may still write a little
            return _refuse(trouble, start_response)
        start_response(*told)
        return body


def _refuse(trouble: StateNotKept, start_response: Callable[..., Any]) -> list[bytes]:
    """In the API's own shape."""
    problem = {
        "field": "--state",
        "value": str(trouble.folder),
        "message": trouble.reason,
        "remedy": trouble.remedy,
    }
    document = {"error": str(trouble), "code": "state_not_kept", "problems": [problem]}
    headers = [("Content-Type", "application/json; charset=utf-8"), ("Retry-After", str(RETRY_AFTER_S))]
    start_response(STATUS, headers)
    return [json.dumps(document).encode()]
