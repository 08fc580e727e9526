"""What S3 checks of a presigned URL and moto does not: age, signature, method, signed headers, length, checksum.

Pure but for reading the body: the clock and the credentials are arguments.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from tempfile import SpooledTemporaryFile
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from botocore.auth import S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MAX_EXPIRES_S = 604_800  # a week, as S3
MAX_SKEW = timedelta(minutes=15)
UNSIGNED = "UNSIGNED-PAYLOAD"  # what a presigned URL says of a body that was not there when it was signed
_HEX = re.compile(r"[0-9a-f]{64}\Z")
REQUIRED = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders")


@dataclass(frozen=True)
class Request:
    """`target` is the raw path and query as sent; header names are lower case; `body` is at its start."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: SpooledTemporaryFile[bytes]


class Refused(Exception):
    """S3 refuses a request: `status` is HTTP's, `code` is S3's."""

    def __init__(self, code: str, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status

    def xml(self) -> bytes:
        inner = f"<Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message>"
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()


def is_presigned(target: str) -> bool:
    return any(name == "X-Amz-Signature" for name, _ in _query(target))


def _query(target: str) -> list[tuple[str, str]]:
    return parse_qsl(target.partition("?")[2], keep_blank_values=True)


def check_presigned(request: Request, *, credentials: Credentials, region: str, now: datetime) -> None:
    """Raise Refused unless the URL was signed by `credentials`, is in its time, and covers exactly this request."""
    check_presigned_head(request, credentials=credentials, region=region, now=now)
    _check_body(request)


def check_presigned_head(request: Request, *, credentials: Credentials, region: str, now: datetime) -> None:
    """The same, as far as it can be said before the body is there."""
    query = dict(_query(request.target))
    _check_form(query)
    _check_time(query, now=now)
    _check_scope(query, access_key=credentials.access_key or "", region=region)
    signed = query["X-Amz-SignedHeaders"].split(";")
    _check_headers(request, signed=signed)
    expected = _signature(request, query=query, signed=signed, credentials=credentials, region=region)
    if not same(expected, query["X-Amz-Signature"]):
        raise Refused("SignatureDoesNotMatch", "The request signature we calculated does not match the one you sent.")


def _check_form(query: Mapping[str, str]) -> None:
    missing = [name for name in REQUIRED if name not in query]
    if missing or query["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256":
        message = f"Query-string authentication needs AWS4-HMAC-SHA256 and {', '.join(REQUIRED)}."
        raise Refused("AuthorizationQueryParametersError", message, status=400)


def _check_time(query: Mapping[str, str], *, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lifetime_s = int(query["X-Amz-Expires"])
    except ValueError as error:
        raise Refused(
            "AuthorizationQueryParametersError", "X-Amz-Date or -Expires is malformed.", status=400
        ) from error
    if not 1 <= lifetime_s <= MAX_EXPIRES_S:
        message = f"X-Amz-Expires must be between 1 and {MAX_EXPIRES_S} seconds."
        raise Refused("AuthorizationQueryParametersError", message, status=400)
    if now - signed_at > timedelta(seconds=lifetime_s):  # a sum could lie beyond the last year that there is
        raise Refused("AccessDenied", "Request has expired")
    if signed_at - now > MAX_SKEW:
        raise Refused("AccessDenied", "Request is not valid yet")


def _check_scope(query: Mapping[str, str], *, access_key: str, region: str) -> None:
    key, _, scope = query["X-Amz-Credential"].partition("/")
    if not same(key, access_key):
        raise Refused("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    if scope != f"{query['X-Amz-Date'][:8]}/{region}/s3/aws4_request":
        raise Refused("AuthorizationQueryParametersError", f"The credential scope is not {region}/s3.", status=400)


def _check_headers(request: Request, *, signed: list[str]) -> None:
    """Signed headers must be there; x-amz-* headers that are there must be signed."""
    missing = [name for name in signed if name not in request.headers]
    if missing:
        raise Refused("SignatureDoesNotMatch", f"Signed headers are missing from the request: {', '.join(missing)}.")
    unsigned = [name for name in request.headers if name.startswith("x-amz-") and name not in signed]
    if unsigned:
        message = f"There were headers present in the request which were not signed: {', '.join(unsigned)}"
        raise Refused("AccessDenied", message)


def _signature(
    request: Request, *, query: Mapping[str, str], signed: list[str], credentials: Credentials, region: str
) -> str:
    """The signature that botocore itself would give this request."""
    path, _, raw_query = request.target.partition("?")
    pairs = [pair for pair in raw_query.split("&") if not pair.startswith("X-Amz-Signature=")]
    unsigned = AWSRequest(
        method=request.method,
        url=f"http://{request.headers.get('host', '')}{path}?{'&'.join(pairs)}",
        headers={name: request.headers[name] for name in signed},
    )
    unsigned.context["timestamp"] = query["X-Amz-Date"]
    return signature_of(unsigned, S3SigV4QueryAuth(credentials, "s3", region))


def signature_of(request: AWSRequest, signer: SigV4Auth) -> str:
    """Raises Refused for an address that is none, such as one whose Host is `[`: nobody can have signed that."""
    try:
        text = signer.string_to_sign(request, signer.canonical_request(request))
    except ValueError as error:
        raise Refused("InvalidURI", "Host and path are no address.", status=400) from error
    return str(signer.signature(text, request))


def check_payload_hash(declared: str, body: SpooledTemporaryFile[bytes]) -> None:
    """`declared` is x-amz-content-sha256. Raises Refused unless it is the body's very own."""
    if not _HEX.match(declared):
        message = (
            "x-amz-content-sha256 must be the SHA-256 of the body in hexadecimal: the emulator takes no other kind."
        )
        raise Refused("InvalidArgument", message, status=400)
    if not same(declared, digest_of(body).hex()):
        raise Refused("XAmzContentSHA256Mismatch", "The body is not the one that was signed.", status=400)


def digest_of(body: SpooledTemporaryFile[bytes]) -> bytes:
    """Its SHA-256; the body is at its start again."""
    digest = hashlib.file_digest(body, "sha256").digest()
    body.seek(0)
    return digest


def same(one: str, other: str) -> bool:
    """Says it without telling by its time where they differ."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def _check_body(request: Request) -> None:
    """What is declared of the body must be true. (Its length is: HTTP read exactly Content-Length bytes.)"""
    declared_hash = request.headers.get("x-amz-content-sha256", UNSIGNED)
    if declared_hash != UNSIGNED:
        check_payload_hash(declared_hash, request.body)
    declared = request.headers.get("x-amz-checksum-sha256")
    if declared is not None and not same(base64.b64encode(digest_of(request.body)).decode(), declared):
        raise Refused("BadDigest", "The SHA256 you specified did not match the calculated checksum.", status=400)
