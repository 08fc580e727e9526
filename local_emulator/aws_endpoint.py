"""The emulated AWS as one WSGI app: who may ask, S3's own checks, then a service behind one lock."""

import io
import json
import posixpath
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_emulator.dynamodb.faults import Fault
from local_emulator.dynamodb.service import DynamoDb
from local_emulator.http_server import WsgiApp
from local_emulator.parameters import ParameterStore
from local_emulator.s3_gate import Refused, Request, check_presigned, check_presigned_head, is_presigned
from local_emulator.scheduler_gate import SchedulerGate
from local_emulator.signed_headers import ALGORITHM, Claim, check_signed, check_signed_head, headers_of, scheme_of
from local_emulator.state.acknowledging import RETRY_AFTER_S, Trouble

MOTO_SERVICES = frozenset({"s3", "sqs", "scheduler", "sns"})
S3_HOST = "s3.us-east-1.amazonaws.com"  # by which moto knows it, in whatever region
_MOST_ENCODINGS = 8
UNPROVEN_BYTES = 16 * 1024 * 1024  # as large as DynamoDB's largest request, which is signed with its body
PROVEN_BYTES = 5 * 1024 * 1024 * 1024  # of one S3 object
SERVICE = "benchfleet.service"  # in the environ: what a request was admitted for
READ_VERBS = ("Get", "Query", "Scan", "Describe", "List", "BatchGet")


