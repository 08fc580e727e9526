"""Checks the signature in an Authorization header, as AWS does: who has only seen an access key id has no way in."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from tempfile import SpooledTemporaryFile

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_emulator.s3_gate import MAX_SKEW, Refused, Request

ALGORITHM = "AWS4-HMAC-SHA256"
_PART = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_HEX = re.compile(r"[0-9a-f]{64}\Z")
_MUST_BE_SIGNED = ("x-amz-date", "x-amz-target", "x-amz-content-sha256")  # as far as they are there


@dataclass(frozen=True)
class Claim:
    """What an Authorization header says of itself."""

    access_key: str
    date: str
    region: str
    service: str
    signed: list[str]
    signature: str

    @classmethod
    def read(cls, header: str) -> "Claim":
        """Raises Refused."""
        parts = dict(_PART.findall(header.removeprefix(ALGORITHM)))
        scope = parts.get("Credential", "").split("/")
        if parts.keys() != {"Credential", "SignedHeaders", "Signature"} or len(scope) != 5:
            raise Refused("IncompleteSignature", "The Authorization header is malformed.", status=400)
        return cls(scope[0], scope[1], scope[2], scope[3], parts["SignedHeaders"].split(";"), parts["Signature"])


def check_signed(request: Request, claim: Claim, *, credentials: Credentials, now: datetime) -> None:
    """Raises Refused unless `credentials` signed this very request, its body included, within a quarter of an hour."""
    if not _same(claim.access_key, credentials.access_key or ""):
        raise Refused("InvalidAccessKeyId", "The access key is not this emulator's.")
    _check_time(request.headers.get("x-amz-date", ""), claim, now=now)
    unsigned = [name for name in _MUST_BE_SIGNED if name in request.headers and name not in claim.signed]
    missing = [name for name in claim.signed if name not in request.headers]
    if unsigned or missing or "host" not in claim.signed:
        raise Refused("SignatureDoesNotMatch", "The signed headers are not those of the request.")
    expected = _signature(request, claim, credentials)
    if not _same(expected, claim.signature):
        raise Refused("SignatureDoesNotMatch", "The request signature we calculated does not match the one you sent.")


def _check_time(date: str, claim: Claim, *, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Refused("IncompleteSignature", "X-Amz-Date is missing or malformed.", status=400) from error
    if abs(signed_at - now) > MAX_SKEW or date[:8] != claim.date:
        raise Refused("RequestTimeTooSkewed", f"The request is not of the last {_minutes(MAX_SKEW)} minutes.")


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


def _signature(request: Request, claim: Claim, credentials: Credentials) -> str:
    """The signature that botocore itself would give this request."""
    signed = AWSRequest(
        method=request.method,
        url=f"http://{request.headers['host']}{request.target}",
        headers={name: request.headers[name] for name in claim.signed},
    )
    signed.context["timestamp"] = request.headers["x-amz-date"]
    signed.context["payload"] = _payload_hash(request)
    signer = (_S3 if claim.service == "s3" else _Other)(credentials, claim.service, claim.region)
    text = signer.string_to_sign(signed, signer.canonical_request(signed))
    return str(signer.signature(text, signed))


def _payload_hash(request: Request) -> str:
    """What the header declares, once the body is known to be that; without one, the body's own."""
    declared = request.headers.get("x-amz-content-sha256")
    if declared is not None and not _HEX.match(declared):
        return declared  # UNSIGNED-PAYLOAD and its kind: the caller chose not to sign the body
    found = _digest(request.body)
    if declared is not None and not _same(declared, found):
        raise Refused("XAmzContentSHA256Mismatch", "The body is not the one that was signed.", status=400)
    return found


def _digest(body: SpooledTemporaryFile[bytes]) -> str:
    digest = hashlib.file_digest(body, "sha256").hexdigest()
    body.seek(0)
    return digest


class _Other(SigV4Auth):
    def payload(self, request: AWSRequest) -> str:
        return str(request.context["payload"])


class _S3(S3SigV4Auth):
    def payload(self, request: AWSRequest) -> str:
        return str(request.context["payload"])


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def headers_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Lower case name → value."""
    found = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        found["content-type"] = environ["CONTENT_TYPE"]
    return found | {"content-length": environ.get("CONTENT_LENGTH", "0")}
