"""Checks the signature in an Authorization header, as AWS does: who has only seen an access key id has no way in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_emulator.s3_gate import (
    MAX_SKEW,
    Refused,
    Request,
    check_payload_hash,
    digest_of,
    same,
    signature_of,
)

ALGORITHM = "AWS4-HMAC-SHA256"
_PART = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/")
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
        found = _PART.findall(header)
        parts = dict(found)
        scope = parts.get("Credential", "").split("/")
        whole = len(found) == len(parts) == 3 and len(scope) == 5 and scope[4] == "aws4_request"  # each of them once
        if not whole or scheme_of(header) != ALGORITHM:
            raise Refused("IncompleteSignature", "The Authorization header is malformed.", status=400)
        return cls(scope[0], scope[1], scope[2], scope[3], parts["SignedHeaders"].split(";"), parts["Signature"])


def check_signed(request: Request, claim: Claim, *, credentials: Credentials, now: datetime) -> None:
    """Raises Refused unless `credentials` signed this very request, its body included, within a quarter of an hour."""
    check_signed_head(request, claim, credentials=credentials, now=now, payload=_payload_hash(request))


def check_signed_head(request: Request, claim: Claim, *, credentials: Credentials, now: datetime, payload: str) -> None:
    """The same of a body whose SHA-256, in hexadecimal, is `payload`."""
    if not same(claim.access_key, credentials.access_key or ""):
        raise Refused("InvalidAccessKeyId", "The access key is not this emulator's.")
    _check_time(request.headers.get("x-amz-date", ""), claim, now=now)
    unsigned = [name for name in _MUST_BE_SIGNED if name in request.headers and name not in claim.signed]
    missing = [name for name in claim.signed if name not in request.headers]
    if unsigned or missing or "host" not in claim.signed:
        raise Refused("SignatureDoesNotMatch", "The signed headers are not those of the request.")
    expected = _signature(request, claim, credentials, payload=payload)
    if not same(expected, claim.signature):
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


def _signature(request: Request, claim: Claim, credentials: Credentials, *, payload: str) -> str:
    """The signature that botocore itself would give this request."""
    signed = AWSRequest(
        method=request.method,
        url=f"http://{request.headers['host']}{request.target}",
        headers={name: request.headers[name] for name in claim.signed},
    )
    signed.context["timestamp"] = request.headers["x-amz-date"]
    signed.context["payload"] = payload
    return signature_of(signed, (_S3 if claim.service == "s3" else _Other)(credentials, claim.service, claim.region))


def _payload_hash(request: Request) -> str:
    """The body's own, which must be what the header declares, if it is there."""
    declared = request.headers.get("x-amz-content-sha256")
    if declared is None:
        return digest_of(request.body).hex()
    check_payload_hash(declared, request.body)
    return declared


class _Other(SigV4Auth):
    def payload(self, request: AWSRequest) -> str:
        return str(request.context["payload"])


class _S3(S3SigV4Auth):
    def payload(self, request: AWSRequest) -> str:
        return str(request.context["payload"])


def scheme_of(header: str) -> str:
    """The first word of an Authorization header, whatever white space follows it; empty for an empty one."""
    return (header.split(maxsplit=1) or [""])[0]


def headers_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Lower case name → value."""
    found = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        found["content-type"] = environ["CONTENT_TYPE"]
    return found | {"content-length": environ.get("CONTENT_LENGTH", "0")}


def region_of(environ: Mapping[str, str], *, otherwise: str) -> str:
    """For which region the request was signed."""
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return found[1] if found else otherwise