class AwsEndpoint:
    """S3, DynamoDB and its streams, SQS, EventBridge Scheduler and SSM parameters, one request at a time.

    `lock` is held around each request and nothing else: bodies are read before and answers sent after it. `changes`
    counts the requests that may have changed something, so that a snapshot knows whether there is anything new.
    `on_request` is told of each of these but those of DynamoDB: its service and, where it has a name, its operation.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        region: str,
        parameters: ParameterStore,
        dynamodb: DynamoDb,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        moto: WsgiApp | None = None,
        trouble: Trouble = lambda: None,
    ) -> None:
        self.lock = threading.RLock()
        self.changes = 0
        self.on_request: Callable[[str, str], None] = lambda service, operation: None
        self._credentials = credentials
        self._region = region
        self._clock = clock
        self._trouble = trouble
        self._moto = moto or Dispatcher()
        self._dynamodb = dynamodb
        self._apps: dict[str, WsgiApp] = {
            "ssm": parameters,
            "dynamodb": dynamodb,
            "scheduler": SchedulerGate(self._moto),
        }
        self._doors: dict[str, WsgiApp] = {}
        self._before: Callable[[str, Mapping[str, Any]], None] = lambda service, environ: None

    @property
    def moto(self) -> WsgiApp:
        """As it is, for who adds something to it. Under the lock."""
        return self._moto

    def add(
        self,
        apps: Mapping[str, WsgiApp],
        *,
        before: Callable[[str, Mapping[str, Any]], None] | None = None,
        doors: Mapping[str, WsgiApp] | None = None,
    ) -> None:
        """More services. `before` is called with each request that is let in, before the lock is taken. `doors` are
        paths' first parts, for apps that see to themselves who may ask."""
        self._apps.update(apps)
        self._doors.update(doors or {})
        self._before = before or self._before

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if self._doors and (door := self._doors.get(environ["PATH_INFO"].split("/")[1])):
            return door(environ, start_response)
        try:
            service = self._admit(environ)
        except Refused as refusal:
            return _answer_refusal(refusal, environ, start_response)
        return self.ask_trusted(service, environ, start_response)

    def ask_trusted(self, service: str, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """The same for whoever is known to be let in, such as the Lambdas in this process."""
        try:
            require_plain_body(environ)
            if service == "sqs":
                no_long_poll(environ)
        except Refused as refusal:
            return _answer_refusal(refusal, environ, start_response)
        environ[SERVICE] = service
        self._before(service, environ)
        with self.lock:
            if (trouble := self._trouble()) and not _only_reads(environ):
                unkept = Refused("ServiceUnavailable", str(trouble), status=503)
                return _answer_refusal(unkept, environ, start_response)
            return self._ask(self._apps.get(service, self._moto), environ, start_response)

    def ask_dynamodb(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """A request of this process, as on the wire: nobody's signature is asked for. Raises Fault."""
        reads = operation.startswith(READ_VERBS)
        with self.lock:
            if not reads and (trouble := self._trouble()):
                raise Fault("ServiceUnavailable", str(trouble), status=503)
            self.changes += not reads
            return self._dynamodb.ask(operation, request)

    def most_bytes(self, environ: Mapping[str, Any]) -> int:
        """How large this request's body may be: nobody fills the disk before it is known who he is."""
        length = environ.get("CONTENT_LENGTH", "")
        if length.isdecimal() and len(length) < len(str(UNPROVEN_BYTES)):
            return UNPROVEN_BYTES
        try:
            self._check_head(_request(environ))
        except Refused:
            return UNPROVEN_BYTES
        return PROVEN_BYTES

    def _check_head(self, request: Request) -> None:
        """Raises Refused unless the head alone, the body's digest in it, proves who asks."""
        how: dict[str, Any] = {"credentials": self._credentials, "now": self._clock()}
        if is_presigned(request.target):
            check_presigned_head(request, region=self._region, **how)
        else:
            claim = Claim.read(request.headers.get("authorization", ""))
            check_signed_head(request, claim, payload=request.headers.get("x-amz-content-sha256", ""), **how)

    def _ask(self, app: WsgiApp, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        changes = not _only_reads(environ)
        self.changes += changes
        chunks = app(environ, start_response)
        try:
            return [b"".join(chunks)]
        finally:
            getattr(chunks, "close", lambda: None)()
            if changes:
                self.on_request(environ[SERVICE], environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2])

    def _admit(self, environ: dict[str, Any]) -> str:
        """The service that a request is for. Raises Refused."""
        target = environ["RAW_URI"]
        if is_motos_own(target):
            raise Refused("AccessDenied", "Access Denied")
        request = _request(environ)
        authorization = request.headers.get("authorization", "")
        if authorization and is_presigned(target):
            message = "Only one auth mechanism allowed: the query's X-Amz-Signature or the Authorization header."
            raise Refused("InvalidArgument", message, status=400)
        if scheme_of(authorization) == ALGORITHM:
            return self._admit_signed(request)
        if is_presigned(target):
            check_presigned(request, credentials=self._credentials, region=self._region, now=self._clock())
            return "s3"
        if "Signature=" in target and "AWSAccessKeyId=" in target:
            message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
            raise Refused("InvalidRequest", message, status=400)
        raise Refused("AccessDenied", "Access Denied")

    def _admit_signed(self, request: Request) -> str:
        claim = Claim.read(request.headers["authorization"])
        check_signed(request, claim, credentials=self._credentials, now=self._clock())
        if claim.service not in MOTO_SERVICES and claim.service not in self._apps:
            raise Refused("NotImplemented", f"the emulator has no {claim.service}", status=501)
        return claim.service


class Dispatcher(DomainDispatcherApplication):
    """A request goes where it was admitted to: a presigned one is S3's, whatever its body or type look like.

    moto finds the app of a request anew each time, in a list of its folders and 150 patterns; here it is known.
    """

    def __init__(self) -> None:
        super().__init__(_create_app)
        self._known: dict[str, Any] = {}

    def get_application(self, environ: dict[str, Any]) -> Any:
        service = environ[SERVICE]
        if service == "s3":
            self.infer_service_region_host(environ, environ["PATH_INFO"])
        if service not in self._known:
            # Not by the path: `/latest/meta-data/` and others are doors of moto's own, whoever asks and for what.
            self._known[service] = super().get_application(environ | {"PATH_INFO": "/"})
        return self._known[service]

    def infer_service_region_host(self, environ: dict[str, Any], path: str) -> str | None:
        if environ[SERVICE] == "s3":
            # The gate has checked the signature. moto would check once more, and refuse what is presigned with
            # `response-content-disposition` and is not there: 403 for S3's 404.
            if credential := parse_qs(environ.get("QUERY_STRING", "")).get("X-Amz-Credential"):
                environ["HTTP_AUTHORIZATION"] = f"{ALGORITHM} Credential={credential[0]}"
            return S3_HOST
        return super().infer_service_region_host(environ, path)


def _create_app(service: Any) -> Any:
    """moto's, without what Flask keeps of each request to explain a mistake. Errors are still the server's to tell."""
    app = create_backend_app(service)
    app.config["PROPAGATE_EXCEPTIONS"], app.debug = True, False
    return app


def _request(environ: Mapping[str, Any]) -> Request:
    return Request(environ["REQUEST_METHOD"], environ["RAW_URI"], headers_of(environ), environ["wsgi.input"])


def is_motos_own(target: str) -> bool:
    """Is it a path of moto's own doors, however it is written? Decoded as often as anybody may decode it."""
    path = target.partition("?")[0]
    for _ in range(_MOST_ENCODINGS):
        if (decoded := unquote(path)) == path:
            break
        path = decoded
    return posixpath.normpath("/" + path.replace("\\", "/").lstrip("/")).lower().startswith("/moto-api")


def require_plain_body(environ: Mapping[str, Any]) -> None:
    """Raises Refused."""
    if "aws-chunked" in environ.get("HTTP_CONTENT_ENCODING", "").lower():  # moto would keep another body
        raise Refused("NotImplemented", "The emulator takes no aws-chunked bodies.", status=501)


def _only_reads(environ: Mapping[str, Any]) -> bool:
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    return operation.startswith(READ_VERBS) if operation else environ["REQUEST_METHOD"] in ("GET", "HEAD")


def no_long_poll(environ: dict[str, Any]) -> None:
    """moto waits for messages while it holds its caller, and here that would be the lock of everybody."""
    if environ.get("HTTP_X_AMZ_TARGET", "").endswith(".ReceiveMessage"):
        body = json.dumps(json_object(environ["wsgi.input"].read()) | {"WaitTimeSeconds": 0}).encode()
        environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})


def json_object(text: bytes) -> dict[str, Any]:
    """Raises Refused."""
    try:
        found = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused("SerializationException", "The body is no JSON object.", status=400)
    return found


def _answer_refusal(refusal: Refused, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """XML as S3 does, or JSON where the request speaks JSON."""
    status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
    more = [("Retry-After", str(RETRY_AFTER_S))] if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE else []
    if "HTTP_X_AMZ_TARGET" in environ:
        start_response(status, [("Content-Type", "application/x-amz-json-1.0"), *more])
        return [json.dumps({"__type": refusal.code, "message": refusal.message}).encode()]
    start_response(status, [("Content-Type", "application/xml"), *more])
    return [refusal.xml()]
