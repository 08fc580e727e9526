"""Deleting a run, over HTTP with the whole system: statuses, and what is left of it in the emulated AWS."""

import importlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import httpx
import pytest
from benchfleet_contract.authorities import authorities

from chalicelib.domain.deleting import HANDED_OUT_MS
from tests.integration.api_client import Api, Json, fresh
from tests.integration.test_api_uploads import put
from tests.integration.test_cli_runs import packed


class Inside:
    """What the emulated AWS holds of a run."""

    def __init__(self, api: Api) -> None:
        ready = api.ready
        session = boto3.Session(ready.aws_access_key_id, ready.aws_secret_access_key, region_name=ready.region)
        self._table, self._bucket = ready.table, ready.bucket
        self.dynamodb = session.client("dynamodb", endpoint_url=ready.aws_endpoint_url)
        self.s3 = session.client("s3", endpoint_url=ready.aws_endpoint_url)

    def items(self, run_id: str) -> list[Any]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self._table)
        return [item for page in pages for item in page["Items"] if run_id in str(item)]

    def objects(self, run_id: str) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=self._bucket, Prefix=f"runs/{run_id}/")
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def close(self) -> None:
        self.dynamodb.close()
        self.s3.close()


@pytest.fixture(scope="module")
def inside(api: Api) -> Iterator[Inside]:
    made = Inside(api)
    yield made
    made.close()


@pytest.fixture
def ended(api: Api) -> Json:
    """A run whose only task completed, with its archive, under an id that no other id holds."""
    reply = api.leased(run_id=f"{fresh('gone')}x")
    task, urls = reply["task"], reply["presigned_urls"]
    api.claim(task["run_id"], runner_id="waits")
    assert put(urls["result_upload_url"], packed("{}"), {}) == 200
    body = {"runner_id": "runner-1", "s3_result_key": urls["result_key"], "attempt": 1}
    assert api("POST", f"/tasks/{task['id']}/complete", body, role="runner").status_code == 200
    shown = api.until(f"/runs/{task['run_id']}", lambda run: run["archive"]["state"] == "ready")
    return {"run_id": task["run_id"], "task": task, "urls": urls, "archive": shown["archive"]["url"], "body": body}


def delete(api: Api, run_id: str, **more: Any) -> httpx.Response:
    return api("DELETE", f"/runs/{run_id}", **more)


def deleted(api: Api, run_id: str, *, within_s: float = 60) -> None:
    """Asks as a client does: until 404."""
    end = time.monotonic() + within_s
    while (reply := delete(api, run_id)).status_code == 202:
        assert reply.json() == {"message": "Run is being deleted"}
        assert api("GET", f"/runs/{run_id}").status_code == 404
        assert time.monotonic() < end
        time.sleep(0.1)
    assert (reply.status_code, reply.json()["code"]) == (404, "run_not_found")


def later(service: str, run_id: str) -> None:
    """Calls a service of the app when nothing can come for the run any more."""
    services: Any = importlib.import_module("chalicelib.wiring").services()
    replace(getattr(services.runs, service), clock=lambda: services.clock() + HANDED_OUT_MS)(run_id)


def age(run_id: str) -> None:
    """Sets the run's end back by as long as anything that was handed out may be used."""
    services: Any = importlib.import_module("chalicelib.wiring").services()
    from chalicelib.store.deletions import _of_run

    ended_ms = services.clock() - HANDED_OUT_MS
    services.stores.deletions._table.update(_of_run(run_id, "attribute_exists(#pk)", {"completed_ms": ended_ms}, {}))


def test_of_an_old_run_nothing_is_left(api: Api, inside: Inside, ended: Json) -> None:
    run_id = ended["run_id"]
    assert len(inside.items(run_id)) >= 5  # run, counters, header, task, who waited; perhaps a marker
    assert len(inside.objects(run_id)) == 4  # request, upload, archive, summary
    age(run_id)
    deleted(api, run_id)
    assert (inside.items(run_id), inside.objects(run_id)) == ([], [])
    assert api("POST", "/runs", {**RUN, "run_id": run_id}).status_code == 201


