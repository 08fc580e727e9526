"""What stands around every route: who is let in, and how results and refusals look on the wire."""

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import Any

import pytest
from benchfleet_contract.message import Message
from benchfleet_contract.problems import Problem
from benchfleet_contract.tasks import ClaimReply, HeartbeatReply

from chalicelib.api.endpoint import (
    ADMIN,
    ANYONE,
    RUNNER,
    answer,
    answer_holder,
    refused,
    reply,
    status_of,
)
from chalicelib.domain import errors
from chalicelib.domain.ports import Holder
from chalicelib.services.keyring import Keyring
from chalicelib.settings import Settings
from tests.each_case import each_case
from tests.unit.api_requests import asked, told

KEYS = {role: [hashlib.sha256(f"{role}'s".encode()).hexdigest()] for role in ("admin", "runner", "reader")}


@dataclass(frozen=True)
class Guarded:
    """A control plane with a key for each role."""

    public_read: bool = False

    @property
    def keyring(self) -> Keyring:
        return Keyring(lambda: json.dumps(KEYS))

    @property
    def settings(self) -> Settings:
        return Settings("table", "bucket", "queue", "keys", self.public_read)


class Calls:
    """A route's own work: counts how often it was done, and for whom."""

    def __init__(self) -> None:
        self.holders: list[Holder] = []
        self.made = 0

    def __call__(self) -> Message:
        self.made += 1
        return Message(message="done")

    def of_holder(self, holder: Holder) -> Message:
        self.holders.append(holder)
        return self()


def come_in(key: str | None, allowed: frozenset[str], *, public_read: bool = False) -> tuple[int, Any, int]:
    """Status, document, and how often the route's work was done."""
    calls = Calls()
    status, document = told(answer(asked(key=key), allowed, calls, doors=lambda: Guarded(public_read)))
    return status, document, calls.made


@each_case(
    ("allowed", "roles"), [(ADMIN, ["admin"]), (RUNNER, ["admin", "runner"]), (ANYONE, ["admin", "runner", "reader"])]
)
def test_a_route_is_open_to_its_roles_alone(allowed: frozenset[str], roles: list[str]) -> None:
    for role in KEYS:
        status, document, made = come_in(f"Bearer {role}'s", allowed)
        if role in roles:
            assert (status, document, made) == (200, {"message": "done"}, 1)
        else:
            assert (status, document["code"], made) == (403, "forbidden", 0)


@each_case("key", [None, "Bearer wrong"])
@each_case("allowed", [ADMIN, RUNNER, ANYONE])
def test_nothing_is_done_for_who_has_no_key(key: str | None, allowed: frozenset[str]) -> None:
    assert come_in(key, allowed) == (401, {"error": "Unauthorized", "code": "unauthorized"}, 0)


def test_public_reading_opens_the_routes_of_readers_and_no_other() -> None:
    assert come_in(None, ANYONE, public_read=True)[::2] == (200, 1)
    for allowed in (ADMIN, RUNNER):
        assert come_in(None, allowed, public_read=True)[::2] == (401, 0)


def test_a_tasks_holder_comes_in_by_its_token_or_a_runners_key() -> None:
    calls, token = Calls(), Guarded().keyring.signer()("r.1", 3)
    for key in (f"Bearer {token}", "Bearer runner's", "Bearer admin's"):
        assert told(answer_holder(asked(key=key, task_id="r.1"), calls.of_holder, doors=Guarded)) == (
            200,
            {"message": "done"},
        )
    assert calls.holders == [Holder(3), Holder(None, fleet_key=True), Holder(None)]


@each_case(
    ("key", "task_id", "status"),
    [("token", "r.2", 401), ("token", None, 401), (None, "r.1", 401), ("Bearer reader's", "r.1", 403)],
)
def test_nobody_else_speaks_for_a_task(key: str | None, task_id: str | None, status: int) -> None:
    calls, token = Calls(), Guarded().keyring.signer()("r.1", 3)
    request = asked(key=token if key == "token" else key, task_id=task_id)
    assert answer_holder(request, calls.of_holder, doors=Guarded).status_code == status
    assert not calls.made


