"""Requests that no client of ours makes, each with the one right answer."""

from typing import Any

import pytest

from tests.each_case import each_case
from tests.integration.api_client import Api

GETS = ["/up", "/openapi.json", "/runs", "/runs.json", "/runs/nope", "/runs/nope/tasks", "/tasks/nope.1", "/"]
UNREADABLE = ["x", "1.5", "-1", "", " 1", 0, -1, 1.5, True, [1], {}, 10**9]


@pytest.fixture(scope="module")
def task(api: Api) -> str:
    """The id of one task that runner-1 holds: no test here ends it."""
    return str(api.leased()["task"]["id"])


@each_case("path", GETS)
@each_case("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/xml", "nonsense"])
def test_a_get_may_name_any_type(api: Api, path: str, kind: str) -> None:
    plain, typed = api("GET", path), api("GET", path, headers={"Content-Type": kind})
    assert (typed.status_code, typed.headers["content-type"]) == (plain.status_code, plain.headers["content-type"])
    assert typed.status_code in (200, 404)


@each_case("path", ["/up", "/openapi.json"])
def test_json_names_its_charset_everywhere(api: Api, path: str) -> None:
    assert api("GET", path).headers["content-type"] == "application/json; charset=utf-8"


@each_case("attempt", [value for value in UNREADABLE if value != ""])
def test_an_attempt_that_cannot_be_read_does_not_leave_the_fence_open(api: Api, task: str, attempt: Any) -> None:
    said = {"runner_id": "runner-1", "status": "running", "attempt": attempt}
    refused = api("POST", f"/tasks/{task}/heartbeat", said, role="runner")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_parameter")
    assert "attempt must be a whole number from 1" in refused.json()["error"]
    assert api.task(task)["heartbeat_status"] in (None, "boot")
    foreign = api("POST", f"/tasks/{task}/heartbeat", said | {"runner_id": "runner-2"}, role="runner")
    assert foreign.status_code == 403


@each_case(
    ("verb", "body"), [("complete", {"s3_result_key": "k"}), ("fail", {"error_type": "x", "error_message": "y"})]
)
def test_nor_does_it_end_a_task(api: Api, task: str, verb: str, body: dict[str, str]) -> None:
    refused = api("POST", f"/tasks/{task}/{verb}", {"runner_id": "runner-1", "attempt": "one", **body}, role="runner")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_parameter")
    assert api.task(task)["status"] == "claimed"


def test_nor_does_it_get_upload_urls(api: Api, task: str) -> None:
    query = {"runner_id": "runner-1", "attempt": "one"}
    refused = api("GET", f"/tasks/{task}/upload-urls", role="runner", params=query)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_parameter")


@each_case("attempt", [1, "1", 1.0, None, ""])
def test_an_attempt_may_be_a_number_in_any_spelling_or_left_out(api: Api, task: str, attempt: Any) -> None:
    said = {"runner_id": "runner-1", "status": "boot", "attempt": attempt}
    assert api("POST", f"/tasks/{task}/heartbeat", said, role="runner").status_code == 200


@each_case("workloads", [0, False, {}, "", "ruby-bench", [1]])
def test_workloads_of_a_wrong_kind_are_not_taken_for_any_workload(api: Api, workloads: Any) -> None:
    request = {"provider": "local", "instance_type": "odd", "runner_id": "runner-1", "workloads": workloads}
    refused = api("POST", "/claim", request, role="runner")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_parameter")


@each_case("workloads", [[], None, ["mock"]])
def test_workloads_may_be_left_empty(api: Api, workloads: Any) -> None:
    request = {"provider": "local", "instance_type": "odd", "runner_id": "runner-1", "workloads": workloads}
    assert api("POST", "/claim", request, role="runner").json()["status"] == "wait"