RUN = {"ruby_version": "3.4.7", "per_instance_type": {"tasks": 1}, "local": [{"instance_type": "docker"}]}


def test_of_a_young_run_its_id_is_left_and_later_nothing(api: Api, inside: Inside, ended: Json) -> None:
    run_id = ended["run_id"]
    deleted(api, run_id)
    (left,) = inside.items(run_id)
    assert (left["state"], inside.objects(run_id)) == ({"S": "deleted"}, [])
    refused = api("POST", "/runs", {**RUN, "run_id": run_id})
    assert (refused.status_code, refused.json()["code"]) == (503, "being_deleted")
    assert 0 < int(refused.headers["Retry-After"]) <= HANDED_OUT_MS / 1000
    assert put(ended["urls"]["result_upload_url"], b"late", {}) == 200  # the URL is good for an hour
    later("remove", run_id)
    assert (inside.items(run_id), inside.objects(run_id)) == ([], [])


def test_everything_that_is_asked_about_a_deleted_run_is_answered_404(api: Api, inside: Inside, ended: Json) -> None:
    run_id, task_id = ended["run_id"], ended["task"]["id"]
    assert httpx.get(ended["archive"], timeout=60, verify=authorities({})).status_code == 200
    deleted(api, run_id)
    before = inside.items(run_id)
    for path in (f"/runs/{run_id}", f"/runs/{run_id}/tasks", f"/runs/{run_id}/runners", f"/tasks/{task_id}",
                 f"/tasks/{task_id}/files", f"/tasks/{task_id}/upload-urls?runner_id=runner-1"):  # fmt: skip
        assert api("GET", path).status_code == 404, path
    request = {"provider": "local", "instance_type": "docker", "runner_id": "late"}
    failure = {"runner_id": "runner-1", "error_type": "x", "error_message": "y", "attempt": 1}
    for path, body in (
        (f"/runs/{run_id}/stop", None), (f"/runs/{run_id}/tasks/claim", request),
        (f"/tasks/{task_id}/complete", ended["body"]), (f"/tasks/{task_id}/fail", failure),
        (f"/tasks/{task_id}/heartbeat", {"runner_id": "runner-1", "status": "running", "attempt": 1}),
    ):  # fmt: skip
        known, unknown = api("POST", path, body), api("POST", path.replace(run_id, "never-was"), body)
        assert (known.status_code, known.json()) == (404, unknown.json()), path
    assert httpx.get(ended["archive"], timeout=60, verify=authorities({})).status_code == 404
    assert run_id not in [run["run_id"] for run in api("GET", "/runs").json()["runs"]]
    assert inside.items(run_id) == before


def test_a_run_that_is_not_over_is_refused(api: Api) -> None:
    run_id = api.create()["run_id"]
    refused = delete(api, run_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "run_not_over")
    assert "stop it first" in refused.json()["error"]
    assert api("GET", f"/runs/{run_id}").json()["status"] == "running"
    assert api("POST", f"/runs/{run_id}/stop").status_code == 200
    api.until(f"/runs/{run_id}", lambda run: run["archive"]["state"] == "ready")
    deleted(api, run_id)


def test_only_an_admin_deletes(api: Api, ended: Json) -> None:
    assert [delete(api, ended["run_id"], role=role).status_code for role in ("runner", "reader")] == [403, 403]
    assert delete(api, ended["run_id"], role=None).status_code == 401
    assert api("GET", f"/runs/{ended['run_id']}").status_code == 200


def test_what_is_no_run_is_not_found(api: Api) -> None:
    for run_id in ("never-was", "-x", "a%20b"):
        reply = delete(api, run_id)
        assert (reply.status_code, reply.json()["code"]) == (404, "run_not_found")
