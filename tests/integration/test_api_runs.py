"""Routes of runs, over HTTP: statuses, words, order of keys and of checks as in the reference system, and our repairs."""

from typing import Any

import httpx
import pytest
from benchfleet_contract.authorities import authorities

from tests.each_case import each_case
from tests.integration.api_client import Api, fresh, run_body

RUN_KEYS = ["run_id", "status", "ruby_version", "per_instance_type", "tasks", "gzip_url"]
TASK_KEYS = [
    "id", "provider", "instance_type", "instance_type_alias", "run_number", "status", "runner_id", "claimed_at",
    "heartbeat_at", "heartbeat_status", "heartbeat_message", "current_benchmark", "progress_pct", "error_type",
    "error_message",
]  # fmt: skip
NO_INSTANCES = "At least one instance type must be specified"


def test_up_needs_no_key(api: Api) -> None:
    assert api("GET", "/up", role=None).status_code == 200


def test_a_run_is_created_with_all_its_tasks_in_the_order_of_the_reference(api: Api) -> None:
    body = run_body(
        per_instance_type={"tasks": 2, "instances": 1},
        local=[{"instance_type": "docker"}],
        azure=["Standard_D2"],
        aws=[{"instance_type": "c8g.medium", "alias": "c8g", "arch": "arm64"}],
        mock=True,
    )
    reply = api("POST", "/runs", body)
    made = reply.json()
    assert reply.status_code == 201
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert list(made)[:3] == ["run_id", "tasks_created", "tasks"]
    assert (made["run_id"], made["tasks_created"]) == (body["run_id"], 6)
    first = made["tasks"][0]
    assert list(first)[:6] == ["id", "provider", "instance_type", "instance_type_alias", "run_number", "status"]
    assert first == {
        "id": f"{body['run_id']}.1", "provider": "aws", "instance_type": "c8g.medium", "instance_type_alias": "c8g",
        "run_number": 1, "status": "pending", "subject": None, "part": None,
    }  # fmt: skip
    told = [(task["provider"], task["instance_type_alias"], task["run_number"]) for task in made["tasks"]]
    assert told == [
        ("aws", "c8g", 1), ("aws", "c8g", 2), ("azure", "Standard_D2", 1), ("azure", "Standard_D2", 2),
        ("local", None, 1), ("local", None, 2),
    ]  # fmt: skip


@each_case(
    ("changes", "words"),
    [
        ({"local": None}, NO_INSTANCES),
        ({"local": []}, NO_INSTANCES),
        ({"local": None, "ruby_version": None, "per_instance_type": None}, NO_INSTANCES),
        ({"ruby_version": None}, ["Ruby version can't be blank"]),
        (
            {"per_instance_type": None},
            ["Tasks per instance type can't be blank", "Tasks per instance type is not a number"],
        ),
        (
            {"per_instance_type": {"runs": 1}},
            ["Tasks per instance type can't be blank", "Tasks per instance type is not a number"],
        ),
        ({"per_instance_type": {"tasks": 0}}, ["Tasks per instance type must be greater than 0"]),
        ({"per_instance_type": {"tasks": -1}}, ["Tasks per instance type must be greater than 0"]),
        ({"per_instance_type": {"tasks": "abc"}}, ["Tasks per instance type is not a number"]),
        ({"per_instance_type": {"tasks": True}}, ["Tasks per instance type is not a number"]),
        ({"local": [{"alias": "box"}]}, ["Instance type can't be blank (local[0])"]),
        ({"per_instance_type": {"tasks": 100_001}}, ["Run has too many tasks: 100001 of at most 100000"]),
        ({"lease_s": 0}, ["Lease must be a whole number from 1 to 86400 seconds"]),
    ],
)
def test_a_bad_body_is_refused_and_leaves_nothing_behind(api: Api, changes: dict[str, Any], words: Any) -> None:
    body = run_body(**changes)
    reply = api("POST", "/runs", body)
    assert (reply.status_code, reply.json()["error"]) == (400, words)
    assert api("GET", f"/runs/{body['run_id']}").status_code == 404


@each_case("value", ["c8g.medium", {"instances": [{"instance_type": "c8g.medium"}]}])
def test_a_provider_that_is_no_array_is_told_with_what_to_write(api: Api, value: Any) -> None:
    reply = api("POST", "/runs", run_body(local=None, aws=value))
    assert (reply.status_code, reply.json()["error"]) == (400, ["Provider must be a list of instances (aws)"])
    assert '"aws": [{"instance_type"' in reply.json()["problems"][0]["remedy"]


def test_an_empty_body_names_no_instance(api: Api) -> None:
    reply = api("POST", "/runs")
    assert (reply.status_code, reply.json()["error"]) == (400, NO_INSTANCES)


