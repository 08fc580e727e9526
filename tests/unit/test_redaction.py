"""No message ever holds a key, whatever a server or an environment puts into it."""

import base64
import traceback
from urllib.parse import quote

import httpx
import pytest
from benchfleet import Client
from benchfleet.api.http_clients import options_for
from benchfleet.api.retries import retry_after_s
from benchfleet.exceptions import ApiError, AuthError, BenchfleetError, UsageError
from benchfleet_contract.proxies import is_loopback, proxy_problem
from benchfleet_contract.redaction import redacted
from benchfleet_contract.states import HeartbeatStatus
from benchfleet_contract.tasks import HeartbeatRequest
from hypothesis import given
from hypothesis import strategies as st

from runner_image.control.session import Busy, SessionError
from runner_image.control.session import Session as RunnerSession
from tests.each_case import each_case

KEY = "bf_admin_S3cretS3cretS3cret/+x9"
ECHOES = [
    KEY, KEY.upper(), KEY[:20], KEY[5:], f"Bearer {KEY}", quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode(),
    base64.b64encode(f"Bearer {KEY}".encode()).decode(), f"x{KEY}y{KEY}",
]  # fmt: skip


@each_case("echo", ECHOES)
def test_a_key_is_taken_out_in_every_form(echo: str) -> None:
    told = redacted(f"before {echo} after", KEY)
    assert told.startswith("before ")
    assert told.endswith(" after")
    assert not [at for at in range(len(KEY) - 11) if KEY[at : at + 12].lower() in told.lower()]
    assert "[key]" in told


@given(st.text(), st.none() | st.text(min_size=1, max_size=40))
def test_redacting_never_fails_and_leaves_no_key(text: str, key: str | None) -> None:
    told = redacted(text + (key or ""), key)
    if key and key not in "[key]":
        assert key.lower() not in told.lower().replace("[key]", "")


def test_a_signature_is_taken_out() -> None:
    told = redacted("GET https://s3/x?X-Amz-Credential=AKIA/2026&X-Amz-Signature=abc123 failed", None)
    assert told == "GET https://s3/x?X-Amz-Credential=[key]&X-Amz-Signature=[key] failed"


def everything(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error)) + str(error.args)


@each_case("status", [400, 401, 403, 404, 409, 429, 500])
@each_case("field", ["message", "error", "Message", "code", "problems"])
@each_case("echo", [KEY, f"Authorization=Bearer {KEY}", KEY[:16]])
def test_whatever_a_server_says_no_error_holds_the_key(status: int, field: str, echo: str) -> None:
    said = [{"field": echo, "message": echo}] if field == "problems" else f"invalid: {echo}"
    answer = httpx.MockTransport(lambda _: httpx.Response(status, json={field: said}))
    client = Client("http://api.test", key=KEY, transport=answer, repeats=False)
    with client, pytest.raises(BenchfleetError) as failed:
        client.run("r")
    assert echo not in everything(failed.value)
    with pytest.raises(SessionError) as refused:
        RunnerSession("http://api.test", api_key=KEY, transport=answer).upload_urls("r.1", {})
    assert echo not in everything(refused.value)


def test_a_gateways_refusal_names_the_address() -> None:
    said = {"message": f"'{KEY}' not a valid key=value pair in Authorization header: 'Bearer {KEY}'"}
    answer = httpx.MockTransport(lambda _: httpx.Response(403, json=said))
    with Client("https://api.test/wrong", key=KEY, transport=answer) as client, pytest.raises(ApiError) as failed:
        client.run("r")
    assert not isinstance(failed.value, AuthError)
    assert failed.value.exit_code == 3
    assert str(failed.value).startswith("https://api.test/wrong/runs/r answered HTTP 403")
    assert "is the stage missing" in str(failed.value)


def test_our_own_403_stays_a_matter_of_keys() -> None:
    answer = httpx.MockTransport(lambda _: httpx.Response(403, json={"error": "not allowed", "code": "forbidden"}))
    with Client("https://api.test", key=KEY, transport=answer) as client, pytest.raises(AuthError, match="not allowed"):
        client.run("r")


@each_case(
    ("host", "local"),
    [
        ("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("a.localhost", True),
        ("LOCALHOST.", True), ("10.0.0.1", False), ("localhost.example.com", False), ("", False), ("127.0.0.1.nip.io", False),
    ],
)  # fmt: skip
def test_what_counts_as_this_machine(host: str, local: bool) -> None:
    assert is_loopback(host) is local


SOCKS, FTP = {"ALL_PROXY": "socks5://u:pw@127.0.0.1:9"}, {"HTTPS_PROXY": "ftp://u:pw@127.0.0.1:9"}


@each_case(
    ("environment", "host", "named"),
    [
        (SOCKS, "127.0.0.1", None), (SOCKS, "::1", None), (SOCKS, "api.test", "ALL_PROXY"), (FTP, "127.0.0.1", "HTTPS_PROXY"),
        (FTP, "api.test", "HTTPS_PROXY"), ({"http_proxy": "proxy:3128"}, "api.test", None),
        ({"http_proxy": ""}, "api.test", None),
        ({"all_proxy": "::"}, "api.test", "all_proxy"), ({"NO_PROXY": "ftp://x"}, "api.test", None),
    ],
)  # fmt: skip
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    environment: dict[str, str], host: str, named: str | None
) -> None:
    problem = proxy_problem(environment, loopback=is_loopback(host), socks=False)
    if named is None:
        assert problem is None
        return
    assert named in (problem or "")
    assert "pw" not in (problem or "")


def test_a_client_says_which_variable_cannot_be_used() -> None:
    with pytest.raises(UsageError, match="HTTPS_PROXY"):
        options_for("api.test", FTP)
    assert options_for("localhost", {})["trust_env"] is False


DATES = [
    "Wed, 25 Nov 2026 00:00:00 -0000",
    "Wed, 25 Nov 2026 00:00:00",
    "x, y",
    "",
    "Wed, 25 Nov 2026 00:00:00 GMT, " * 2,
]


@each_case("date", [*DATES, "Wed, 99 Nov 2026 00:00:00 GMT", "1" * 5_000, "Wed, 25 Nov 9999999 00:00:00 GMT"])
@each_case("until", ["2026-11-25T00:02:00Z", "2026-11-25T00:02:00", "never"])
def test_no_date_of_a_server_ends_a_slot(date: str, until: str) -> None:
    reply = {"message": "ok", "lease_until": until, "next_heartbeat_in_s": 30, "cancel": False}
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json=reply, headers={"Date": date}))
    session = RunnerSession("http://api.test", api_key=KEY, transport=answer, clock=lambda: 0.0)
    found = session.heartbeat("r.1", HeartbeatRequest(runner_id="x", status=HeartbeatStatus.RUNNING))
    assert found.lease_ends >= 60
    if date in DATES[:2] and until != "never":
        assert found.lease_ends == 120


@each_case("date", [*DATES, "nan", "inf", "-1", "1" * 5_000])
def test_no_retry_after_of_a_server_ends_a_slot(date: str) -> None:
    busy = httpx.MockTransport(lambda _: httpx.Response(503, headers={"Retry-After": date}))
    with pytest.raises(Busy) as told:
        RunnerSession("http://api.test", api_key=KEY, transport=busy).upload_urls("r.1", {})
    assert told.value.retry_after_s is None or told.value.retry_after_s >= 0
    assert retry_after_s(date, now_s=0) is None or (retry_after_s(date, now_s=0) or 0) >= 0
