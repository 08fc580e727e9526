"""Keeping and ending a task over HTTP: order of checks, words, late calls and repeats."""

from typing import Any

import httpx
import pytest

from tests.each_case import each_case
from tests.integration.api_client import Api, Json

ACTIONS = {
    "heartbeat": {"status": "running"},
    "complete": {"s3_result_key": "x"},
    "fail": {"error_type": "benchmark_failed", "error_message": "exit 1"},
}
RUNNER = {"runner_id": "runner-1"}


def act(api: Api, task_id: str, verb: str, **body: Any) -> httpx.Response:
    return api("POST", f"/tasks/{task_id}/{verb}", RUNNER | body, role="runner")


def complete(api: Api, claimed: Json, **body: Any) -> httpx.Response:
    key = {"s3_result_key": claimed["presigned_urls"]["result_key"]}
    return act(api, claimed["task"]["id"], "complete", **(key | body))


def refusal(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]


@each_case("verb", ACTIONS)
@each_case("task_id", ["nope.1", "nope", "7", "nope.0", "nope.01", "nope.x"])
def test_unknown_tasks_are_not_found_whatever_the_body_says(api: Api, verb: str, task_id: str) -> None:
    for body in ({}, ACTIONS[verb]):
        assert refusal(act(api, task_id, verb, **body)) == (404, "Task not found")


@pytest.mark.parametrize("verb", ACTIONS)
@pytest.mark.parametrize("runner_id", ["another", "", None])
def test_the_task_of_another_comes_before_a_bad_body(api: Api, verb: str, runner_id: str | None) -> None:
    task_id = api.leased()["task"]["id"]
    for body in ({}, ACTIONS[verb]):
        reply = api("POST", f"/tasks/{task_id}/{verb}", body | {"runner_id": runner_id}, role="runner")
        assert refusal(reply) == (403, "Invalid runner_id")


@pytest.mark.parametrize("verb", ACTIONS)
@pytest.mark.parametrize("runner_id", ["", None])
def test_a_task_that_nobody_holds_belongs_to_no_runner(api: Api, verb: str, runner_id: str | None) -> None:
    """In the reference system null equalled null: a caller without a name ended tasks that nobody had claimed."""
    task_id = api.create()["tasks"][0]["id"]
    reply = api("POST", f"/tasks/{task_id}/{verb}", ACTIONS[verb] | {"runner_id": runner_id}, role="runner")
    assert refusal(reply) == (403, "Invalid runner_id")
    assert api.task(task_id)["status"] == "pending"


@pytest.mark.parametrize(
    ("verb", "body", "words"),
    [
        ("heartbeat", {}, "Missing status parameter"),
        ("heartbeat", {"status": ""}, "Missing status parameter"),
        ("heartbeat", {"status": "sleeping"}, "Validation failed: Heartbeat status is not included in the list"),
        ("heartbeat", {"status": 7}, "Validation failed: Heartbeat status is not included in the list"),
        ("heartbeat", {"status": ["running"]}, "Validation failed: Heartbeat status is not included in the list"),
        ("complete", {}, "Missing s3_result_key parameter"),
        ("complete", {"s3_result_key": ""}, "Missing s3_result_key parameter"),
        ("fail", {}, "Missing error_type or error_message parameter"),
        ("fail", {"error_type": "x"}, "Missing error_type or error_message parameter"),
        ("fail", {"error_message": "x"}, "Missing error_type or error_message parameter"),
    ],
)
def test_a_bad_body_of_the_owner_is_told(api: Api, verb: str, body: Json, words: str) -> None:
    task_id = api.leased()["task"]["id"]
    assert refusal(act(api, task_id, verb, **body)) == (400, words)
    assert api.task(task_id)["status"] == "claimed"


