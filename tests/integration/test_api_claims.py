"""Claiming over HTTP: the three outcomes, their order of checks, and what a repeat gets."""

from typing import Any

import httpx
import pytest
from benchfleet_contract.authorities import authorities

from tests.each_case import each_case
from tests.integration.api_client import Api, Json, fresh

ASSIGNED = ["id", "provider", "instance_type", "instance_type_alias", "run_number", "ruby_version"]
URLS = ["result_upload_url", "error_upload_url", "result_key", "error_key"]
CLAIM_REQUEST = {"provider": "local", "instance_type": "docker", "runner_id": "runner-1"}


def test_an_assigned_task_comes_with_its_urls(api: Api) -> None:
    run_id = api.create(per_instance_type={"tasks": 2}, workload_options={"name_filters": ["fib"]})["run_id"]
    reply = api.claim(run_id)
    assert list(reply)[:3] == ["status", "task", "presigned_urls"]
    task, urls = reply["task"], reply["presigned_urls"]
    assert list(task)[:6] == ASSIGNED
    assert [task[name] for name in ASSIGNED] == [f"{run_id}.1", "local", "docker", "box", 1, "3.4.7"]
    options = {"ruby_version": "3.4.7", "name_filters": ["fib"]}
    assert (task["run_id"], task["attempt"], task["workload_options"]) == (run_id, 1, options)
    assert list(urls)[:4] == URLS
    assert urls["result_key"].startswith(f"runs/{run_id}/results/1/1-")
    assert urls["error_key"].endswith("/error.tar.gz")
    shown = api.task(task["id"])
    assert (shown["status"], shown["runner_id"]) == ("claimed", "runner-1")
    assert shown["claimed_at"] == shown["heartbeat_at"] is not None


def test_the_lowest_number_goes_first_and_one_runner_may_hold_several(api: Api) -> None:
    run_id = api.create(per_instance_type={"tasks": 3})["run_id"]
    assert [api.claim(run_id)["task"]["run_number"] for _ in range(3)] == [1, 2, 3]


def test_wait_while_others_work_and_done_when_nothing_is_left(api: Api) -> None:
    run_id = api.create()["run_id"]
    held = api.claim(run_id, runner_id="runner-a")
    told = api.claim(run_id, runner_id="runner-b")
    assert told == {"status": "wait", "retry_after_seconds": 30}
    body = {"runner_id": "runner-a", "s3_result_key": held["presigned_urls"]["result_key"]}
    assert api("POST", f"/tasks/{held['task']['id']}/complete", body).status_code == 200
    assert api.claim(run_id, runner_id="runner-b")["status"] == "done"


@pytest.mark.parametrize("changes", [{"instance_type": "box"}, {"instance_type": "Docker"}, {"provider": "aws"}])
def test_matching_is_exact_and_never_by_alias(api: Api, changes: dict[str, str]) -> None:
    run_id = api.create()["run_id"]
    assert api.claim(run_id, **changes)["status"] == "done"


@each_case("missing", list(CLAIM_REQUEST))
@each_case("path", ["/runs/nope/tasks/claim", "/claim"])
def test_missing_parameters_come_before_the_run(api: Api, missing: str, path: str) -> None:
    for value in (None, ""):
        reply = api("POST", path, CLAIM_REQUEST | {missing: value}, role="runner")
        assert (reply.status_code, reply.json()["error"]) == (400, "Missing required parameters")
    assert api("POST", path, role="runner").json()["error"] == "Missing required parameters"


def test_a_claim_in_an_unknown_run_is_not_found(api: Api) -> None:
    reply = api("POST", "/runs/nope/tasks/claim", CLAIM_REQUEST, role="runner")
    assert (reply.status_code, reply.json()["error"]) == (404, "Run not found")


@pytest.mark.parametrize(("name", "wrong"), [("active", -1), ("active", True), ("active", "3"), ("generation", "x")])
def test_a_claim_that_says_something_odd_of_its_runner_is_refused_before_a_task_is_taken(
    api: Api, name: str, wrong: object
) -> None:
    run_id = api.create()["run_id"]
    for path in (f"/runs/{run_id}/tasks/claim", "/claim"):
        reply = api("POST", path, CLAIM_REQUEST | {name: wrong}, role="runner")
        assert (reply.status_code, reply.json()["code"]) == (400, "invalid_parameter")
        assert reply.json()["error"].startswith(f"{name} must be ")
    assert api.task(f"{run_id}.1")["status"] == "pending"


def test_forms_are_read_as_well_as_json(api: Api) -> None:
    run_id = api.create()["run_id"]
    reply = api("POST", f"/runs/{run_id}/tasks/claim", role="runner", data=CLAIM_REQUEST)
    assert reply.json()["task"]["id"] == f"{run_id}.1"
    beat = {"runner_id": "runner-1", "status": "running", "progress_pct": "40"}
    assert api("POST", f"/tasks/{run_id}.1/heartbeat", role="runner", data=beat).status_code == 200
    assert api.task(f"{run_id}.1")["progress_pct"] == 40


