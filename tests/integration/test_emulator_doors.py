"""Nobody gets into the emulated AWS with what he has only seen: an access key id, an old signature, an odd path."""

import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from local_emulator.aws_endpoint import PROVEN_BYTES, SERVICE, UNPROVEN_BYTES, AwsEndpoint, Dispatcher, is_motos_own
from local_emulator.config import Keys, Ready
from local_emulator.dynamodb.service import DynamoDb
from local_emulator.errors import ReadyFileUnusable
from local_emulator.parameters import ParameterStore
from local_emulator.ready_file import ready_file
from local_emulator.s3_gate import Refused, Request, check_presigned
from local_emulator.signed_headers import ALGORITHM
from tests.each_case import each_case

OURS = Credentials("AKIAOURS", "secret")
HOST = "127.0.0.1:9"
Change = Callable[[dict[str, Any]], object]


def moto(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [])
    return [b"moto"]


class Declared(S3SigV4Auth):
    """Signs what is declared of the body, true or not."""

    def payload(self, request: Any) -> str:
        return str(request.headers["X-Amz-Content-SHA256"])

    def _modify_request_before_signing(self, request: Any) -> None:
        declared = request.headers["X-Amz-Content-SHA256"]
        super()._modify_request_before_signing(request)  # type: ignore[misc]
        del request.headers["X-Amz-Content-SHA256"]
        request.headers["X-Amz-Content-SHA256"] = declared


def signed(
    service: str = "dynamodb",
    *,
    credentials: Credentials = OURS,
    body: bytes = b"{}",
    path: str = "/",
    declared: str | None = None,
    target: str = "DynamoDB_20120810.ListTables",
) -> dict[str, Any]:
    headers = {"Host": HOST, "X-Amz-Target": target} if service != "s3" else {"Host": HOST}
    headers |= {} if declared is None else {"X-Amz-Content-SHA256": declared}
    request = AWSRequest("POST" if service != "s3" else "PUT", f"http://{HOST}{path}", headers=headers, data=body)
    signer = SigV4Auth if service != "s3" else S3SigV4Auth if declared is None else Declared
    signer(credentials, service, "us-east-1").add_auth(request)
    environ: dict[str, Any] = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in request.headers.items()}
    return environ | {
        "RAW_URI": path, "REQUEST_METHOD": request.method, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)),
    }  # fmt: skip


def endpoint_for(
    environ: dict[str, Any], *, later: timedelta = timedelta(), now: datetime | None = None
) -> AwsEndpoint:
    """Its time is that of signing, for botocore signs with the real one."""
    date = environ.get("signed at") or environ.get("HTTP_X_AMZ_DATE", "")
    at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if len(date) == 16 and not now else None
    moment = now or at or datetime.now(UTC)
    return AwsEndpoint(
        OURS,
        region="us-east-1",
        parameters=ParameterStore(region="us-east-1", account="1"),
        dynamodb=DynamoDb(region="us-east-1", account="1"),
        clock=lambda: moment + later,
        moto=moto,
    )


def ask(environ: dict[str, Any], *, later: timedelta = timedelta(), now: datetime | None = None) -> str:
    """The status."""
    endpoint = endpoint_for(environ, later=later, now=now)
    told: list[str] = []
    endpoint(environ, lambda status, headers: told.append(status))
    return told[0][:3]


@pytest.mark.parametrize("service", ["dynamodb", "s3", "sqs"])
def test_who_has_the_secret_gets_in(service: str) -> None:
    assert ask(signed(service, path="/b/runs/a%20b?x=1&a=%2F" if service == "s3" else "/")) == "200"


@pytest.mark.parametrize("service", ["dynamodb", "s3", "ssm", "sqs"])
def test_an_access_key_id_alone_is_no_key(service: str) -> None:
    assert ask(signed(service, credentials=Credentials("AKIAOURS", "guess"))) == "403"