def test_all_problems_are_told_together(api: Api) -> None:
    body = {"run_id": "-x", "aws": [{"alias": 7}, {"instance_type": "a"}], "max_attempts": 0, "metadata": []}
    reply = api("POST", "/runs", body).json()
    fields = {problem["field"] for problem in reply["problems"]}
    wanted = {
        "run_id",
        "aws[0].instance_type",
        "aws[0].alias",
        "ruby_version",
        "per_instance_type.tasks",
        "max_attempts",
        "metadata",
    }
    assert fields == wanted
    assert len(reply["error"]) == len(reply["problems"]) == 8
    assert all(problem["remedy"] for problem in reply["problems"])


@pytest.mark.parametrize(("tasks", "count"), [("2", 2), (2.5, 2), (2, 2)])
def test_numbers_are_read_as_the_reference_reads_them(api: Api, tasks: Any, count: int) -> None:
    assert api.create(per_instance_type={"tasks": tasks})["tasks_created"] == count


def test_any_label_is_a_provider_and_other_fields_are_named_in_warnings(api: Api) -> None:
    made = api.create(hetzner=[{"instance_type": "cax11", "alias": "ampere"}], colour="red", flags=[1])
    assert [task["provider"] for task in made["tasks"]] == ["local", "hetzner"]
    assert made["warnings"] == [
        "colour: unknown field, ignored",
        "flags: unknown field, ignored; a provider's list holds objects with an instance_type",
    ]


def test_a_run_id_may_be_an_integer_and_comes_back_as_its_digits(api: Api) -> None:
    number = int(fresh("").replace("-", "") + "0")
    made = api.create(run_id=number)
    assert made["run_id"] == str(number)
    assert api("GET", f"/runs/{number}").json()["run_id"] == str(number)


def test_a_run_without_an_id_gets_the_time_as_one(api: Api) -> None:
    first, second = api.create(run_id=None), api.create(run_id=None, metadata={"other": True})
    assert first["run_id"] != second["run_id"]
    assert first["run_id"][:10].isdigit()
    assert second["run_id"][:10].isdigit()


def test_creating_the_same_run_again_changes_nothing(api: Api) -> None:
    body = run_body(per_instance_type={"tasks": 2})
    first, again = api("POST", "/runs", body), api("POST", "/runs", body)
    assert (again.status_code, again.json()) == (201, first.json())
    assert api("GET", f"/runs/{body['run_id']}").json()["tasks"]["total"] == 2


@pytest.mark.parametrize("path", ["/runs", "/run"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Benchfleet-Codes": "1"}, 409),
        ({"benchfleet-codes": "1"}, 409),
        ({"Benchfleet-Codes": "0"}, 400),
        ({"Benchfleet-Codes": ""}, 400),
    ],
)
def test_another_body_under_a_taken_id_is_refused(api: Api, path: str, headers: dict[str, str], status: int) -> None:
    """400 as the reference system, 409 for those who ask for our codes."""
    body = run_body()
    api("POST", path, body)
    reply = api("POST", path, body | {"per_instance_type": {"tasks": 3}}, headers=headers)
    assert (reply.status_code, reply.json()["error"]) == (status, ["External has already been taken"])
    assert reply.json()["code"] == "run_exists"
    assert api("GET", f"/runs/{body['run_id']}").json()["tasks"]["total"] == 1


