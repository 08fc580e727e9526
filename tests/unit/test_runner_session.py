"""What each answer of a control plane means to a runner."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from benchfleet_contract.states import HeartbeatStatus
from benchfleet_contract.tasks import AssignedTask, ClaimReply, ClaimRequest, CompleteRequest, HeartbeatRequest

from runner_image.control.loop import claimable_later
from runner_image.control.session import (
    Busy,
    LeaseLost,
    NotFound,
    Refused,
    Session,
    SessionError,
    Unauthorized,
    Unreachable,
)
from tests.each_case import each_case

TASK = AssignedTask(
    id="r.1", provider="local", instance_type="box", instance_type_alias=None, run_number=1, ruby_version=None,
    run_id="r", workload="mock", workload_options={}, attempt=1, max_attempts=3, lease_until="", next_heartbeat_in_s=1,
)  # fmt: skip
CLAIM_REQUEST = ClaimRequest(provider="p", instance_type="t", runner_id="r")
BEAT = HeartbeatRequest(runner_id="r", status=HeartbeatStatus.BOOT)
SERVER_NOW = datetime(2020, 1, 1, 12, 0, 0, tzinfo=UTC)


def session(answer: Callable[[httpx.Request], httpx.Response], *, base: str = "http://x/stage") -> Session:
    return Session(base, api_key="sesame", transport=httpx.MockTransport(answer), clock=lambda: 1000.0)


def fixed(status: int, body: Any = None, **headers: str) -> Session:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else json.dumps(body).encode()
    return session(lambda _request: httpx.Response(status, content=content, headers=named))


ON_A_TASK = [
    (401, Unauthorized),
    (403, LeaseLost),
    (404, NotFound),
    (409, LeaseLost),
    (400, Refused),
    (302, Refused),
    (429, Busy),
    (503, Busy),
]


@each_case(("status", "kind"), ON_A_TASK)
def test_statuses_on_a_task(status: int, kind: type[SessionError]) -> None:
    with closing(fixed(status, {"error": "no", "code": "why"})) as asked, pytest.raises(SessionError) as raised:
        asked.complete("r1.1", CompleteRequest(runner_id="r", s3_result_key="k"))
    assert type(raised.value) is kind
    assert getattr(raised.value, "code", "why") == "why"


def test_a_token_refused_is_a_lease_that_ended() -> None:
    with closing(fixed(401, {"error": "Unauthorized"})) as asked, pytest.raises(LeaseLost):
        asked.of_attempt("attempt-1-x").complete("r1.1", CompleteRequest(runner_id="r", s3_result_key="k"))


def test_only_the_attempts_own_requests_carry_its_token() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200, json={"status": "done"})

    with closing(session(answer)) as asked:
        mine = asked.of_attempt("attempt-1-x")
        assert asked.of_attempt(None) is asked
        mine.complete("r1.1", CompleteRequest(runner_id="r", s3_result_key="k"))
        asked.claim("r1", CLAIM_REQUEST)
    assert seen == ["Bearer attempt-1-x", "Bearer sesame"]


def test_what_an_attempt_says_goes_under_the_id_of_its_claim() -> None:
    seen: list[str | None] = []
    claimed = ClaimReply(status="assigned", task=TASK).model_dump(mode="json", exclude_unset=True)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("benchfleet-correlation-id"))
        return httpx.Response(200, json=claimed, headers={"Benchfleet-Correlation-Id": "c-1"})

    with closing(session(answer)) as asked:
        mine = asked.of_attempt(None, correlation_id=asked.claim("r1", CLAIM_REQUEST).correlation_id)
        mine.complete("r1.1", CompleteRequest(runner_id="r", s3_result_key="k"))
        asked.claim("r1", CLAIM_REQUEST)
    assert seen == [None, "c-1", None]


def test_no_message_holds_a_token() -> None:
    with (
        closing(fixed(400, {"error": "no attempt-1-x", "code": "attempt-1-x"})) as asked,
        pytest.raises(Refused) as raised,
    ):
        asked.of_attempt("attempt-1-x").complete("r1.1", CompleteRequest(runner_id="r", s3_result_key="k"))
    assert "attempt-1-x" not in f"{raised.value} {raised.value.code}"


def test_a_wrong_base_url_is_no_run_that_may_still_appear() -> None:
    unrouted = {"error": "No route", "code": "no_such_route"}
    with closing(fixed(404, unrouted)) as asked, pytest.raises(Refused) as raised:
        asked.claim("r1", CLAIM_REQUEST)
    assert not claimable_later(raised.value)
    with (
        closing(fixed(404, {"error": "Run not found", "code": "run_not_found"})) as asked,
        pytest.raises(NotFound) as later,
    ):
        asked.claim("r1", CLAIM_REQUEST)
    assert claimable_later(later.value)


def test_forbidden_on_a_claim_is_a_matter_of_the_key() -> None:
    with closing(fixed(403)) as asked, pytest.raises(Unauthorized):
        asked.claim("r1", CLAIM_REQUEST)


@each_case(("header", "expected"), [("7", 7.0), ("-3", 0.0), ("soon", None)])
def test_retry_after(header: str, expected: float | None) -> None:
    with closing(fixed(503, Retry_After=header)) as asked, pytest.raises(Busy) as raised:
        asked.claim("r1", CLAIM_REQUEST)
    assert raised.value.retry_after_s == expected


def test_retry_after_as_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    with closing(fixed(429, Retry_After=date)) as asked, pytest.raises(Busy) as raised:
        asked.claim("r1", CLAIM_REQUEST)
    assert raised.value.retry_after_s == pytest.approx(60, abs=2)


@each_case(
    ("body", "status", "wait"),
    [
        (None, "done", None),
        ({}, "done", None),
        ({"status": None}, "done", None),
        ({"status": ""}, "done", None),
        ({"status": "wait", "retry_after_seconds": 5}, "wait", 5),
        ({"status": "later-than-we-know"}, "wait", 30),
        ({"status": "broken", "error": "x"}, "done", 30),
    ],
)
def test_what_a_claim_may_be_told(body: Any, status: str, wait: int | None) -> None:
    with closing(fixed(200, body)) as asked:
        reply = asked.claim("r1", CLAIM_REQUEST).reply
    assert (reply.status, reply.retry_after_seconds, reply.task) == (status, wait, None)


@each_case("content", [b"<html>sign in</html>", b"[]", b'{"status": "assigned", "task": {}}'])
def test_a_strangers_answer_is_no_answer(content: bytes) -> None:
    with closing(session(lambda _request: httpx.Response(200, content=content))) as asked, pytest.raises(Unreachable):
        asked.claim("r1", CLAIM_REQUEST)


def test_a_connection_that_fails_is_no_answer_and_tells_no_key() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with closing(session(refuse)) as asked, pytest.raises(Unreachable) as raised:
        asked.heartbeat("r1.1", BEAT)
    assert "sesame" not in str(raised.value)


def test_paths_keep_the_prefix_and_odd_ids_stay_one_segment() -> None:
    seen: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(200)

    for base in ("http://x/stage", "http://x/stage/"):
        with closing(session(note, base=base)) as asked:
            asked.claim("a/b", CLAIM_REQUEST)
    assert seen == ["/stage/runs/a%2Fb/tasks/claim"] * 2


@each_case(("lease_s", "expected"), [(120, 1120.0), (0, 1020.0)])
def test_a_lease_counts_from_before_the_call_by_the_servers_clock(lease_s: int, expected: float) -> None:
    reply = {
        "message": "Heartbeat received",
        "cancel": False,
        "lease_until": (SERVER_NOW + timedelta(seconds=lease_s)).isoformat().replace("+00:00", "Z"),
        "next_heartbeat_in_s": 10,
    }
    with closing(fixed(200, reply, Date=format_datetime(SERVER_NOW, usegmt=True))) as asked:
        assert asked.heartbeat("r1.1", BEAT).lease_ends == expected
