"""Upload URLs: who gets them, and that they take the declared bytes only."""

import hashlib
from typing import Any

import httpx
import pytest
from benchfleet_contract.authorities import authorities

from tests.integration.api_client import Api, Json
from tests.unit.archive_uploads import upload_of
from tests.variants import in_proof

DATA = b"\x1f\x8b" + b"result" * 100


def declared(data: bytes, kind: str = "result") -> dict[str, str]:
    return {f"{kind}_bytes": str(len(data)), f"{kind}_sha256": hashlib.sha256(data).hexdigest()}


def urls(api: Api, task: Json, **query: Any) -> httpx.Response:
    params = {"runner_id": "runner-1", "attempt": str(task["attempt"]), **query}
    return api("GET", f"/tasks/{task['id']}/upload-urls", role="runner", params=params)


def put(url: str, data: bytes, headers: dict[str, str] | None = None) -> int:
    with httpx.Client(trust_env=False, verify=authorities({}), timeout=60) as bare:
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


def end(api: Api, claimed: Json, verb: str, **body: Any) -> httpx.Response:
    task, kind = claimed["task"], "result" if verb == "complete" else "error"
    key = claimed["presigned_urls"][f"{kind}_key"]
    why = {} if verb == "complete" else {"error_type": "benchmark_failed", "error_message": "exit 1"}
    said = {"runner_id": "runner-1", "attempt": task["attempt"], f"s3_{kind}_key": key, **why, **body}
    return api("POST", f"/tasks/{task['id']}/{verb}", said, role="runner")


@pytest.mark.parametrize(
    ("verb", "kind", "says_its_checksum"),
    [
        ("complete", "result", True),
        ("fail", "error", False),
        *in_proof(("complete", "result", False), ("fail", "error", True)),
    ],
)
def test_what_replaces_an_upload_after_the_tasks_end_is_refused_and_told(
    api: Api, verb: str, kind: str, says_its_checksum: bool
) -> None:
    """Its URL still works for hours: nobody can take it back."""
    run_id = api.create(per_instance_type={"tasks": 3})["run_id"]
    claims = [api.claim(run_id) for _ in range(3)]
    sound, forged = upload_of([("output.txt", b"slow")]), upload_of([("output.txt", b"fast")])
    said = {f"{kind}_sha256": hashlib.sha256(sound).hexdigest()} if says_its_checksum else {}
    for claimed in claims[:2]:
        assert put(claimed["presigned_urls"][f"{kind}_upload_url"], sound) == 200
        assert end(api, claimed, verb, **said).status_code == 200
    for claimed in claims[1:2]:
        assert put(claimed["presigned_urls"][f"{kind}_upload_url"], forged) == 200
    assert end(api, claims[2], verb).status_code == 200  # and one that nobody uploads
    run = api.until(f"/runs/{run_id}", lambda run: bool(run["gzip_url"]))
    archive = run["archive"]
    assert (archive["whole"], archive["corrupt"], archive["missing"]) == (1, 1, 1)
    lost = {one["task_id"]: one for one in archive["lost"]}
    why = lost[claims[1]["task"]["id"]]["reason"]
    assert ("not what the task ended with" if says_its_checksum else "replaced after the task had ended") in why
    assert api.task(claims[1]["task"]["id"])["result"] == "corrupt"


def test_what_is_uploaded_after_the_tasks_end_only_is_refused_and_told(api: Api) -> None:
    run_id = api.create(per_instance_type={"tasks": 2})["run_id"]
    claims = [api.claim(run_id) for _ in range(2)]
    assert end(api, claims[0], "complete").status_code == 200
    assert put(claims[0]["presigned_urls"]["result_upload_url"], upload_of([("output.txt", b"late")])) == 200
    assert end(api, claims[1], "complete").status_code == 200
    run = api.until(f"/runs/{run_id}", lambda run: bool(run["gzip_url"]))
    assert [(one["archived"], one["reason"]) for one in run["archive"]["lost"]] == [
        ("corrupt", "uploaded after the task had ended"),
        ("missing", "the uploaded object does not exist"),
    ]


@pytest.mark.parametrize("said", ["0" * 63, "g" * 64, 7, ["0" * 64], "0" * 5000])
@pytest.mark.parametrize(("verb", "name"), [("complete", "result_sha256"), ("fail", "error_sha256")])
def test_a_checksum_that_is_none_is_refused_by_name(api: Api, verb: str, name: str, said: Any) -> None:
    claimed = api.leased()
    reply = end(api, claimed, verb, **{name: said})
    assert reply.status_code == 400
    assert name in reply.json()["error"]
    assert api.task(claimed["task"]["id"])["status"] == "claimed"


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