FORM = {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=utf-8"}


@pytest.mark.parametrize("path", ["/runs", "/run"])
def test_a_run_is_created_by_a_form(api: Api, path: str) -> None:
    run_id = fresh("form")
    form = (
        f"run_id={run_id}&ruby_version=3.4.7&local[]=x&per_instance_type[tasks]=1&aws[][instance_type]=c8g.medium"
        "&aws[][alias]=a&aws%5B%5D%5Binstance_type%5D=c8g.large&metadata[who]=m%C3%BC"
    )
    made = api("POST", path, content=form, headers=FORM)
    assert made.status_code == 201, made.text
    told = [(task["provider"], task["instance_type"], task["instance_type_alias"]) for task in made.json()["tasks"]]
    assert told == [("aws", "c8g.medium", "a"), ("aws", "c8g.large", None), ("local", "x", "x")]


def test_a_form_that_contradicts_itself_is_refused_by_name(api: Api) -> None:
    for path in ("/runs", "/claim"):
        reply = api("POST", path, content=b"local[]=x&local[y]=1", headers=FORM)
        assert (reply.status_code, reply.json()["code"]) == (400, "malformed_form")
        assert "'local[y]'" in reply.json()["error"]


def test_malformed_bodies_are_refused(api: Api) -> None:
    for content in (b"{", b"[1]", b'"x"', b"\xff\xfe{", b'{"local":NaN}', b'{"a":1e999}', b'{"a":"\\ud800"}'):
        reply = api("POST", "/runs", content=content, headers={"Content-Type": "application/json"})
        assert (reply.status_code, reply.json()["code"]) == (400, "malformed_json"), content


def test_a_body_above_a_mebibyte_is_refused(api: Api) -> None:
    body = run_body(metadata={"x": "y" * 1024 * 1024})
    reply = api("POST", "/runs", body)
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    assert api("GET", f"/runs/{body['run_id']}").status_code == 404


def test_a_run_is_shown_with_the_fields_of_the_reference_first(api: Api) -> None:
    run_id = api.create(per_instance_type={"tasks": 2}, metadata={"who": "me"})["run_id"]
    shown = api("GET", f"/runs/{run_id}").json()
    assert list(shown)[:6] == RUN_KEYS
    assert list(shown["tasks"])[:6] == ["total", "pending", "claimed", "running", "completed", "failed"]
    assert (shown["status"], shown["ruby_version"], shown["per_instance_type"]) == ("running", "3.4.7", {"tasks": 2})
    assert (shown["tasks"]["total"], shown["tasks"]["pending"], shown["tasks"]["cancelled"]) == (2, 2, 0)
    assert (shown["gzip_url"], shown["completed_at"], shown["archive"]["state"]) == (None, None, "none")
    assert shown["created_at"].endswith("Z")
    assert shown["metadata"] == {"who": "me"}


def test_the_list_shows_the_newest_first(api: Api) -> None:
    older, newer = api.create()["run_id"], api.create()["run_id"]

    def both(document: dict[str, Any]) -> bool:
        return {older, newer} <= {run["run_id"] for run in document["runs"]}

    listed = api.until("/runs", both)["runs"]
    ids = [run["run_id"] for run in listed]
    assert ids.index(newer) < ids.index(older)
    assert list(listed[0])[:4] == ["run_id", "status", "ruby_version", "created_at"]
    assert len(listed) <= 100


def test_the_plan_s_names_are_aliases(api: Api) -> None:
    body = run_body()
    made = api("POST", "/run", body)
    assert made.status_code == 201
    assert api("GET", f"/run/{body['run_id']}").json() == api("GET", f"/runs/{body['run_id']}").json()


@each_case(
    ("method", "path"),
    [("GET", "/runs/nope"), ("GET", "/run/nope"), ("GET", "/runs/nope/tasks"), ("POST", "/runs/nope/stop")],
)
@each_case("run_id", ["nope", "-odd-", "%20"])
def test_unknown_runs_are_not_found(api: Api, method: str, path: str, run_id: str) -> None:
    reply = api(method, path.replace("nope", run_id))
    assert (reply.status_code, reply.json()["error"]) == (404, "Run not found")


def test_tasks_are_listed_in_order_with_the_fields_of_the_reference_first(api: Api) -> None:
    made = api.create(per_instance_type={"tasks": 3})
    listed = api("GET", f"/runs/{made['run_id']}/tasks").json()
    assert list(listed)[:2] == ["run_id", "tasks"]
    assert [task["id"] for task in listed["tasks"]] == [task["id"] for task in made["tasks"]]
    task = listed["tasks"][0]
    assert list(task)[:15] == TASK_KEYS
    assert [task[name] for name in TASK_KEYS[6:]] == [None] * 9
    assert listed["next_cursor"] is None


def test_pages_of_tasks_follow_one_another_without_gap_or_repeat(api: Api) -> None:
    run_id = api.create(per_instance_type={"tasks": 7})["run_id"]
    numbers, cursor = [], "0"
    while cursor:
        page = api("GET", f"/runs/{run_id}/tasks", params={"limit": "3", "cursor": cursor}).json()
        assert len(page["tasks"]) <= 3
        numbers += [int(task["id"].rpartition(".")[2]) for task in page["tasks"]]
        cursor = page["next_cursor"]
    assert numbers == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "x"}, {"limit": "5001"}, {"cursor": "-1"}, {"cursor": "z"}]
)
def test_odd_pages_are_refused(api: Api, query: dict[str, str]) -> None:
    run_id = api.create()["run_id"]
    assert api("GET", f"/runs/{run_id}/tasks", params=query).status_code == 400


