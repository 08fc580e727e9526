"""Between HTTP and a function: the proxy event of a request, and the response that a function's answer means.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl

from local_emulator.account.gateway.apis import Deployed
from local_emulator.account.gateway.routes import Route
from local_emulator.config import ACCOUNT


@dataclass(frozen=True)
class HttpRequest:
    """`path` is behind the stage and undecoded; `headers` keep their case."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class BadAnswer(Exception):
    """A function's answer is not what the gateway takes: it says 502."""


def binary_types(deployed: Deployed) -> list[str]:
    found: list[str] = deployed.document.get("x-amazon-apigateway-binary-media-types", [])
    return found


def is_binary(content_type: str, kinds: Iterable[str]) -> bool:
    plain = content_type.split(",")[0].split(";")[0].strip().lower()
    return bool(plain) and any(fnmatchcase(plain, kind.lower()) for kind in kinds)


def event_of(request: HttpRequest, route: Route, deployed: Deployed, *, request_id: str) -> dict[str, Any]:
    headers, many = _single_and_many(request.headers)
    query, many_queries = _single_and_many(parse_qsl(request.query, keep_blank_values=True))
    encoded = is_binary(request.header("content-type"), binary_types(deployed))
    body = base64.b64encode(request.body).decode() if encoded else request.body.decode(errors="replace")
    return {
        "resource": route.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": headers or None,
        "multiValueHeaders": many or None,
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": many_queries or None,
        "pathParameters": route.path_parameters or None,
        "stageVariables": None,
        "requestContext": _context(request, route, deployed, request_id=request_id),
        "body": body if request.body else None,
        "isBase64Encoded": bool(encoded and request.body),
    }


def _context(request: HttpRequest, route: Route, deployed: Deployed, *, request_id: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "resourceId": uuid.uuid5(uuid.NAMESPACE_URL, route.resource).hex[:6],
        "resourcePath": route.resource,
        "httpMethod": request.method,
        "extendedRequestId": request_id,
        "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "path": f"/{deployed.stage}{request.path}",
        "accountId": ACCOUNT,
        "protocol": "HTTP/1.1",
        "stage": deployed.stage,
        "domainPrefix": deployed.api_id,
        "requestTimeEpoch": int(time.time() * 1000),
        "requestId": request_id,
        "identity": {"sourceIp": request.source_ip, "userAgent": request.header("user-agent") or None},
        "domainName": f"{deployed.api_id}.execute-api.{deployed.region}.amazonaws.com",
        "apiId": deployed.api_id,
    }


def _single_and_many(pairs: Iterable[tuple[str, str]]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The last value of each name, and all of them."""
    many: dict[str, list[str]] = {}
    for name, value in pairs:
        many.setdefault(name, []).append(value)
    return {name: values[-1] for name, values in many.items()}, many


@dataclass(frozen=True)
class HttpResponse:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def response_of(answer: bytes, request: HttpRequest, deployed: Deployed) -> HttpResponse:
    """Raises BadAnswer."""
    try:
        told = json.loads(answer)
        status = int(told["statusCode"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadAnswer("Malformed Lambda proxy response") from error
    unknown = set(told) - {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "cookies"}
    body = told.get("body")
    if unknown or not isinstance(body, str | type(None)):
        raise BadAnswer("Malformed Lambda proxy response")
    data = (body or "").encode()
    if told.get("isBase64Encoded") and is_binary(request.header("accept"), binary_types(deployed)):
        data = base64.b64decode(data)
    headers = list(_header_pairs(told))
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return HttpResponse(status, tuple(headers), data)


def _header_pairs(told: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, value in (told.get("headers") or {}).items():
        yield name, _header_text(value)
    for name, values in (told.get("multiValueHeaders") or {}).items():
        for value in values:
            yield name, _header_text(value)


def _header_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
