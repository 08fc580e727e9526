"""Upload URLs: who gets them, and that they take the declared bytes only."""

import hashlib
from typing import Any

import httpx
import pytest

from tests.integration.api_client import Api, Json

DATA = b"\x1f\x8b" + b"result" * 100


def declared(data: bytes, kind: str = "result") -> dict[str, str]:
    return {f"{kind}_bytes": str(len(data)), f"{kind}_sha256": hashlib.sha256(data).hexdigest()}


def urls(api: Api, task: Json, **query: Any) -> httpx.Response:
    params = {"runner_id": "runner-1", "attempt": str(task["attempt"]), **query}
    return api("GET", f"/tasks/{task['id']}/upload-urls", role="runner", params=params)


def put(url: str, data: bytes, headers: dict[str, str] | None = None) -> int:
    with httpx.Client(trust_env=False) as bare:
        return bare.put(url, content=data, headers=headers or {}).status_code


def test_the_urls_of_a_claim_take_a_file_as_reference_runners_send_it(api: Api) -> None:
    signed = api.leased()["presigned_urls"]
    for name in ("result_upload_url", "error_upload_url"):
        assert put(signed[name], DATA, {"Content-Type": "application/gzip"}) == 200


@pytest.mark.parametrize("kind", ["result", "error"])
def test_declared_bytes_are_taken_and_no_others(api: Api, kind: str) -> None:
    claimed = api.leased()
    reply = urls(api, claimed["task"], **declared(DATA, kind))
    assert reply.status_code == 200
    fresh = reply.json()
    url, headers = fresh[f"{kind}_upload_url"], fresh["required_headers"]
    assert fresh[f"{kind}_key"] == claimed["presigned_urls"][f"{kind}_key"]
    assert headers["Content-Length"] == str(len(DATA))
    assert put(url, DATA[::-1], headers) in (400, 403)
    assert put(url, DATA + b"more", headers | {"Content-Length": str(len(DATA) + 4)}) == 403
    assert put(url, DATA) == 403
    assert put(url, DATA, headers) == 200


def test_an_upload_is_what_the_archive_of_the_run_is_made_of(api: Api) -> None:
    task = api.leased()["task"]
    signed = urls(api, task, **declared(DATA)).json()
    assert put(signed["result_upload_url"], DATA, signed["required_headers"]) == 200
    body = {"runner_id": "runner-1", "s3_result_key": signed["result_key"], "attempt": task["attempt"]}
    assert api("POST", f"/tasks/{task['id']}/complete", body, role="runner").status_code == 200
    run = api.until(f"/runs/{task['run_id']}", lambda run: bool(run["gzip_url"]))
    assert run["archive"]["state"] == "ready"


@pytest.mark.parametrize(
    "query",
    [
        {"result_bytes": "5"}, {"result_sha256": "0" * 64}, {"result_bytes": "0", "result_sha256": "0" * 64},
        {"result_bytes": "x", "result_sha256": "0" * 64}, {"result_bytes": "5", "result_sha256": "zz"},
        {"result_bytes": str(6 * 1024**3), "result_sha256": "0" * 64}, declared(b"a") | declared(b"b", "error"),
    ],
)  # fmt: skip
def test_odd_declarations_are_refused(api: Api, query: dict[str, str]) -> None:
    assert urls(api, api.leased()["task"], **query).status_code == 400


def test_only_the_holder_gets_urls(api: Api) -> None:
    task = api.leased()["task"]
    assert urls(api, task, runner_id="another").status_code == 403
    assert urls(api, task | {"id": "nope.1"}).status_code == 404
    late = urls(api, task, attempt="2")
    assert (late.status_code, late.json()["code"]) == (409, "lease_lost")


def test_an_ended_task_gets_none(api: Api) -> None:
    claimed = api.leased()
    body = {"runner_id": "runner-1", "error_type": "benchmark_failed", "error_message": "exit 1"}
    api("POST", f"/tasks/{claimed['task']['id']}/fail", body, role="runner")
    late = urls(api, claimed["task"])
    assert (late.status_code, late.json()["code"]) == (409, "task_finished")