def test_a_form_says_yes_in_words(api: Api) -> None:
    path = f"/runs/{api.create(per_instance_type={'tasks': 2})['run_id']}/tasks/claim"
    form = CLAIM_REQUEST | {"claim_token": "form-1", "attempt_token": "true"}
    first = api("POST", path, role="runner", data=form).json()
    again = api("POST", path, role="runner", data=form | {"retry": "true"}).json()
    assert first["task"]["id"] == again["task"]["id"]
    assert first["attempt_token"]


def test_a_wish_that_is_sent_again_gets_the_task_that_it_got(api: Api) -> None:
    run_id = api.create(per_instance_type={"tasks": 3})["run_id"]
    first = api.claim(run_id, claim_token="request-1")
    again = api.claim(run_id, claim_token="request-1", retry=True)
    assert (again["task"]["id"], again["task"]["attempt"]) == (first["task"]["id"], 1)
    assert again["presigned_urls"]["result_key"] == first["presigned_urls"]["result_key"]
    other = api.claim(run_id, claim_token="request-2", retry=True)
    assert other["task"]["id"] != first["task"]["id"]
    foreign = api.claim(run_id, claim_token="request-1", retry=True, runner_id="runner-2")
    assert foreign["task"]["id"] not in (first["task"]["id"], other["task"]["id"])


def test_a_generic_claim_finds_the_oldest_run_that_fits(api: Api) -> None:
    kind = fresh("kind")
    request = {"provider": "local", "instance_type": kind, "runner_id": "runner-1"}
    here: dict[str, Any] = {"local": [{"instance_type": kind}]}
    older = api.create(**here, workload="mock")["run_id"]
    newer = api.create(**here)["run_id"]

    def ask(**more: Any) -> dict[str, Any]:
        reply = api("POST", "/claim", request | more, role="runner")
        assert reply.status_code == 200
        document: dict[str, Any] = reply.json()
        return document

    assert ask(workloads=["ruby-bench"])["task"]["run_id"] == newer
    first = ask(claim_token="generic")
    assert first["task"]["run_id"] == older
    assert ask(claim_token="generic", retry=True)["task"]["id"] == first["task"]["id"]
    assert ask()["status"] == "wait"


@each_case("more", [{"runner_id": 7}, {"runner_id": "x" * 257}, {"claim_token": "x" * 129}])
@each_case("path", ["/runs/nope/tasks/claim", "/claim"])
def test_odd_parameters_are_refused_by_name(api: Api, path: str, more: dict[str, Any]) -> None:
    reply = api("POST", path, CLAIM_REQUEST | more, role="runner")
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_parameter")
    assert reply.json()["error"].startswith(next(iter(more)))


@each_case("workloads", [7, "ruby-bench", {"a": 1}])
def test_workloads_must_be_a_list(api: Api, workloads: Any) -> None:
    reply = api("POST", "/claim", CLAIM_REQUEST | {"workloads": workloads}, role="runner")
    assert reply.status_code == 400


def test_large_options_of_a_task_are_read_by_range_at_the_url_that_comes_along(api: Api) -> None:
    """As a runner does it: without a key, and for these bytes alone."""
    subjects = [{"name": name, "words": name * 5_000} for name in "ab"]
    body: Json = {"workload": "own", "workload_options": {"more": "é" * 1_300}, "subjects": subjects}
    task = api.leased(per_instance_type={"tasks": 1}, **body)["task"]
    assert task["workload_options"] == {}
    first, last = map(int, task["workload_options_range"].split("-"))
    with httpx.Client(trust_env=False, verify=authorities({}), timeout=60) as bare:
        read = bare.get(task["workload_options_url"], headers={"Range": f"bytes={first}-{last}"})
    assert (read.status_code, len(read.content)) == (206, last - first + 1)
    assert read.json() == {"more": "é" * 1_300, "words": task["subject"] * 5_000}


def test_a_task_tells_its_subject_wherever_it_is_shown(api: Api) -> None:
    subjects = [{"name": "ruby-3.4", "ruby_version": "3.4.7"}, {"name": "ruby-3.3", "ruby_version": "3.3.10"}]
    made = api.create(workload="ruby-bench", subjects=subjects, order="grouped", per_instance_type={"tasks": 1})
    assert [task["subject"] for task in made["tasks"]] == ["ruby-3.4", "ruby-3.3"]
    first = api.claim(made["run_id"])["task"]
    assert (first["subject"], first["ruby_version"]) == ("ruby-3.4", "3.4.7")
    assert api.task(first["id"])["subject"] == "ruby-3.4"
    page = api("GET", f"/runs/{made['run_id']}/tasks", params={"subject": "ruby-3.3"}).json()
    assert [(task["id"], task["subject"]) for task in page["tasks"]] == [(f"{made['run_id']}.2", "ruby-3.3")]
    groups = api("GET", f"/runs/{made['run_id']}").json()["groups"]
    assert [(group["instance_type"], group["subject"], group["total"]) for group in groups] == [
        ("docker", "ruby-3.4", 1), ("docker", "ruby-3.3", 1),
    ]  # fmt: skip
