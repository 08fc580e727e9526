"""What an Authorization header must say, and of which headers it must speak."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_emulator.s3_gate import Refused, Request
from local_emulator.signed_headers import Claim, check_signed, headers_of, scheme_of
from tests.each_case import each_case

OURS = Credentials("AKIAOURS", "secret")
HOST, BODY = "127.0.0.1:9", b"{}"


def signed(credentials: Credentials = OURS, headers: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The headers of a signed POST, names in lower case."""
    request = AWSRequest("POST", f"http://{HOST}/", headers={"Host": HOST, **headers}, data=BODY)
    SigV4Auth(credentials, "dynamodb", "us-east-1").add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


def check(headers: dict[str, str], *, later: timedelta = timedelta()) -> None:
    at = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    with tempfile.SpooledTemporaryFile() as body:
        body.write(BODY)
        body.seek(0)
        request = Request("POST", "/", headers, body)
        check_signed(request, Claim.read(headers["authorization"]), credentials=OURS, now=at + later)


def refusal(headers: dict[str, str], *, later: timedelta = timedelta()) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        check(headers, later=later)
    return caught.value.status, caught.value.code


def test_our_own_signature_is_taken_up_to_a_quarter_of_an_hour_off() -> None:
    for minutes in (-15, 0, 15):
        check(signed(), later=timedelta(minutes=minutes))
    for seconds in (-901, 901):
        assert refusal(signed(), later=timedelta(seconds=seconds)) == (403, "RequestTimeTooSkewed")


def test_our_secret_under_another_id_is_no_key() -> None:
    """The id is no part of what is signed: only its comparison tells."""
    assert refusal(signed(Credentials("AKIAOTHER", "secret"))) == (403, "InvalidAccessKeyId")


def test_another_secret_is_no_key() -> None:
    assert refusal(signed(Credentials("AKIAOURS", "guess"))) == (403, "SignatureDoesNotMatch")


def test_an_operation_that_was_added_after_signing_is_refused() -> None:
    assert refusal(signed() | {"x-amz-target": "DynamoDB_20120810.DeleteTable"}) == (403, "SignatureDoesNotMatch")


def test_a_signed_header_that_is_gone_is_refused() -> None:
    headers = signed(headers={"X-Amz-Target": "DynamoDB_20120810.GetItem"})
    check(headers)
    del headers["x-amz-target"]
    assert refusal(headers) == (403, "SignatureDoesNotMatch")


def test_other_headers_need_no_signature() -> None:
    check(signed() | {"user-agent": "any", "amz-sdk-request": "attempt=1"})


GOOD = "AWS4-HMAC-SHA256 Credential=A/20270115/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=f"


def test_a_header_is_read_whole() -> None:
    assert Claim.read(GOOD) == Claim("A", "20270115", "us-east-1", "s3", ["host", "x-amz-date"], "f")


@each_case(
    "header",
    [
        "", "AWS4-HMAC-SHA256", GOOD.replace("AWS4-HMAC-SHA256", "Bearer"), GOOD.replace("SHA256 ", "SHA1 "),
        GOOD.replace("aws4_request", "aws3_request"), GOOD.replace("/s3", ""), GOOD + ", Signature=e",
        GOOD.replace("Signature=f", ""),
    ],
)  # fmt: skip
def test_any_other_header_is_malformed(header: str) -> None:
    with pytest.raises(Refused) as caught:
        Claim.read(header)
    assert (caught.value.status, caught.value.code) == (400, "IncompleteSignature")


def test_headers_are_read_from_the_server_s_environment() -> None:
    environ = {"HTTP_X_AMZ_DATE": "d", "CONTENT_TYPE": "a/b", "CONTENT_LENGTH": "7", "REQUEST_METHOD": "GET"}
    assert headers_of(environ) == {"x-amz-date": "d", "content-type": "a/b", "content-length": "7"}
    assert headers_of({"CONTENT_TYPE": ""}) == {"content-length": "0"}


@each_case(("header", "scheme"), [("", ""), ("  ", ""), ("Bearer key", "Bearer"), ("Bearer\tkey more", "Bearer")])
def test_the_scheme_is_the_first_word(header: str, scheme: str) -> None:
    assert scheme_of(header) == scheme