CHANGES: dict[str, Change] = {
    "body": lambda e: e.update({"wsgi.input": io.BytesIO(b'{"other": 1}')}),
    "path": lambda e: e.update(RAW_URI="/other"),
    "query": lambda e: e.update(RAW_URI="/?a=1"),
    "method": lambda e: e.update(REQUEST_METHOD="GET"),
    "host": lambda e: e.update(HTTP_HOST="elsewhere"),
    "target": lambda e: e.update(HTTP_X_AMZ_TARGET="DynamoDB_20120810.DeleteTable"),
    "no date": lambda e: e.pop("HTTP_X_AMZ_DATE"),
    "unsigned date": lambda e: e.update(HTTP_AUTHORIZATION=e["HTTP_AUTHORIZATION"].replace("x-amz-date;", "")),
    "signature": lambda e: e.update(HTTP_AUTHORIZATION=e["HTTP_AUTHORIZATION"][:-1] + "é"),
    "no signature": lambda e: e.update(HTTP_AUTHORIZATION=e["HTTP_AUTHORIZATION"].partition(", Signature")[0]),
    "no scope": lambda e: e.update(HTTP_AUTHORIZATION="AWS4-HMAC-SHA256 Credential=AKIAOURS"),
    "service": lambda e: e.update(HTTP_AUTHORIZATION=e["HTTP_AUTHORIZATION"].replace("/dynamodb/", "/ssm/")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_signature_is_of_one_request_only(name: str) -> None:
    environ = signed()
    CHANGES[name](environ)
    assert ask(environ) in ("403", "400")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_signature_grows_old(minutes: int) -> None:
    assert ask(signed(), later=timedelta(minutes=minutes)) == "403"


@pytest.mark.parametrize(
    "target",
    [
        "/moto-api/reset", "/%6doto-api/reset", "/%256doto-api/reset", "//moto-api/reset", "/./moto-api/reset",
        "/a/../moto-api/reset", "/MOTO-API/reset", "/%2e%2e/moto-api/", "\\moto-api\\reset", "/moto%2Dapi?x=/", "/%2Fmoto-api",
    ],
)  # fmt: skip
def test_motos_own_doors_are_shut_however_they_are_written(target: str) -> None:
    assert is_motos_own(target)
    assert ask(signed(path="/") | {"RAW_URI": target}) == "403"


def test_other_paths_are_none_of_motos() -> None:
    for target in ("/", "/bucket/runs/moto-api/x", "/bucket?prefix=/moto-api", "/bucket/%2E%2E"):
        assert not is_motos_own(target)


@given(
    st.dictionaries(st.sampled_from(["X-Amz-Signature", "X-Amz-Expires", "X-Amz-Date", "X-Amz-Credential"]), st.text())
)
def test_a_garbled_presigned_url_is_refused_and_no_fault(changes: dict[str, str]) -> None:
    from urllib.parse import urlencode

    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": "AKIAOURS/20261125/us-east-1/s3/aws4_request",
        "X-Amz-Date": "20261125T000000Z", "X-Amz-Expires": "60", "X-Amz-SignedHeaders": "host", "X-Amz-Signature": "é",
    } | changes  # fmt: skip
    target = f"/b/k?{urlencode(query, errors='replace')}"
    request = Request("GET", target, {"host": HOST}, io.BytesIO(b""))  # type: ignore[arg-type]
    with pytest.raises(Refused):
        check_presigned(request, credentials=OURS, region="us-east-1", now=datetime(2026, 11, 25, tzinfo=UTC))


READY = Ready("http://a", "http://b", "r", "t", "b", Keys("a", "r", "x"), 1, "q", "AKIA", "s")


def test_a_ready_file_appears_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    for _ in range(2):
        with ready_file(path, READY):
            assert json.loads(path.read_text())["pid"] == 1
            assert path.stat().st_mode & 0o077 == 0
        assert not path.exists()
    path.write_text(READY.to_json())  # of one that was killed
    with ready_file(path, READY):
        pass


@pytest.mark.parametrize("content", ["", "my thesis", "[1]", '{"a": 1}', "[" * 10_000])
def test_somebody_elses_file_is_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine"
    path.write_text(content)
    with pytest.raises(ReadyFileUnusable, match="no emulator wrote it"), ready_file(path, READY):
        pass
    assert path.read_text() == content


@pytest.mark.parametrize("kind", ["device", "link", "folder", "empty"])
def test_what_is_no_file_is_left_alone(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    target.write_text(READY.to_json())
    (tmp_path / "link").symlink_to(target)
    path = {"device": Path("/dev/null"), "link": tmp_path / "link", "folder": tmp_path, "empty": Path("")}[kind]
    with pytest.raises(ReadyFileUnusable, match="not a regular file"), ready_file(path, READY):
        pass
    assert Path("/dev/null").is_char_device()
    assert target.exists()


def test_a_file_that_was_replaced_meanwhile_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    with ready_file(path, READY):
        path.write_text("another's")
    assert path.read_text() == "another's"


def presigned(*, credentials: Credentials = OURS) -> dict[str, Any]:
    request = AWSRequest("PUT", f"http://{HOST}/b/k", headers={"Host": HOST})
    S3SigV4QueryAuth(credentials, "s3", "us-east-1", expires=60).add_auth(request)
    target = str(request.url).removeprefix(f"http://{HOST}")
    date = target.partition("X-Amz-Date=")[2].partition("&")[0]
    return {
        "RAW_URI": target, "REQUEST_METHOD": "PUT", "HTTP_HOST": HOST,
        "wsgi.input": io.BytesIO(b"x"), "CONTENT_LENGTH": "1", "signed at": date,
    }  # fmt: skip


def test_a_presigned_url_gets_in() -> None:
    assert ask(presigned()) == "200"


@pytest.mark.parametrize(
    "header", ["AWS4-HMAC-SHA256\t", "AWS4-HMAC-SHA256 ", "\xa0", "Bearer x", "AWS4-HMAC-SHA256\x0b"]
)
def test_a_presigned_url_and_a_header_are_one_too_many(header: str) -> None:
    """moto routes by the header: with a URL for one object one could write parameters."""
    scope = "Credential=AKIAOURS/20261125/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
    assert ask(presigned() | {"HTTP_AUTHORIZATION": header + scope}) == "400"


@pytest.mark.parametrize("space", ["\t", "  ", " \t "])
def test_white_space_behind_the_scheme_is_no_way_around_the_signature(space: str) -> None:
    environ, forged = signed(), signed(credentials=Credentials("AKIAOURS", "guess"))
    for each in (environ, forged):
        each["HTTP_AUTHORIZATION"] = each["HTTP_AUTHORIZATION"].replace(" ", space, 1)
    assert (ask(environ), ask(forged)) == ("200", "403")


def test_a_claim_is_made_once() -> None:
    environ = signed()
    environ["HTTP_AUTHORIZATION"] += f",{environ['HTTP_AUTHORIZATION']}"
    assert ask(environ) == "400"


def test_a_presigned_request_is_s3s_whatever_its_body_looks_like() -> None:
    dispatcher = Dispatcher()
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "30", "PATH_INFO": "/b/k"}
    environ = form | {"wsgi.input": io.BytesIO(b"Action=x&Version=2009-04-15&a="), SERVICE: "s3"}
    assert dispatcher.infer_service_region_host(environ, "/b/k") == "s3.us-east-1.amazonaws.com"


@each_case(
    ("service", "path"), [("s3", "/latest/meta-data/x"), ("s3", "/favicon.ico"), ("sqs", "/favicon.ico"), ("sqs", "/")]
)
def test_a_first_request_with_a_path_of_motos_own_is_its_services_as_all_after_it(service: str, path: str) -> None:
    dispatcher, scope = Dispatcher(), f"AKIAOURS/20261125/us-east-1/{service}/aws4_request"
    head = {
        SERVICE: service,
        "HTTP_AUTHORIZATION": f"{ALGORITHM} Credential={scope}, SignedHeaders=host",
        "HTTP_HOST": "h",
    }
    found = [dispatcher.get_application(head | {"PATH_INFO": each}).service for each in (path, "/b/k")]
    assert found == [service, service]


@pytest.mark.parametrize(
    "declared", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", "abc", "0" * 63, "A" * 64]
)
def test_a_body_that_was_not_signed_is_refused(declared: str) -> None:
    assert ask(signed("s3", declared=declared)) == "400"


def test_a_declared_digest_is_the_bodys() -> None:
    digest = hashlib.sha256(b"{}").hexdigest()
    assert ask(signed("s3", declared=digest)) == "200"
    assert ask(signed("s3", declared=digest, body=b"other")) == "400"


@pytest.mark.parametrize("host", ["[", "]", "a[b]", "[::1", "\u2100", "a/b", "", "x@y", "a:b:c"])
def test_a_host_that_is_none_is_refused_and_no_fault(host: str) -> None:
    assert ask(presigned() | {"HTTP_HOST": host}) in ("400", "403")
    assert ask(signed() | {"HTTP_HOST": host}) in ("400", "403")


@pytest.mark.parametrize("date", ["99991231T235959Z", "00010101T000000Z"])
def test_the_ends_of_time_are_refused_and_no_fault(date: str) -> None:
    target = presigned()["RAW_URI"]
    old = target.partition("X-Amz-Date=")[2][:16]
    for expires in ("60", "604800"):
        changed = target.replace(old, date).replace("Expires=60", f"Expires={expires}")
        assert ask(presigned() | {"RAW_URI": changed}) in ("400", "403")
    assert ask(signed() | {"HTTP_X_AMZ_DATE": date}, now=datetime.now(UTC)) == "403"


def test_a_body_that_moto_would_keep_as_another_is_refused() -> None:
    """Its checksum would be that of what was sent, and not of what is kept."""
    assert ask(presigned() | {"HTTP_CONTENT_ENCODING": "gzip, AWS-Chunked"}) == "501"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff"])
def test_a_receive_that_is_no_json_is_no_fault(body: bytes) -> None:
    environ = signed("sqs", body=body, target="AmazonSQS.ReceiveMessage")
    assert ask(environ) == ("200" if not body else "400")


def test_without_a_proof_in_the_head_a_body_is_small() -> None:
    """It is kept on the disk until its signature can be checked."""
    length = {"CONTENT_LENGTH": str(10**9)}
    sent = [presigned(), signed("s3"), signed("s3", credentials=Credentials("AKIAOURS", "guess")), signed(), {}]
    heads = [each | length for each in (*sent, presigned(credentials=Credentials("AKIAOURS", "guess")))]
    most = [
        endpoint_for(head).most_bytes({"REQUEST_METHOD": "PUT", "RAW_URI": "/", "wsgi.input": None} | head)
        for head in heads
    ]
    assert most == [PROVEN_BYTES, PROVEN_BYTES, *[UNPROVEN_BYTES] * 4]


@given(st.dictionaries(st.sampled_from(["HTTP_HOST", "HTTP_AUTHORIZATION", "HTTP_X_AMZ_DATE", "RAW_URI"]), st.text()))
def test_garbled_heads_are_refused_and_no_fault(changes: dict[str, str]) -> None:
    for environ in (signed(), presigned()):
        assert ask(environ | changes, now=datetime.now(UTC)) in ("200", "400", "403")


def test_the_body_is_still_there_for_moto() -> None:
    environ = signed("sqs", body=b"x" * 5_000)
    assert ask(environ) == "200"
    assert io.BytesIO(environ["wsgi.input"].read()).read() == b"x" * 5_000
