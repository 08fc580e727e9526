"""Schedules over HTTP, in the emulator: made, fired on time, shown, deleted. Time is moved, not waited for."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from local_emulator.stack import Emulator
from tests.conftest import ShiftedClock
from tests.integration.api_client import Api, Json, fresh, run_body
from tests.variants import one_now


def schedule_body(**changes: Any) -> Json:
    run = run_body(run_id=None, workload="mock", ruby_version=None, per_instance_type={"tasks": 1})
    body: Json = {"name": fresh("s"), "expression": "cron(0 3 * * ? *)", "run": run, **changes}
    return {key: value for key, value in body.items() if value is not None}


@pytest.fixture
def named(api: Api) -> Iterator[list[str]]:
    """Names of schedules that are deleted when the test has ended."""
    names: list[str] = []
    yield names
    for name in names:
        api("DELETE", f"/schedules/{name}")
        api.until(f"/schedules/{name}", lambda document: document.get("code") == "schedule_not_found")


def make(api: Api, named: list[str], **changes: Any) -> Json:
    body = schedule_body(**changes)
    reply = api("POST", "/schedules", body)
    assert reply.status_code == 201, reply.text
    named.append(body["name"])
    document: Json = reply.json()
    return document


def finish(api: Api, run_id: str, *, ok: bool = True) -> None:
    """Works the run's one task off."""
    got = api.claim(run_id)
    task, urls = got["task"], got["presigned_urls"]
    if not ok:
        failed = {"runner_id": "runner-1", "error_type": "x", "error_message": "it broke", "attempt": task["attempt"]}
        assert api("POST", f"/tasks/{task['id']}/fail", failed, role="runner").status_code == 200
        return
    done = {"runner_id": "runner-1", "s3_result_key": urls["result_key"], "attempt": task["attempt"]}
    assert api("POST", f"/tasks/{task['id']}/complete", done, role="runner").status_code == 200


def test_a_schedule_is_made_whole_and_says_when_it_fires(api: Api, named: list[str]) -> None:
    made = make(api, named, time_zone="Europe/Berlin")
    assert len(made["next_firings"]) == 5
    assert made["next_at"] == made["next_firings"][0]
    shown = api("GET", f"/schedules/{made['name']}").json()
    assert shown == {key: made[key] for key in shown}
    assert made["name"] in [each["name"] for each in api("GET", "/schedules").json()["schedules"]]


def test_everything_wrong_is_told_at_once_and_nothing_is_made(api: Api) -> None:
    body = schedule_body(
        name="no name", expression="cron(0 3 * * * *)", time_zone="Mars/Olympus", overlap="maybe",
        notify=[{"webhook": "http://example.com"}], run={"local": [{"instance_type": "docker"}], "run_id": "mine"}, when="?",
    )  # fmt: skip
    reply = api("POST", "/schedules", body)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_schedule")
    fields = {problem["field"] for problem in reply.json()["problems"]}
    assert fields >= {
        "when", "name", "expression", "time_zone", "overlap", "notify[0].webhook", "run.per_instance_type.tasks",
        "run.run_id", "run.ruby_version",
    }  # fmt: skip


