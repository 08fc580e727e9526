"""The emulated AWS as one WSGI app: who may ask, S3's own checks, then moto behind one lock."""

import io
import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_emulator.http_server import WsgiApp
from local_emulator.parameters import ParameterStore
from local_emulator.s3_gate import Refused, Request, check_presigned, is_presigned

MOTO_SERVICES = frozenset({"s3", "dynamodb", "sqs", "scheduler"})
READ_VERBS = ("Get", "Query", "Scan", "Describe", "List", "BatchGet")


class AwsEndpoint:
    """S3, DynamoDB and its streams, SQS, EventBridge Scheduler and SSM parameters, one request at a time.

    `lock` is held around each request and nothing else: bodies are read before and answers sent after it. `changes`
    counts the requests that may have changed something, so that a snapshot knows whether there is anything new.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        region: str,
        parameters: ParameterStore,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        moto: WsgiApp | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.changes = 0
        self._credentials = credentials
        self._region = region
        self._clock = clock
        self._moto = moto or DomainDispatcherApplication(create_backend_app)
        self._parameters = parameters

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        try:
            service = self._admit(environ)
        except Refused as refusal:
            return _answer_refusal(refusal, environ, start_response)
        if service == "sqs":
            _no_long_poll(environ)
        app = self._parameters if service == "ssm" else self._moto
        with self.lock:
            self.changes += not _only_reads(environ)
            chunks = app(environ, start_response)
            try:
                return [b"".join(chunks)]
            finally:
                getattr(chunks, "close", lambda: None)()

    def _admit(self, environ: dict[str, Any]) -> str:
        """The service that a request is for. Raises Refused."""
        target = environ["RAW_URI"]
        if target.startswith("/moto-api"):
            raise Refused("AccessDenied", "Access Denied")
        if environ.get("HTTP_AUTHORIZATION", "").startswith("AWS4-HMAC-SHA256 "):
            return self._admit_signed(environ["HTTP_AUTHORIZATION"])
        if is_presigned(target):
            request = Request(environ["REQUEST_METHOD"], target, _headers(environ), environ["wsgi.input"])
            check_presigned(request, credentials=self._credentials, region=self._region, now=self._clock())
            return "s3"
        if "Signature=" in target and "AWSAccessKeyId=" in target:
            message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
            raise Refused("InvalidRequest", message, status=400)
        raise Refused("AccessDenied", "Access Denied")

    def _admit_signed(self, authorization: str) -> str:
        """Checks whose access key it is; a header's signature itself is not recomputed (docs/emulator.md)."""
        scope = authorization.partition("Credential=")[2].partition(",")[0].split("/")
        if len(scope) != 5 or scope[0] != self._credentials.access_key:
            raise Refused("InvalidAccessKeyId", "The access key is not this emulator's.")
        if scope[3] not in MOTO_SERVICES and scope[3] != "ssm":
            raise Refused("NotImplemented", f"the emulator has no {scope[3]}", status=501)
        return scope[3]


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    found = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        found["content-type"] = environ["CONTENT_TYPE"]
    return found | {"content-length": environ.get("CONTENT_LENGTH", "0")}


def _only_reads(environ: Mapping[str, Any]) -> bool:
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    return operation.startswith(READ_VERBS) if operation else environ["REQUEST_METHOD"] in ("GET", "HEAD")


def _no_long_poll(environ: dict[str, Any]) -> None:
    """moto waits for messages while it holds its caller, and here that would be the lock of everybody."""
    if environ.get("HTTP_X_AMZ_TARGET", "").endswith(".ReceiveMessage"):
        body = json.dumps(json.load(environ["wsgi.input"]) | {"WaitTimeSeconds": 0}).encode()
        environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})


def _answer_refusal(refusal: Refused, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """XML as S3 does, or JSON where the request speaks JSON."""
    status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
    if "HTTP_X_AMZ_TARGET" in environ:
        start_response(status, [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps({"__type": refusal.code, "message": refusal.message}).encode()]
    start_response(status, [("Content-Type", "application/xml")])
    return [refusal.xml()]