def test_a_beat_keeps_the_task_and_is_answered_with_what_comes_next(api: Api) -> None:
    task_id = api.leased(lease_s=60)["task"]["id"]
    reply = act(api, task_id, "heartbeat", status="running", message="warm", current_benchmark="fib", progress_pct=10)
    told = reply.json()
    assert (reply.status_code, next(iter(told)), told["message"]) == (200, "message", "Heartbeat received")
    assert (told["cancel"], told["lease_until"][-1]) == (False, "Z")
    assert 0 < told["next_heartbeat_in_s"] <= 30
    task = api.task(task_id)
    assert task["status"] == "running"
    shown = [task[name] for name in ("heartbeat_status", "heartbeat_message", "current_benchmark", "progress_pct")]
    assert shown == ["running", "warm", "fib", 10]


def test_only_running_starts_a_task(api: Api) -> None:
    task_id = api.leased()["task"]["id"]
    for status in ("boot", "provision", "uploading", "finished", "error"):
        assert act(api, task_id, "heartbeat", status=status).status_code == 200
        assert api.task(task_id)["status"] == "claimed"
    act(api, task_id, "heartbeat", status="running")
    act(api, task_id, "heartbeat", status="uploading")
    task = api.task(task_id)
    assert (task["status"], task["heartbeat_status"]) == ("running", "uploading")


def test_a_beat_overwrites_progress_only_where_it_says_something(api: Api) -> None:
    task_id = api.leased()["task"]["id"]
    act(api, task_id, "heartbeat", status="running", message="one", current_benchmark="fib", progress_pct=10)
    act(api, task_id, "heartbeat", status="running")
    task = api.task(task_id)
    assert (task["heartbeat_message"], task["current_benchmark"], task["progress_pct"]) == (None, "fib", 10)
    act(api, task_id, "heartbeat", status="running", progress_pct=0)
    assert api.task(task_id)["progress_pct"] == 0


@pytest.mark.parametrize(("said", "kept"), [("abc", 0), (150, 100), (-5, 0), ("40", 40), (33.9, 33), ([1], 0)])
def test_odd_progress_is_brought_into_range(api: Api, said: Any, kept: int) -> None:
    task_id = api.leased()["task"]["id"]
    assert act(api, task_id, "heartbeat", status="running", progress_pct=said).status_code == 200
    assert api.task(task_id)["progress_pct"] == kept


def test_completing_ends_the_task_and_may_be_said_again(api: Api) -> None:
    claimed = api.leased()
    for _ in range(2):
        reply = complete(api, claimed)
        assert (reply.status_code, reply.json()) == (200, {"message": "Task marked as completed"})
    task = api.task(claimed["task"]["id"])
    assert (task["status"], task["heartbeat_status"], task["progress_pct"]) == ("completed", "finished", 100)
    assert task["result_key"] == claimed["presigned_urls"]["result_key"]
    run = api.until(f"/runs/{claimed['task']['run_id']}", lambda run: run["status"] == "completed")
    assert (run["tasks"]["completed"], run["tasks"]["total"]) == (1, 1)


def test_the_key_that_reference_clients_make_up_is_understood(api: Api) -> None:
    claimed = api.leased()
    task = claimed["task"]
    key = f"results/{task['run_id']}/task_{task['id']}_result.tar.gz"
    assert complete(api, claimed, s3_result_key=key).status_code == 200
    assert api.task(task["id"])["result_key"] == claimed["presigned_urls"]["result_key"]


def test_a_key_of_another_task_is_refused(api: Api) -> None:
    mine, other = api.leased(), api.leased()
    reply = complete(api, mine, s3_result_key=other["presigned_urls"]["result_key"])
    assert (reply.status_code, reply.json()["code"]) == (400, "foreign_key")
    assert api.task(mine["task"]["id"])["status"] == "claimed"


def test_failing_ends_the_task_with_its_reason(api: Api) -> None:
    claimed = api.leased()
    task_id, key = claimed["task"]["id"], claimed["presigned_urls"]["error_key"]
    body = {"error_type": "benchmark_failed", "error_message": "exit 1", "s3_error_key": key, "debug_mode": True}
    for _ in range(2):
        reply = act(api, task_id, "fail", **body)
        assert (reply.status_code, reply.json()) == (200, {"message": "Task marked as failed"})
    task = api.task(task_id)
    assert (task["status"], task["heartbeat_status"], task["error_type"]) == ("failed", "error", "benchmark_failed")
    assert (task["error_message"], task["failure_class"], task["error_key"]) == ("exit 1", "benchmark", key)