def test_the_same_body_again_is_the_same_schedule_and_another_one_is_a_conflict(api: Api, named: list[str]) -> None:
    body = schedule_body()
    named.append(body["name"])
    first, again = (api("POST", "/schedules", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["created_at"] == again.json()["created_at"]
    other = api("POST", "/schedules", {**body, "overlap": "allow"})
    assert (other.status_code, other.json()["code"]) == (409, "schedule_exists")


def test_a_schedule_fires_on_time_and_its_run_is_followed_to_its_end(
    api: Api, named: list[str], emulator_clock: ShiftedClock
) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=30)
    made = make(api, named, expression=f"at({soon:%Y-%m-%dT%H:%M:00})")
    path = f"/schedules/{made['name']}"
    with emulator_clock.ahead(timedelta(minutes=31)):
        shown = api.until(path, lambda document: document["last"] and document["last"]["run_id"])
    run_id = shown["last"]["run_id"]
    assert run_id == f"{made['name']}-{soon:%Y%m%dT%H%M}00Z"
    assert shown["last"] == {
        **shown["last"],
        "state": "running",
        "by": "schedule",
        "scheduled_at": f"{soon:%Y-%m-%dT%H:%M:00Z}",
    }
    finish(api, run_id, ok=False)
    last = api.until(path, lambda document: document["last"]["state"] != "running")["last"]
    assert (last["state"], last["tasks"], last["tasks_failed"]) == ("completed", 1, 1)


def test_what_is_asked_for_now_is_one_firing_for_each_token(api: Api, named: list[str]) -> None:
    made = make(api, named)
    path = f"/schedules/{made['name']}"
    first, again = (api("POST", f"{path}/run-now", {"token": "abc"}) for _ in range(2))
    assert (first.status_code, first.json()["scheduled_at"]) == (202, again.json()["scheduled_at"])
    shown = api.until(path, lambda document: document["last"] and document["last"]["run_id"])
    assert [firing["by"] for firing in shown["firings"]] == ["run-now"]
    api("POST", f"/runs/{shown['last']['run_id']}/stop")


@pytest.mark.system
@pytest.mark.parametrize(("overlap", "state"), one_now(("queue", "waiting"), ("skip", "skipped"), ("allow", "running")))
def test_what_overlaps_is_skipped_or_waits_or_runs(api: Api, named: list[str], overlap: str, state: str) -> None:
    made = make(api, named, overlap=overlap)
    path = f"/schedules/{made['name']}"
    api("POST", f"{path}/run-now")
    api.until(path, lambda document: document["last"] and document["last"]["run_id"])
    api("POST", f"{path}/run-now")
    shown = api.until(path, lambda document: document["firings"][0]["state"] == state)
    if state == "skipped":
        assert shown["firings"][1]["run_id"] in shown["last"]["reason"]
    api("POST", f"/runs/{shown['firings'][1]['run_id']}/stop")
    if state == "waiting":
        shown = api.until(path, lambda document: document["firings"][0]["state"] == "running")
    if run_id := shown["firings"][0]["run_id"]:
        api("POST", f"/runs/{run_id}/stop")


def test_a_deleted_schedule_leaves_nothing(api: Api, emulator: Emulator) -> None:
    made = make(api, [])
    assert api("DELETE", f"/schedules/{made['name']}").status_code == 202
    gone = api.until(f"/schedules/{made['name']}", lambda document: "code" in document)
    assert gone["code"] == "schedule_not_found"
    api.until("/schedules", lambda document: made["name"] not in [each["name"] for each in document["schedules"]])


@pytest.mark.system
def test_a_topic_is_told_of_the_end(api: Api, named: list[str], emulator: Emulator) -> None:
    """A queue of its own listens to the topic."""
    sns, sqs = (client(emulator, service) for service in ("sns", "sqs"))
    topic = sns.create_topic(Name=f"benchfleet-local-{fresh('t')}")["TopicArn"]
    queue = sqs.create_queue(QueueName=fresh("listener"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    path = f"/schedules/{make(api, named, notify=[{'on': ['end'], 'sns': topic}])['name']}"
    api("POST", f"{path}/run-now")
    run_id = api.until(path, lambda document: document["last"] and document["last"]["run_id"])["last"]["run_id"]
    api("POST", f"/runs/{run_id}/stop")
    api.until(path, lambda document: document["last"]["state"] == "cancelled")
    (message,) = poll(sqs, queue)
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["run_id"], told["events"], told["state"]) == (run_id, ["end"], "cancelled")


def poll(sqs: Any, queue: str) -> list[Any]:
    for _ in range(100):
        if found := sqs.receive_message(QueueUrl=queue).get("Messages"):
            return list(found)
        time.sleep(0.1)
    return []


def client(emulator: Emulator, service: str) -> Any:
    ready = emulator.ready
    return boto3.client(
        service, endpoint_url=ready.aws_endpoint_url, region_name=ready.region,
        aws_access_key_id=ready.aws_access_key_id, aws_secret_access_key=ready.aws_secret_access_key,
    )  # type: ignore[call-overload]  # fmt: skip


def test_readers_see_schedules_and_change_none(api: Api, named: list[str]) -> None:
    made = make(api, named)
    path = f"/schedules/{made['name']}"
    assert api("GET", path, role="reader").status_code == 200
    for method, where, body in (
        ("POST", "/schedules", schedule_body()),
        ("DELETE", path, None),
        ("POST", f"{path}/run-now", {}),
    ):
        assert api(method, where, body, role="runner").status_code == 403


def test_a_webhook_is_shown_without_its_path_and_its_secret_once(api: Api, named: list[str]) -> None:
    made = make(api, named, notify=[{"on": ["failure"], "webhook": "https://hooks.example.com/t0ken"}])
    assert made["webhook_secret"].startswith("whsec_")
    assert "t0ken" not in api("GET", f"/schedules/{made['name']}", role="reader").text
    assert "webhook_secret" not in api("GET", f"/schedules/{made['name']}").json()
