"""Deployed REST APIs over HTTP: `/_aws/execute-api/<api id>/<stage>/…` where AWS has a host name for each API."""

import re
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as OutOfTime
from http import HTTPStatus
from typing import Any

from local_emulator.account.gateway.apis import Apis, Deployed
from local_emulator.account.gateway.events import BadAnswer, HttpRequest, HttpResponse, event_of, response_of
from local_emulator.account.gateway.routes import Route, find
from local_emulator.account.iam.policies import Question, decide, statements_of
from local_emulator.account.lambdas.functions import Functions, NoFunction
from local_emulator.config import ACCOUNT

BEGINNING = "/_aws/execute-api/"
MOST_BODY_BYTES = 10 * 1024 * 1024
INTEGRATION_S = 29.0  # API Gateway's own limit
_TARGET = re.compile(
    re.escape(BEGINNING) + r"(?P<api>[^/?]+)/(?P<stage>[^/?]+)(?P<path>[^?]*)(?:\?(?P<query>.*))?\Z", re.DOTALL
)
_FUNCTION = re.compile(r"functions/(arn:aws:lambda:[^/]+)/invocations\Z")
_VARIABLE = re.compile(r"\$context\.([\w.]+)")
# The gateway's own answers: type → status, words, error type. Those of 5XX have one text for all.
OWN = {
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "REQUEST_TOO_LARGE": (413, "Request Too Long", "RequestTooLongException"),
    "INTEGRATION_FAILURE": (502, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out", "InternalServerErrorException"),
    "API_CONFIGURATION_ERROR": (500, "Internal server error", "InternalServerErrorException"),
}


class GatewayDoor:
    def __init__(self, apis: Apis, functions: Functions, *, lock: Any) -> None:
        self._apis = apis
        self._functions = functions
        self._lock = lock
        self._waiting = ThreadPoolExecutor(max_workers=64, thread_name_prefix="integration")

    def close(self) -> None:
        self._waiting.shutdown(wait=False, cancel_futures=True)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        target = _TARGET.match(environ["RAW_URI"])
        with self._lock:
            deployed = self._apis.served(target["api"], target["stage"]) if target else None
        if deployed is None or target is None:
            response = HttpResponse(403, (("Content-Type", "application/json"),), b'{"message":"Forbidden"}')
        else:
            request = _request(environ, target["path"] or "/", target["query"] or "")
            response = self._answer(request, deployed)
        try:
            phrase = HTTPStatus(response.status).phrase
        except ValueError:
            phrase = "Unknown"
        start(f"{response.status} {phrase}", list(response.headers))
        return [response.body]

    def _answer(self, request: HttpRequest, deployed: Deployed) -> HttpResponse:
        request_id = str(uuid.uuid4())

        def own(kind: str) -> HttpResponse:
            return _own(kind, request, deployed, request_id)

        if len(request.body) > MOST_BODY_BYTES:
            return own("REQUEST_TOO_LARGE")
        route = find(deployed.document, request.method, request.path)
        if route is None:
            return own("MISSING_AUTHENTICATION_TOKEN")
        if route.integration.get("type") == "mock":
            return _mock(route)
        function = _FUNCTION.search(str(route.integration.get("uri")))
        if function is None or not self._may_invoke(function[1], request, route, deployed):
            return own("API_CONFIGURATION_ERROR")
        event = event_of(request, route, deployed, request_id=request_id)
        try:
            return self._integrate(function[1], event, request, deployed)
        except OutOfTime:
            return own("INTEGRATION_TIMEOUT")
        except (BadAnswer, NoFunction):
            return own("INTEGRATION_FAILURE")

    def _integrate(
        self, function: str, event: dict[str, Any], request: HttpRequest, deployed: Deployed
    ) -> HttpResponse:
        """Raises OutOfTime, BadAnswer, NoFunction."""
        running = self._waiting.submit(self._functions.invoke, function, event, region=deployed.region)
        done = running.result(INTEGRATION_S)
        if done.outcome.failed:
            raise BadAnswer("the function failed")
        return response_of(done.outcome.body, request, deployed)

    def _may_invoke(self, function: str, request: HttpRequest, route: Route, deployed: Deployed) -> bool:
        """The function's own policy must let this API invoke it."""
        place = f"{deployed.region}:{ACCOUNT}:{deployed.api_id}/{deployed.stage}"
        source = f"arn:aws:execute-api:{place}/{request.method}{route.resource}"
        return service_may_invoke(self._functions, function, "apigateway.amazonaws.com", source, region=deployed.region)


def service_may_invoke(functions: Functions, function: str, service: str, source: str, *, region: str) -> bool:
    """Does the function's own policy allow that this service invokes it on behalf of this source?"""
    try:
        policy = functions.policy_of(function, region)
    except NoFunction:
        return False
    arn = function if function.startswith("arn:") else f"arn:aws:lambda:{region}:{ACCOUNT}:function:{function}"
    context = {"aws:SourceArn": (source,), "aws:SourceAccount": (ACCOUNT,), "lambda:FunctionArn": (arn,)}
    question = Question("lambda:InvokeFunction", arn, context, frozenset({service}))
    return bool(policy["Statement"]) and decide(statements_of(policy), question).allowed


def _request(environ: Mapping[str, Any], path: str, query: str) -> HttpRequest:
    headers = [
        (name[5:].replace("_", "-").title(), value) for name, value in environ.items() if name.startswith("HTTP_")
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", environ["CONTENT_TYPE"]))
    return HttpRequest(
        environ["REQUEST_METHOD"], path, query, tuple(headers),
        environ["wsgi.input"].read(), str(environ.get("REMOTE_ADDR", "127.0.0.1")),
    )  # fmt: skip


def _mock(route: Route) -> HttpResponse:
    """An integration that answers by itself: Chalice makes them for CORS."""
    responses = route.integration.get("responses", {})
    given: dict[str, Any] = responses.get("default") or next(iter(responses.values()), {})
    prefix = "method.response.header."
    headers = [
        (name.removeprefix(prefix), str(value).strip("'"))
        for name, value in given.get("responseParameters", {}).items()
    ]
    return HttpResponse(int(given.get("statusCode", 200)), (("Content-Type", "application/json"), *headers), b"")


def _own(kind: str, request: HttpRequest, deployed: Deployed, request_id: str) -> HttpResponse:
    """The gateway's own answer, as the API's gateway responses say: of its type, else of its class."""
    status, words, error_type = OWN[kind]
    given: dict[str, Any] = deployed.responses.get(kind) or deployed.responses.get(f"DEFAULT_{status // 100}XX") or {}
    status = int(given.get("statusCode") or status)
    context = {
        "error.message": words, "error.messageString": f'"{words}"', "error.responseType": kind, "requestId": request_id,
        "httpMethod": request.method, "path": f"/{deployed.stage}{request.path}", "stage": deployed.stage,
        "resourcePath": request.path, "apiId": deployed.api_id, "accountId": ACCOUNT,
    }  # fmt: skip
    template = (given.get("responseTemplates") or {}).get(
        "application/json", '{"message":$context.error.messageString}'
    )
    body = _VARIABLE.sub(lambda match: context.get(match[1], ""), template)
    headers = [("Content-Type", "application/json"), ("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", error_type)]
    for name, value in (given.get("responseParameters") or {}).items():
        headers.append((name.removeprefix("gatewayresponse.header."), str(value).strip("'")))
    return HttpResponse(status, tuple(_last_of_each(headers)), body.encode())


def _last_of_each(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return list({name.lower(): (name, value) for name, value in headers}.values())