def test_an_answer_is_compact_json_with_the_routes_own_status() -> None:
    response = answer(asked(key="admin's"), ADMIN, lambda: Message(message="é"), status=201, doors=Guarded)
    assert (response.status_code, response.body) == (201, '{"message":"\\u00e9"}')
    assert response.headers == {"Content-Type": "application/json; charset=utf-8"}


def test_a_fault_of_ours_is_a_500_that_tells_nothing_and_is_logged_whole(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Message:
        raise RuntimeError("secret words")

    response = answer(asked(key="admin's"), ADMIN, broken, doors=Guarded)
    assert told(response) == (500, {"error": "Internal error", "code": "internal_error"})
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert "POST /runs/{run_id}" in record.getMessage()
    assert "secret words" in str(record.exc_info)


# refusals


def test_a_refusal_keeps_its_words_code_and_problems() -> None:
    problem = Problem(field="lease_s", value=0, message="too short", remedy="at least 30")
    status, document = told(refused(errors.InvalidRun(["two", "words"], problems=[problem])))
    assert status == 400
    assert document == {
        "error": ["two", "words"], "code": "invalid_run",
        "problems": [{"field": "lease_s", "value": 0, "message": "too short", "remedy": "at least 30"}],
    }  # fmt: skip
    assert "problems" not in told(refused(errors.RunNotFound()))[1]


@each_case(
    ("refusal", "stop"),
    [
        (errors.LeaseLost("x"), True), (errors.TaskFinished("x"), True), (errors.TaskCancelled("x"), True),
        (errors.RunExists(), False), (errors.InvalidRunner(), False), (errors.Unavailable("x"), False),
    ],
)  # fmt: skip
def test_a_runner_is_told_to_stop_working_where_its_attempt_is_over(refusal: errors.Refusal, stop: bool) -> None:
    document = told(refused(refusal))[1]
    assert document.get("cancel", False) is stop
    assert ("cancel" in document) is stop


def test_only_what_may_work_later_says_when() -> None:
    later = refused(errors.Unavailable("busy", retry_after_s=7, code="being_created"))
    assert (later.status_code, later.headers["Retry-After"]) == (503, "7")
    assert later.headers["Content-Type"] == refused(errors.RunNotFound()).headers["Content-Type"]
    assert "Retry-After" not in refused(errors.RunNotFound()).headers


@each_case(
    ("headers", "status"),
    [({}, 400), ({"Benchfleet-Codes": "1"}, 409), ({"benchfleet-codes": " 1 "}, 409), ({"Benchfleet-Codes": "0"}, 400)],
)
def test_who_asks_for_our_codes_gets_them(headers: dict[str, str], status: int) -> None:
    def taken() -> Message:
        raise errors.RunExists

    response = answer(asked(key="admin's", headers=headers), ADMIN, taken, doors=Guarded)
    assert told(response)[0] == status
    assert told(response)[1]["code"] == "run_exists"


def test_a_kind_has_the_status_of_the_nearest_kind_above_it() -> None:
    assert [status_of(kind) for kind in (errors.InvalidRun, errors.LeaseLost, errors.RunNotFound)] == [400, 409, 404]
    assert [status_of(errors.RunExists, ours=ours) for ours in (False, True)] == [400, 409]
    assert refused(errors.RunExists()).status_code == status_of(errors.RunExists) == 400
    assert status_of(errors.RunNotRunning, ours=True) == 422


def test_a_claim_without_a_task_names_none_of_a_tasks_keys() -> None:
    assert told(reply(ClaimReply(status="wait", retry_after_seconds=30))) == (
        200,
        {"status": "wait", "retry_after_seconds": 30},
    )
    beat = HeartbeatReply(message="m", cancel=False, lease_until="t", next_heartbeat_in_s=9)
    assert set(told(reply(beat))[1]) == set(HeartbeatReply.model_fields) - {
        "executor"
    }  # of runners that announced themselves
