"""What stands around every call of a function: the names that its log lines carry, and the numbers that it leaves behind."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from benchfleet_contract.names import CORRELATION_HEADER, correlation_of, split_task_id
from chalice.app import Request, Response

from chalicelib.correlation import serving
from chalicelib.wiring import services

_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OFTEN = (
    "/tasks/",
    "/claim",
    "/heartbeat",
    "/launches/",
    "/query",
    "/select",
)  # a line for each would cost more than the request
_log = logging.getLogger(__name__)


def watched(event: Any, get_response: Callable[[Any], Any]) -> Any:
    """Middleware of Chalice, for all functions."""
    request_id = getattr(_lambda_context(event), "aws_request_id", None)
    if isinstance(event, Request):
        return _watched_request(event, get_response, request_id)
    with serving(correlation_id=request_id, request_id=request_id):
        return _measured(event, get_response)


def _watched_request(request: Request, get_response: Callable[[Any], Any], request_id: str | None) -> Any:
    asked = correlation_of(request.headers.get(CORRELATION_HEADER))
    correlation_id = asked or correlation_of(request.context.get("requestId")) or request_id
    with serving(correlation_id=correlation_id, request_id=request_id, run_id=_run_id(request.uri_params or {})):
        response = _measured(request, get_response)
        if isinstance(response, Response):
            if correlation_id:
                response.headers[CORRELATION_HEADER] = correlation_id
            _note(request, response)
    return response


def _note(request: Request, response: Response) -> None:
    """What changes runs, schedules or executors has a line, with the route and never with what was sent."""
    route = str(request.context.get("resourcePath", ""))
    if request.method in _CHANGES and not any(part in route for part in _OFTEN):
        _log.info("%s %s: %d", request.method, route, response.status_code)


def _measured(event: Any, get_response: Callable[[Any], Any]) -> Any:
    try:
        return get_response(event)
    finally:
        if services.cache_info().currsize and "meter" in vars(services()):  # else nothing has been counted
            from chalicelib.metrics import tell_metrics

            tell_metrics(services())


def _run_id(named: Mapping[str, str]) -> str | None:
    if "task_id" in named:
        found = split_task_id(named["task_id"])
        return found[0] if found else None
    return named.get("run_id")


def _lambda_context(event: Any) -> Any:
    return event.lambda_context if isinstance(event, Request) else getattr(event, "context", None)
