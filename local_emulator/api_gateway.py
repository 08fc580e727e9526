"""API Gateway in front of the Chalice app, as a WSGI app."""

import base64
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import LocalGateway, LocalGatewayException

from local_emulator.routing import Routes

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's own limit
_THREAD = threading.local()


def one_request_a_thread(app: Chalice) -> None:
    """Make `current_request` and `lambda_context` the calling thread's own.

    A Lambda has one request at a time, so Chalice keeps them on the app object; here many threads share that object.
    """
    if not isinstance(app, _PerThread):
        app.__class__ = type("PerThreadChalice", (_PerThread, app.__class__), {})


class ApiGateway:
    """Answers with what Lambda's proxy integration makes of the app's reply. 404 for a path or a verb with no route."""

    def __init__(self, app: Chalice) -> None:
        one_request_a_thread(app)
        self._gateway = LocalGateway(app, Config.create())
        self._routes = Routes(app)

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        # An empty body is None as on AWS: Chalice then parses none, whatever the content type says.
        body = environ["wsgi.input"].read() or None
        method, uri = environ["REQUEST_METHOD"], environ["RAW_URI"]
        try:
            reply = self._routes.refusal(method, uri) or self._gateway.handle_request(
                method, uri, _headers(environ), body
            )
        except LocalGatewayException as refusal:
            reply = {"statusCode": refusal.CODE, "headers": refusal.headers, "body": refusal.body}
        start_response(_status(reply["statusCode"]), _reply_headers(reply))
        return [_body(reply)]


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    found = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        found["content-type"] = environ["CONTENT_TYPE"]
    return found | {"content-length": environ["CONTENT_LENGTH"]}


def _status(code: int) -> str:
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"{code} Unknown"


def _reply_headers(reply: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = [(name, str(value)) for name, value in reply["headers"].items()]
    for name, values in reply.get("multiValueHeaders", {}).items():
        pairs += [(name, str(value)) for value in values]
    if not any(name.lower() == "content-type" for name, _ in pairs):
        pairs.append(("Content-Type", "application/json"))
    return pairs


def _body(reply: Mapping[str, Any]) -> bytes:
    body = reply["body"] or b""
    if reply.get("isBase64Encoded"):
        return base64.b64decode(body)
    return body if isinstance(body, bytes) else str(body).encode()


class _PerThread(Chalice):
    @property
    def current_request(self) -> Any:
        return getattr(_THREAD, "request", None)

    @current_request.setter
    def current_request(self, value: Any) -> None:
        _THREAD.request = value

    @property
    def lambda_context(self) -> Any:
        return getattr(_THREAD, "context", None)

    @lambda_context.setter
    def lambda_context(self, value: Any) -> None:
        _THREAD.context = value
