"""What anybody may look at beside a run: its runners, one task, the files of a task, the tasks of one kind."""

import httpx
import pytest
from benchfleet_contract.authorities import authorities
from benchfleet_contract.runners import RunnerList, TaskFiles
from benchfleet_contract.tasks import Task, TaskList

from tests.each_case import each_case
from tests.integration.api_client import Api, fresh

TWO_KINDS = {
    "local": [{"instance_type": "docker"}, {"instance_type": "docker", "alias": "again"}],
    "aws": [{"instance_type": "c8g.medium"}],
    "per_instance_type": {"tasks": 2},
}


def test_runners_of_a_run_are_shown(api: Api) -> None:
    run_id = api.create()["run_id"]
    api.claim(run_id, runner_id="busy")
    waiting = api.claim(run_id, runner_id="idle")
    assert waiting == {"status": "wait", "retry_after_seconds": 30}
    assert api.claim(run_id, runner_id="lost", instance_type="other") == {"status": "done"}
    found = RunnerList.model_validate(api("GET", f"/runs/{run_id}/runners", role=None).json())
    mine = {runner.runner_id: runner for runner in found.runners if not runner.any_run}
    assert {name: runner.task_ids for name, runner in mine.items()} == {
        "busy": [f"{run_id}.1"], "idle": [], "lost": [],
    }  # fmt: skip
    assert all(runner.live for runner in mine.values())
    assert (found.run_id, found.truncated) == (run_id, False)


def test_a_runner_without_a_run_is_shown_everywhere(api: Api) -> None:
    runner_id = fresh("free")
    request = {"provider": "local", "instance_type": fresh("kind"), "runner_id": runner_id}
    assert api("POST", "/claim", request, role="runner").json()["status"] == "wait"
    run_id = api.create()["run_id"]
    found = api("GET", f"/runs/{run_id}/runners").json()["runners"]
    assert [(r["any_run"], r["live"]) for r in found if r["runner_id"] == runner_id] == [(True, True)]


def test_one_task_is_the_one_of_the_list(api: Api) -> None:
    task = api.leased()["task"]
    reply = api("GET", f"/tasks/{task['id']}", role=None)
    assert (reply.status_code, reply.json()) == (200, api.task(task["id"]))
    assert Task.model_validate(reply.json()).runner_id == "runner-1"


@each_case("path", ["", "/files"])
@each_case("task_id", ["nope.1", "nope", "%20.1"])
def test_unknown_tasks_are_not_found(api: Api, task_id: str, path: str) -> None:
    reply = api("GET", f"/tasks/{task_id}{path}")
    assert (reply.status_code, reply.json()["code"]) == (404, "task_not_found")


def test_a_number_that_a_run_does_not_have_is_not_found(api: Api) -> None:
    assert api("GET", f"/tasks/{api.create()['run_id']}.2").status_code == 404


def test_the_error_archive_of_a_failed_task_is_downloaded(api: Api) -> None:
    reply = api.leased()
    task, urls = reply["task"], reply["presigned_urls"]
    nothing = TaskFiles.model_validate(api("GET", f"/tasks/{task['id']}/files", role=None).json())
    assert (nothing.result_url, nothing.error_url) == (None, None)
    with httpx.Client(trust_env=False, verify=authorities({}), timeout=60) as bare:
        assert bare.put(urls["error_upload_url"], content=b"what happened").is_success
        failed = {"runner_id": "runner-1", "error_type": "benchmark_failed", "error_message": "exit 1"}
        said = api("POST", f"/tasks/{task['id']}/fail", failed | {"s3_error_key": urls["error_key"]}, role="runner")
        assert said.status_code == 200
        files = TaskFiles.model_validate(api("GET", f"/tasks/{task['id']}/files", role=None).json())
        assert files.result_url is None
        assert bare.get(files.error_url or "").content == b"what happened"


def test_the_result_of_a_completed_task_is_downloaded_under_its_folder_s_name(api: Api) -> None:
    reply = api.leased()
    task, urls = reply["task"], reply["presigned_urls"]
    with httpx.Client(trust_env=False, verify=authorities({}), timeout=60) as bare:
        assert bare.put(urls["result_upload_url"], content=b"numbers").is_success
        done = {"runner_id": "runner-1", "s3_result_key": urls["result_key"]}
        assert api("POST", f"/tasks/{task['id']}/complete", done, role="runner").status_code == 200
        files = TaskFiles.model_validate(api("GET", f"/tasks/{task['id']}/files", role="reader").json())
        assert files.error_url is None
        fetched = bare.get(files.result_url or "")
    assert fetched.content == b"numbers"
    assert fetched.headers["content-disposition"] == 'attachment; filename="box-1-result.tar.gz"'


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"provider": "aws"}, [1, 2]),
        ({"provider": "local"}, [3, 4, 5, 6]),
        ({"provider": "local", "instance_type": "docker", "status": "pending"}, [4, 5, 6]),
        ({"status": "claimed"}, [3]),
        ({"status": "failed"}, []),
        ({"provider": "", "status": ""}, [1, 2, 3, 4, 5, 6]),
        ({"instance_type": "nope"}, []),
    ],
)
def test_tasks_of_one_kind(api: Api, query: dict[str, str], numbers: list[int]) -> None:
    run_id = api.create(**TWO_KINDS)["run_id"]
    api.claim(run_id)
    found, cursor = [], "0"
    while cursor:
        reply = api("GET", f"/runs/{run_id}/tasks", params=query | {"limit": "2", "cursor": cursor})
        page = TaskList.model_validate(reply.json())
        found += [int(task.id.rpartition(".")[2]) for task in page.tasks]
        cursor = page.next_cursor or ""
    assert found == numbers


def test_an_unknown_status_is_refused_with_those_that_exist(api: Api) -> None:
    reply = api("GET", f"/runs/{api.create()['run_id']}/tasks", params={"status": "lost"})
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_parameter")
    assert reply.json()["error"] == (
        "status must be one of pending, claimed, running, completed, failed, cancelled, not 'lost'"
    )


def test_a_workload_that_our_runner_does_not_know_is_warned_of(api: Api) -> None:
    assert api.create(workload="foo")["warnings"] == [
        "workload: 'foo' is no workload that benchfleet's own runner knows (command, http, llm, mock, pyperformance, ruby-bench)"
    ]
    assert api.create(workload="mock")["warnings"] == []
