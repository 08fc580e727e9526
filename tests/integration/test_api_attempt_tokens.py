"""Each attempt has a token of its own: what it opens, what it does not, and that the fleet's key opens it no more."""

from typing import Any

import httpx
import pytest

from tests.integration.api_client import Api, Json

RUNNER = "runner-1"
SAYINGS: list[tuple[str, str, Json]] = [
    ("POST", "heartbeat", {"status": "running"}),
    ("POST", "fail", {"error_type": "benchmark_failed", "error_message": "exit 1"}),
    ("POST", "complete", {"s3_result_key": "made-up"}),
    ("GET", "upload-urls", {}),
]


def bound(api: Api, **changes: Any) -> Json:
    """The reply to a claim that asked for a token."""
    reply = api.claim(api.create(**changes)["run_id"], runner_id=RUNNER, attempt_token=True)
    assert reply["status"] == "assigned"
    return reply


def say(api: Api, task_id: str, saying: tuple[str, str, Json], key: str, **more: Any) -> httpx.Response:
    method, verb, body = saying
    said = {"runner_id": RUNNER} | body | more
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/tasks/{task_id}/{verb}"
    if method == "GET":
        return api(method, path, role=None, headers=headers, params=said)
    return api(method, path, said, role=None, headers=headers)


@pytest.mark.parametrize("saying", SAYINGS, ids=lambda saying: saying[1])
def test_the_token_says_all_that_is_to_be_said_of_its_attempt(api: Api, saying: tuple[str, str, Json]) -> None:
    reply = bound(api)
    assert say(api, reply["task"]["id"], saying, reply["attempt_token"]).status_code == 200


@pytest.mark.parametrize("saying", SAYINGS, ids=lambda saying: saying[1])
def test_the_fleets_key_may_not_speak_for_it_and_an_admin_may(api: Api, saying: tuple[str, str, Json]) -> None:
    task_id = bound(api)["task"]["id"]
    refused = say(api, task_id, saying, api.ready.keys.runner)
    assert (refused.status_code, refused.json()["code"]) == (403, "attempt_token_needed")
    assert api.task(task_id)["status"] == "claimed"
    assert say(api, task_id, saying, api.ready.keys.admin).status_code == 200


@pytest.mark.parametrize("saying", SAYINGS, ids=lambda saying: saying[1])
def test_a_token_opens_no_other_task_and_tells_nothing_of_it(api: Api, saying: tuple[str, str, Json]) -> None:
    token, other = bound(api)["attempt_token"], bound(api)["task"]["id"]
    replies = [say(api, task_id, saying, token) for task_id in (other, "nope.1", "nope")]
    assert {reply.status_code for reply in replies} == {401}
    assert len({reply.text for reply in replies}) == 1
    assert api.task(other)["status"] == "claimed"


def test_a_token_claims_nothing_and_reads_nothing(api: Api) -> None:
    reply = bound(api)
    headers = {"Authorization": f"Bearer {reply['attempt_token']}"}
    request = {"provider": "local", "instance_type": "docker", "runner_id": RUNNER}
    for path in (f"/runs/{reply['task']['run_id']}/tasks/claim", "/claim", "/runs"):
        assert api("POST", path, request, role=None, headers=headers).status_code == 401


def test_a_token_speaks_for_its_own_attempt_only(api: Api) -> None:
    reply = bound(api)
    task_id, token = reply["task"]["id"], reply["attempt_token"]
    assert say(api, task_id, SAYINGS[0], token, attempt=2).status_code == 401
    assert say(api, task_id, SAYINGS[0], token, attempt=1).status_code == 200


def test_a_token_ends_with_its_lease(api: Api) -> None:
    first = bound(api, max_attempts=2)
    task_id, run_id = first["task"]["id"], first["task"]["run_id"]
    handed_back = ("POST", "fail", {"error_type": "upload_failed", "error_message": "no store"})
    assert say(api, task_id, handed_back, first["attempt_token"]).status_code == 200
    second = api.claim(run_id, runner_id="runner-2", attempt_token=True)
    assert (second["task"]["id"], second["task"]["attempt"]) == (task_id, 2)
    late = say(api, task_id, SAYINGS[0], first["attempt_token"])
    assert (late.status_code, late.json()["code"]) == (409, "lease_lost")
    assert say(api, task_id, SAYINGS[0], second["attempt_token"], runner_id="runner-2").status_code == 200


def test_an_attempt_that_asked_for_no_token_after_one_that_did(api: Api) -> None:
    """A client that knows no tokens goes on with the key that it has."""
    first = bound(api, max_attempts=2)
    task_id, run_id = first["task"]["id"], first["task"]["run_id"]
    handed_back = ("POST", "fail", {"error_type": "upload_failed", "error_message": "no store"})
    assert say(api, task_id, handed_back, first["attempt_token"]).status_code == 200
    second = api.claim(run_id, runner_id="runner-2")
    assert "attempt_token" not in second
    beat = say(api, task_id, SAYINGS[0], api.ready.keys.runner, runner_id="runner-2")
    assert beat.status_code == 200


def test_the_outcome_can_be_said_again_with_the_token(api: Api) -> None:
    reply = bound(api)
    done = ("POST", "complete", {"s3_result_key": reply["presigned_urls"]["result_key"]})
    for _ in range(2):
        assert say(api, reply["task"]["id"], done, reply["attempt_token"]).status_code == 200
    assert say(api, reply["task"]["id"], SAYINGS[0], reply["attempt_token"]).status_code == 409


def test_a_cancelled_task_is_told_so(api: Api) -> None:
    reply = bound(api)
    api("POST", f"/runs/{reply['task']['run_id']}/stop")
    late = say(api, reply["task"]["id"], SAYINGS[0], reply["attempt_token"])
    assert (late.status_code, late.json()["code"], late.json()["cancel"]) == (409, "task_cancelled", True)


def test_a_copy_of_the_claim_gets_the_same_token(api: Api) -> None:
    run_id = api.create(per_instance_type={"tasks": 2})["run_id"]
    request: dict[str, Any] = {"runner_id": RUNNER, "claim_token": "one-request", "attempt_token": True}
    first, second = api.claim(run_id, **request), api.claim(run_id, **request, retry=True)
    assert first["task"]["id"] == second["task"]["id"]
    assert first["attempt_token"] == second["attempt_token"]
    assert first["attempt_token"] not in api("GET", f"/tasks/{first['task']['id']}").text


@pytest.mark.parametrize("asked", [None, False, 1, "yes", []])
def test_nothing_but_true_asks_for_a_token(api: Api, asked: Any) -> None:
    assert "attempt_token" not in api.claim(api.create()["run_id"], attempt_token=asked)


def test_any_run_as_well(api: Api) -> None:
    run_id = api.create(local=[{"instance_type": "for-any-run"}])["run_id"]
    request = {"provider": "local", "instance_type": "for-any-run", "runner_id": RUNNER, "attempt_token": True}
    reply = api("POST", "/claim", request, role="runner").json()
    assert reply["task"]["run_id"] == run_id
    assert say(api, reply["task"]["id"], SAYINGS[0], reply["attempt_token"]).status_code == 200