def test_a_run_is_stopped_with_an_empty_body_and_no_content_type(api: Api) -> None:
    run_id = api.create(per_instance_type={"tasks": 2})["run_id"]
    claimed = api.claim(run_id)
    assert claimed["status"] == "assigned"
    url = f"{api.ready.api_url}/runs/{run_id}/stop"
    with httpx.Client(trust_env=False, verify=authorities({}), timeout=60) as bare:
        request = bare.build_request("POST", url, headers={"Authorization": f"Bearer {api.ready.keys.admin}"})
        assert "content-type" not in request.headers
        reply = bare.send(request)
    assert (reply.status_code, reply.json()) == (200, {"message": "Run cancelled successfully"})
    assert {task["status"] for task in api("GET", f"/runs/{run_id}/tasks").json()["tasks"]} == {"cancelled"}
    done = api.until(f"/runs/{run_id}", lambda run: run["tasks"]["cancelled"] == 2 and bool(run["gzip_url"]))
    assert done["status"] == "cancelled"
    again = api("POST", f"/runs/{run_id}/stop")
    assert (again.status_code, again.json()["error"]) == (422, "Run is not running")
    told = api.claim(run_id)
    assert (told["status"], told["message"]) == ("done", "Run is not running")


def test_the_archive_is_downloaded_without_a_redirect(api: Api) -> None:
    reply = api.leased()
    task, key = reply["task"], reply["presigned_urls"]["result_key"]
    done = api("POST", f"/tasks/{task['id']}/complete", {"runner_id": "runner-1", "s3_result_key": key}, role="runner")
    assert done.status_code == 200
    run = api.until(f"/runs/{task['run_id']}", lambda run: bool(run["gzip_url"]))
    assert run["status"] == "completed"
    with httpx.Client(trust_env=False, verify=authorities({}), follow_redirects=False, timeout=60) as bare:
        archive = bare.get(run["gzip_url"])
    assert (archive.status_code, archive.content[:2]) == (200, b"\x1f\x8b")
    assert run["archive"]["key"] == f"runs/{task['run_id']}/results.tar.gz"


def test_every_path_may_end_in_json(api: Api) -> None:
    run_id = fresh("dots.in.json.id")
    assert api("POST", "/runs.json", run_body(run_id=run_id)).status_code == 201
    assert run_id in [run["run_id"] for run in api("GET", "/runs.json?x=.json").json()["runs"]]
    assert api("GET", f"/runs/{run_id}.json").json()["run_id"] == run_id
    assert api("GET", f"/run/{run_id}.json").json()["run_id"] == run_id
    request = {"provider": "local", "instance_type": "docker", "runner_id": "runner-1"}
    task = api("POST", f"/runs/{run_id}/tasks/claim.json", request, role="runner").json()["task"]["id"]
    assert api("GET", f"/tasks/{task}.json").json()["id"] == task
    beat = {"runner_id": "runner-1", "status": "running"}
    assert api("POST", f"/tasks/{task}/heartbeat.json", beat, role="runner").status_code == 200
    assert api("GET", f"/runs/{run_id}/tasks.json").json()["tasks"][0]["status"] == "running"
    assert api("POST", f"/runs/{run_id}/stop.json").status_code == 200
    assert api("GET", "/up.json", role=None).status_code == 200


def test_only_the_last_json_is_cut_and_no_new_run_ends_in_it(api: Api) -> None:
    run_id = api.create()["run_id"]
    assert api("GET", f"/runs/{run_id}.json.json").status_code == 404
    assert api("GET", f"/runs/{run_id}.JSON").status_code == 404
    assert api("GET", f"/runs/{run_id}.json/tasks").status_code == 404
    reply = api("POST", "/runs", run_body(run_id="a.json"))
    assert (reply.status_code, reply.json()["error"]) == (400, ["External is invalid"])
    assert ".json" in reply.json()["problems"][0]["remedy"]


def test_no_run_is_called_what_the_command_line_takes_for_the_newest(api: Api) -> None:
    reply = api("POST", "/runs", run_body(run_id="latest"))
    assert (reply.status_code, reply.json()["error"]) == (400, ["External is invalid"])
    assert "latest" in reply.json()["problems"][0]["remedy"]
    assert api("GET", "/runs/latest").status_code == 404


def test_the_plans_names_do_what_ours_do(api: Api) -> None:
    kind = fresh("kind")
    made = api("POST", "/run/start", run_body(local=[{"instance_type": kind}]))
    assert made.status_code == 201, made.text
    run_id = made.json()["run_id"]
    request = {"provider": "local", "instance_type": kind, "runner_id": "runner-1"}
    assert api("POST", "/tasks/claim", request, role="runner").json()["task"]["id"] == f"{run_id}.1"
    assert api("POST", f"/run/{run_id}/stop").json() == {"message": "Run cancelled successfully"}
    assert api("GET", f"/run/{run_id}").json()["status"] == "cancelled"
