"""Presigned URLs are taken for what they were signed for, and for nothing else."""

import base64
import hashlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials

from local_emulator.s3_gate import Refused, Request, check_payload_hash, check_presigned, digest_of, is_presigned
from tests.each_case import each_case

CREDENTIALS = Credentials("AKIATEST", "secret")
HOST = "127.0.0.1:9000"
BODY = b"result"
SHA = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
HEADERS = {"host": HOST, "content-length": str(len(BODY)), "x-amz-checksum-sha256": SHA}
BOUND = {"Bucket": "b", "Key": "runs/1/a b.tar.gz", "ContentLength": len(BODY), "ChecksumSHA256": SHA}


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{HOST}",
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS.access_key,
        aws_secret_access_key=CREDENTIALS.secret_key,
        config=Config(signature_version="s3v4"),
    )
    yield client
    client.close()


def put_target(s3: Any, **other: Any) -> str:
    url: str = s3.generate_presigned_url("put_object", Params=BOUND | other, ExpiresIn=60)
    return url.removeprefix(f"http://{HOST}")


def check(
    target: str, *, method: str = "PUT", headers: dict[str, str] = HEADERS, body: bytes = BODY, later_s: float = 0
) -> None:
    with tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(body)
        spooled.seek(0)
        now = datetime.now(UTC) + timedelta(seconds=later_s)
        check_presigned(Request(method, target, headers, spooled), credentials=CREDENTIALS, region="us-east-1", now=now)


def refusal(target: str, **how: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        check(target, **how)
    return caught.value.status, caught.value.code


def test_what_was_signed_is_accepted(s3: Any) -> None:
    check(put_target(s3))


def test_a_get_url_needs_no_headers_but_host(s3: Any) -> None:
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k/ü~ä"}, ExpiresIn=60)
    check(url.removeprefix(f"http://{HOST}"), method="GET", headers={"host": HOST}, body=b"")


def test_an_expired_url_is_refused(s3: Any) -> None:
    assert refusal(put_target(s3), later_s=61) == (403, "AccessDenied")


def test_the_last_second_still_counts(s3: Any) -> None:
    check(put_target(s3), later_s=58)


def test_a_url_from_the_future_is_refused(s3: Any) -> None:
    assert refusal(put_target(s3), later_s=-3600) == (403, "AccessDenied")


def test_another_key_is_refused(s3: Any) -> None:
    assert refusal(put_target(s3).replace("runs/1/", "runs/2/")) == (403, "SignatureDoesNotMatch")


def test_another_host_is_refused(s3: Any) -> None:
    assert refusal(put_target(s3), headers=HEADERS | {"host": "elsewhere"}) == (403, "SignatureDoesNotMatch")


def test_a_longer_life_is_refused(s3: Any) -> None:
    assert refusal(put_target(s3).replace("Expires=60", "Expires=6000")) == (403, "SignatureDoesNotMatch")


def test_a_changed_signature_is_refused(s3: Any) -> None:
    target = put_target(s3)
    flipped = target[:-1] + ("0" if target[-1] != "0" else "1")
    assert refusal(flipped) == (403, "SignatureDoesNotMatch")


@each_case("method", ["GET", "DELETE", "POST", "HEAD"])
def test_another_method_is_refused(s3: Any, method: str) -> None:
    assert refusal(put_target(s3), method=method) == (403, "SignatureDoesNotMatch")


def test_another_length_is_refused(s3: Any) -> None:
    longer = HEADERS | {"content-length": "7"}
    assert refusal(put_target(s3), headers=longer, body=b"results") == (403, "SignatureDoesNotMatch")


def test_another_body_of_that_length_is_refused(s3: Any) -> None:
    assert refusal(put_target(s3), body=b"resulT") == (400, "BadDigest")


def test_another_checksum_is_refused(s3: Any) -> None:
    other = HEADERS | {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(b"resulT").digest()).decode()}
    assert refusal(put_target(s3), headers=other, body=b"resulT") == (403, "SignatureDoesNotMatch")


