"""What EventBridge Scheduler refuses and moto takes, and its idempotency tokens, in front of moto's scheduler."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from benchfleet_contract.schedule_expressions import read_expression, read_zone

from local_emulator.http_server import WsgiApp

Reply = Callable[..., Any]


class SchedulerGate:
    """Not thread-safe by itself: the emulator's one lock is around it. `moto` answers what is let through."""

    def __init__(self, moto: WsgiApp) -> None:
        self._moto = moto
        self._made: dict[tuple[str, str], tuple[str, bytes]] = {}  # by group and name: token and answer

    def __call__(self, environ: dict[str, Any], start_response: Reply) -> Any:
        kind, _, name = environ.get("PATH_INFO", "").lstrip("/").partition("/")
        if kind != "schedules" or environ["REQUEST_METHOD"] not in ("POST", "PUT"):
            return self._moto(environ, start_response)
        body = _document(environ)
        if words := _refusal(body):
            return _error(start_response, "ValidationException", words)
        if environ["REQUEST_METHOD"] == "PUT":
            return self._moto(environ, start_response)
        return self._create(name, body, environ, start_response)

    def _create(self, name: str, body: Mapping[str, Any], environ: dict[str, Any], start_response: Reply) -> Any:
        """The same token again is the same request, and answered as before: moto would see a conflict."""
        place, token = (str(body.get("GroupName") or "default"), name), str(body.get("ClientToken") or "")
        told: list[tuple[Any, ...]] = []
        answer = b"".join(self._moto(environ, lambda *line: told.append(line)))
        status, *rest = told[-1]
        known, before = self._made.get(place, ("", b""))
        if status.startswith("2"):
            self._made[place] = (token, answer)
        elif token and known == token:
            status, rest, answer = "200 OK", [[("Content-Type", "application/json")]], before
        start_response(status, *rest)
        return [answer]


def _document(environ: dict[str, Any]) -> dict[str, Any]:
    raw = environ["wsgi.input"].read()
    environ["wsgi.input"] = io.BytesIO(raw)
    try:
        found = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        found = {}
    return found if isinstance(found, dict) else {}


def _refusal(body: Mapping[str, Any]) -> str | None:
    """In AWS's words where these are known, with ours behind."""
    expression, zone = str(body.get("ScheduleExpression", "")), body.get("ScheduleExpressionTimezone")
    try:
        read_expression(expression)
    except ValueError as error:
        return f"Invalid Schedule Expression {expression}. ({error})"
    try:
        read_zone(str(zone or "UTC"))
    except ValueError as error:
        return f"Invalid Schedule Expression Timezone {zone}. ({error})"
    window = body.get("FlexibleTimeWindow")
    if not isinstance(window, dict) or window.get("Mode") not in ("OFF", "FLEXIBLE"):
        return "FlexibleTimeWindow must have a Mode: OFF or FLEXIBLE"
    if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
        return "MaximumWindowInMinutes is required with Mode FLEXIBLE, and with no other"
    return None


def _error(start_response: Reply, code: str, words: str) -> list[bytes]:
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    start_response("400 Bad Request", headers)
    return [json.dumps({"Message": words}).encode()]
