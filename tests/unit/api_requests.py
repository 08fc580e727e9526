"""Requests as API Gateway hands them to Chalice, and what was answered."""

import json
from collections.abc import Mapping
from typing import Any

from chalice.app import Request, Response


def asked(
    body: bytes | None = None,
    *,
    key: str | None = None,
    task_id: str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, list[str]] | None = None,
) -> Request:
    """A request as API Gateway hands it on; `key` is the whole header."""
    named = {"pathParameters": {"task_id": task_id} if task_id else None, "multiValueQueryStringParameters": query}
    sent = {**(headers or {}), **({"Authorization": key} if key else {})}
    context = {"httpMethod": "POST", "resourcePath": "/runs/{run_id}"}
    return Request({**named, "headers": sent, "requestContext": context, "body": body, "stageVariables": None})


def told(response: Response) -> tuple[int, Any]:
    return response.status_code, json.loads(response.body)
