"""The account's AWS as one WSGI app: who asks, whether he may, then the service, one request at a time."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from botocore.credentials import Credentials

from local_emulator.account.answers import DENIED, answer, answer_error
from local_emulator.account.iam.authority import Authority, Denied
from local_emulator.account.iam.conditions import PolicyNotUnderstood
from local_emulator.account.iam.data_needs import keys_of_deletion
from local_emulator.account.iam.identities import Caller, Identities, KeyUnknown
from local_emulator.account.iam.needs import NeedsUnknown
from local_emulator.account.iam.requests import ApiRequest, read_request
from local_emulator.aws_endpoint import SERVICE, Dispatcher, is_motos_own, no_long_poll, require_plain_body
from local_emulator.config import ACCOUNT
from local_emulator.http_server import WsgiApp
from local_emulator.s3_gate import Refused, Request, check_presigned, is_presigned
from local_emulator.signed_headers import ALGORITHM, Claim, check_signed, headers_of, scheme_of

# Of moto, what a deployment of ours uses and what was looked at. Another service is refused by name.
SERVICES = frozenset(
    {
        "apigateway", "budgets", "cloudformation", "dynamodb", "ec2", "ecr", "ecs", "events", "iam", "kms", "lambda",
        "logs", "monitoring", "resource-groups", "s3", "scheduler", "servicequotas", "sns", "sqs", "ssm", "sts", "tagging",
    }
)  # fmt: skip
Handler = Callable[[ApiRequest, dict[str, Any], Callable[..., Any]], list[bytes] | None]


class AccountEndpoint:
    """`handlers` by service come before moto: one that gives None leaves the request to it. Those in `unlocked` run
    without the lock, as they wait for functions, which call back here.

    `after` looks at each answer. `doors` take requests that are not AWS's, by the beginning of their path.
    """

    def __init__(self, identities: Identities) -> None:
        self.lock = threading.RLock()
        self.identities = identities
        self.authority: Authority
        self.handlers: dict[str, Handler] = {}
        self.unlocked: dict[str, Handler] = {}
        self.doors: dict[str, WsgiApp] = {}
        self.before: Callable[[str, Mapping[str, Any]], None] = lambda service, environ: None
        self.after: dict[str, Callable[[ApiRequest, dict[str, Any], bytes], object]] = {}
        self._moto = Dispatcher()

    @property
    def moto(self) -> WsgiApp:
        """As it is, for who adds something to it. Under the lock."""
        return self._moto

    def add(
        self, apps: Mapping[str, WsgiApp], *, before: Callable[[str, Mapping[str, Any]], None] | None = None
    ) -> None:
        """Services that answer in moto's place, where no handler does. `before` is called without the lock."""
        for service, app in apps.items():
            self.handlers.setdefault(service, lambda _, environ, start, app=app: list(app(environ, start)))  # type: ignore[misc]
        self.before = before or self.before

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        for beginning, door in self.doors.items():
            if environ["RAW_URI"].startswith(beginning) and not _is_signed(environ):
                return list(door(environ, start))
        try:
            require_plain_body(environ)
            caller, service, region = self._admit(environ)
        except Refused as refusal:
            return answer_error(
                start, _protocol(environ), status=refusal.status, code=refusal.code, message=refusal.message
            )
        return self._serve(caller, read_request(environ, service=service, region=region), environ, start)

    def _serve(
        self, caller: Caller, request: ApiRequest, environ: dict[str, Any], start: Callable[..., Any]
    ) -> list[bytes]:
        if request.operation == "DeleteObjects":
            request.parameters["keys"] = keys_of_deletion(environ["wsgi.input"].read())  # type: ignore[index]
            environ["wsgi.input"].seek(0)
        with self.lock:
            if refused := self._refusal(caller, request, start):
                return refused
        if request.service == "sts" and request.operation == "GetCallerIdentity":
            return caller_identity(caller, start)
        if handler := self.unlocked.get(request.service):
            handled = handler(request, environ, start)
            if handled is not None:
                return handled
        if request.service == "sqs":
            no_long_poll(environ)
        self.before(request.service, environ)
        with self.lock:
            return self._ask(request, environ, start)

    def _ask(self, request: ApiRequest, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        handler = self.handlers.get(request.service)
        handled = handler(request, environ, start) if handler else None
        if handled is None:
            chunks = self._moto(environ, start)
            try:
                handled = [b"".join(chunks)]
            finally:
                getattr(chunks, "close", lambda: None)()
        if after := self.after.get(request.service):
            after(request, environ, handled[0] if handled else b"")
        return handled

    def _refusal(self, caller: Caller, request: ApiRequest, start: Callable[..., Any]) -> list[bytes] | None:
        try:
            self.authority.require(caller, request)
        except Denied as denied:
            code, status = DENIED[request.protocol]
            return answer_error(start, request.protocol, status=status, code=code, message=str(denied))
        except (NeedsUnknown, PolicyNotUnderstood) as unknown:
            return answer_error(start, request.protocol, status=501, code="NotImplemented", message=str(unknown))
        return None

    def _admit(self, environ: dict[str, Any]) -> tuple[Caller, str, str]:
        """Who asks, the service in his signature, and the region. Raises Refused."""
        target = environ["RAW_URI"]
        request = Request(environ["REQUEST_METHOD"], target, headers_of(environ), environ["wsgi.input"])
        authorization = request.headers.get("authorization", "")
        if is_motos_own(target):
            raise Refused("AccessDenied", "Access Denied")
        if scheme_of(authorization) == ALGORITHM:
            return self._admit_signed(request, Claim.read(authorization), environ)
        if is_presigned(target):
            return self._admit_presigned(request, environ)
        raise Refused("MissingAuthenticationToken", "The request has no signature of AWS's version 4.")

    def _admit_signed(self, request: Request, claim: Claim, environ: dict[str, Any]) -> tuple[Caller, str, str]:
        caller, credentials = self._find(claim.access_key, request.headers.get("x-amz-security-token"))
        check_signed(request, claim, credentials=credentials, now=datetime.now(UTC))
        service = claim.service
        if service not in SERVICES:
            raise Refused("NotImplemented", f"the emulated account has no {service}", status=501)
        environ[SERVICE] = service
        return caller, service, claim.region

    def _admit_presigned(self, request: Request, environ: dict[str, Any]) -> tuple[Caller, str, str]:
        query = parse_qs(request.target.partition("?")[2])
        scope = query.get("X-Amz-Credential", [""])[0].split("/")
        caller, credentials = self._find(scope[0], query.get("X-Amz-Security-Token", [None])[0])
        region = scope[2] if len(scope) > 2 else ""
        check_presigned(request, credentials=credentials, region=region, now=datetime.now(UTC))
        environ[SERVICE] = "s3"
        return caller, "s3", region

    def _find(self, access_key: str, token: str | None) -> tuple[Caller, Credentials]:
        try:
            with self.lock:
                return self.identities.find(access_key, token)
        except KeyUnknown as error:
            message = "The AWS Access Key Id or the session token is not of this account, or the session is over."
            raise Refused("InvalidClientTokenId", message) from error


def caller_identity(caller: Caller, start: Callable[..., Any]) -> list[bytes]:
    """moto knows no root."""
    inner = (
        f"<Arn>{caller.arn}</Arn><UserId>{caller.role or caller.user or ACCOUNT}</UserId><Account>{ACCOUNT}</Account>"
    )
    result = f"<GetCallerIdentityResult>{inner}</GetCallerIdentityResult>"
    text = f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"
    return answer(start, 200, text.encode(), "text/xml")


def _protocol(environ: dict[str, Any]) -> str:
    """That of a request which is not admitted: as far as it says it."""
    try:
        claim = Claim.read(environ.get("HTTP_AUTHORIZATION", ""))
    except Refused:
        return "json" if "HTTP_X_AMZ_TARGET" in environ else "s3"
    return read_request(environ, service=claim.service, region=claim.region).protocol


def _is_signed(environ: Mapping[str, Any]) -> bool:
    return scheme_of(environ.get("HTTP_AUTHORIZATION", "")) == ALGORITHM