def test_a_signed_header_that_is_missing_is_refused(s3: Any) -> None:
    without = {name: value for name, value in HEADERS.items() if not name.startswith("x-amz")}
    assert refusal(put_target(s3), headers=without) == (403, "SignatureDoesNotMatch")


def test_an_amazon_header_that_was_not_signed_is_refused(s3: Any) -> None:
    assert refusal(put_target(s3), headers=HEADERS | {"x-amz-acl": "public-read"}) == (403, "AccessDenied")


def test_a_key_of_somebody_else_is_refused(s3: Any) -> None:
    assert refusal(put_target(s3).replace("AKIATEST", "AKIAELSE")) == (403, "InvalidAccessKeyId")


def test_a_url_without_its_date_is_malformed(s3: Any) -> None:
    target = "&".join(pair for pair in put_target(s3).split("&") if not pair.startswith("X-Amz-Date"))
    assert refusal(target) == (400, "AuthorizationQueryParametersError")


@each_case("expires", ["0", "-5", "604801", "soon"])
def test_a_life_beyond_what_s3_allows_is_malformed(s3: Any, expires: str) -> None:
    target = put_target(s3).replace("Expires=60", f"Expires={expires}")
    assert refusal(target) == (400, "AuthorizationQueryParametersError")


def test_refusals_are_escaped_xml() -> None:
    assert (
        Refused("AccessDenied", "<&>")
        .xml()
        .endswith(b"<Error><Code>AccessDenied</Code><Message>&lt;&amp;&gt;</Message></Error>")
    )


def test_only_a_signature_makes_a_url_presigned() -> None:
    assert is_presigned("/b/k?X-Amz-Signature=1")
    assert not is_presigned("/b/X-Amz-Signature=1?list-type=2")


def at_age(target: str, age_s: float, *, headers: dict[str, str] = HEADERS) -> None:
    """Checked so many seconds after it was signed, to the millisecond."""
    signed_at = datetime.strptime(parse_qs(target)["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    with tempfile.SpooledTemporaryFile() as body:
        body.write(BODY)
        body.seek(0)
        request = Request("PUT", target, headers, body)
        now = signed_at + timedelta(seconds=age_s)
        check_presigned(request, credentials=CREDENTIALS, region="us-east-1", now=now)


def test_a_url_holds_to_the_end_of_its_last_second_and_from_a_quarter_of_an_hour_before(s3: Any) -> None:
    target = put_target(s3)
    at_age(target, 60)
    at_age(target, -900)
    for age_s in (60.001, -900.001):
        with pytest.raises(Refused, match=r"expired|not valid yet"):
            at_age(target, age_s)


@each_case(("expires_s", "taken"), [(0, False), (1, True), (604_800, True), (604_801, False)])
def test_a_url_may_live_from_a_second_to_a_week(s3: Any, expires_s: int, taken: bool) -> None:
    url: str = s3.generate_presigned_url("put_object", Params=BOUND, ExpiresIn=expires_s)
    if taken:
        at_age(url.removeprefix(f"http://{HOST}"), 0)
    else:
        with pytest.raises(Refused, match="between 1 and 604800"):
            at_age(url.removeprefix(f"http://{HOST}"), 0)


def test_a_second_question_mark_is_part_of_the_query() -> None:
    assert is_presigned("/b/k?X-Amz-Signature=x&a=?")


@each_case(("declared", "code"), [("nonsense", "InvalidArgument"), ("0" * 64, "XAmzContentSHA256Mismatch")])
def test_what_a_header_says_of_the_body_must_be_true(declared: str, code: str) -> None:
    with tempfile.SpooledTemporaryFile() as body:
        body.write(BODY)
        body.seek(0)
        with pytest.raises(Refused) as caught:
            check_payload_hash(declared, body)
        assert (caught.value.status, caught.value.code) == (400, code)
        body.seek(0)
        assert digest_of(body) == hashlib.sha256(BODY).digest()
        assert body.read() == BODY