@pytest.mark.parametrize("verb", ["heartbeat", "fail"])
def test_a_late_call_on_a_completed_task_changes_nothing(api: Api, verb: str) -> None:
    claimed = api.leased()
    complete(api, claimed)
    before = api.task(claimed["task"]["id"])
    reply = act(api, claimed["task"]["id"], verb, **ACTIONS[verb])
    assert (reply.status_code, reply.json()["code"], reply.json()["cancel"]) == (409, "task_finished", True)
    assert api.task(claimed["task"]["id"]) == before


def test_a_late_completion_of_a_failed_task_changes_nothing(api: Api) -> None:
    claimed = api.leased()
    act(api, claimed["task"]["id"], "fail", **ACTIONS["fail"])
    reply = complete(api, claimed)
    assert (reply.status_code, reply.json()["code"]) == (409, "task_finished")
    assert api.task(claimed["task"]["id"])["status"] == "failed"


@pytest.mark.parametrize("verb", ["heartbeat", "fail", "complete"])
def test_a_stopped_run_tells_its_runners(api: Api, verb: str) -> None:
    claimed = api.leased()
    assert api("POST", f"/runs/{claimed['task']['run_id']}/stop").status_code == 200
    late = complete(api, claimed) if verb == "complete" else act(api, claimed["task"]["id"], verb, **ACTIONS[verb])
    assert (late.status_code, late.json()["code"], late.json()["cancel"]) == (409, "task_cancelled", True)
    assert api.task(claimed["task"]["id"])["status"] == "cancelled"


@pytest.mark.parametrize("verb", ["heartbeat", "fail", "complete"])
def test_a_wrong_attempt_has_lost_its_lease(api: Api, verb: str) -> None:
    claimed = api.leased()
    body = {"attempt": 2}
    late = (
        complete(api, claimed, **body)
        if verb == "complete"
        else act(api, claimed["task"]["id"], verb, **ACTIONS[verb], **body)
    )
    assert (late.status_code, late.json()["code"]) == (409, "lease_lost")
    assert api.task(claimed["task"]["id"])["status"] == "claimed"


@pytest.fixture(scope="module")
def silent(api: Api) -> tuple[Json, Json]:
    """Two claimed tasks, the first with an attempt left, both of whose runners were silent for too long."""
    both = api.leased(lease_s=1, max_attempts=2), api.leased(lease_s=1)
    api.until(f"/runs/{both[0]['task']['run_id']}/tasks", lambda page: page["tasks"][0]["status"] == "pending")
    api.until(f"/runs/{both[1]['task']['run_id']}/tasks", lambda page: page["tasks"][0]["status"] == "failed")
    return both


def test_who_lost_a_lease_is_told_so_and_the_next_attempt_is_safe(api: Api, silent: tuple[Json, Json]) -> None:
    first, _ = silent
    task_id = first["task"]["id"]
    late = act(api, task_id, "heartbeat", status="running", attempt=1)
    assert (late.status_code, late.json()["code"]) == (409, "lease_lost")
    second = api.claim(first["task"]["run_id"], runner_id="runner-2")
    assert (second["task"]["id"], second["task"]["attempt"]) == (task_id, 2)
    for late in (act(api, task_id, "heartbeat", status="running"), complete(api, first)):
        assert (late.status_code, late.json()["code"]) == (409, "lease_lost")
    assert second["presigned_urls"]["result_key"] != first["presigned_urls"]["result_key"]
    assert complete(api, second, runner_id="runner-2").status_code == 200
    assert api.task(task_id)["runner_id"] == "runner-2"


def test_silence_ends_a_task_with_the_words_of_the_reference(api: Api, silent: tuple[Json, Json]) -> None:
    task = api.task(silent[1]["task"]["id"])
    assert (task["error_type"], task["failure_class"], task["heartbeat_status"]) == (
        "timeout",
        "infrastructure",
        "error",
    )
    assert task["error_message"].startswith("No heartbeat received for 1 second")
    assert task["error_message"].endswith(" UTC")
