"""The emulator in this process: the app over HTTP, presigned uploads, and what drives a run by itself."""

import base64
import hashlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from benchfleet_contract.authorities import authorities

from local_emulator.config import EmulatorConfig
from local_emulator.errors import AlreadyRunning
from local_emulator.stack import Emulator

CLIENTS = 40  # more than the API has places for work


@pytest.fixture(scope="module")
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {emulator.ready.keys.admin}"}
    with httpx.Client(base_url=emulator.ready.api_url, headers=headers, verify=authorities({}), timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def stranger() -> Iterator[httpx.Client]:
    """Without a key."""
    with httpx.Client(verify=authorities({}), timeout=60) as client:
        yield client


def create_run(http: httpx.Client, *, tasks: int = 1) -> str:
    run_id = f"run-{uuid4().hex[:12]}"
    instances = [{"instance_type": "small", "alias": "small"}]
    body = {"run_id": run_id, "workload": "mock", "ruby_version": "3.4", "local": instances}
    created = http.post("/runs", json=body | {"per_instance_type": {"tasks": tasks}})
    assert created.status_code == 201, created.text
    return run_id


def claim(http: httpx.Client, run_id: str, *, runner: str = "r1") -> Any:
    request = {"provider": "local", "instance_type": "small", "runner_id": runner}
    return http.post(f"/runs/{run_id}/tasks/claim", json=request).json()


def wait_until(true: Callable[[], bool], *, within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


def test_keys_open_what_their_role_may(emulator: Emulator, stranger: httpx.Client) -> None:
    post = {role: _stop_nothing(emulator, stranger, key) for role, key in vars(emulator.ready.keys).items()}
    assert post["admin"] == 404
    assert post["reader"] == 403
    assert _stop_nothing(emulator, stranger, "guess") == 401


def _stop_nothing(emulator: Emulator, stranger: httpx.Client, key: str) -> int:
    url = f"{emulator.ready.api_url}/runs/nothing/stop"
    return stranger.post(url, headers={"Authorization": f"Bearer {key}"}).status_code


def test_a_run_goes_from_creation_to_archive_by_itself(http: httpx.Client, stranger: httpx.Client) -> None:
    run_id = create_run(http)
    assigned = claim(http, run_id)
    task, urls = assigned["task"], assigned["presigned_urls"]
    stranger.put(urls["result_upload_url"], content=b"not really a tar").raise_for_status()
    done = {"runner_id": "r1", "attempt": task["attempt"], "s3_result_key": urls["result_key"]}
    completed = http.post(f"/tasks/{task['id']}/complete", json=done)
    assert completed.status_code == 200, completed.text
    wait_until(lambda: http.get(f"/runs/{run_id}").json()["archive"]["state"] == "ready")
    run = http.get(f"/runs/{run_id}").json()
    assert (run["status"], run["tasks"]["completed"]) == ("completed", 1)
    assert len(stranger.get(run["gzip_url"]).content) == run["archive"]["size_bytes"]


def test_an_upload_url_takes_exactly_what_was_declared(http: httpx.Client, stranger: httpx.Client) -> None:
    run_id, body = create_run(http), b"x" * 1000
    task = claim(http, run_id)["task"]
    query = {
        "runner_id": "r1",
        "attempt": task["attempt"],
        "result_bytes": len(body),
        "result_sha256": hashlib.sha256(body).hexdigest(),
    }
    url = http.get(f"/tasks/{task['id']}/upload-urls", params=query).json()["result_upload_url"]
    checksum = {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(body).digest()).decode()}
    assert stranger.put(url, content=body + b"x", headers=checksum).status_code == 403
    assert stranger.put(url, content=b"y" * 1000, headers=checksum).status_code == 400
    assert stranger.put(url, content=body).status_code == 403
    assert stranger.put(url, content=body, headers=checksum).status_code == 200


def test_objects_are_closed_to_whoever_has_no_signature(emulator: Emulator, stranger: httpx.Client) -> None:
    ready = emulator.ready
    for path in ("", "/", f"/{ready.bucket}", f"/{ready.bucket}/runs/1/x", "/moto-api/data.json"):
        assert stranger.get(ready.aws_endpoint_url + path).status_code == 403
    assert stranger.put(f"{ready.aws_endpoint_url}/{ready.bucket}/runs/1/x", content=b"x").status_code == 403
    assert stranger.post(f"{ready.aws_endpoint_url}/moto-api/reset").status_code == 403


def test_many_clients_at_once_each_get_their_own_answer(http: httpx.Client) -> None:
    run_id = create_run(http, tasks=CLIENTS)
    with ThreadPoolExecutor(CLIENTS) as pool:
        replies = list(pool.map(lambda n: claim(http, run_id, runner=f"r{n}"), range(CLIENTS)))
    claimed = [reply["task"]["id"] for reply in replies if reply["status"] == "assigned"]
    assert len(claimed) == len(set(claimed)) == CLIENTS


def test_a_connection_is_kept(emulator: Emulator) -> None:
    with httpx.Client(limits=httpx.Limits(max_connections=1), verify=authorities({})) as one:
        streams = [one.get(emulator.ready.api_url + "/up").extensions["network_stream"] for _ in range(3)]
    assert len({id(stream) for stream in streams}) == 1


def test_a_post_without_body_and_content_type_reaches_its_view(http: httpx.Client) -> None:
    run_id = create_run(http)
    bare = httpx.Request("POST", f"{http.base_url}/runs/{run_id}/stop", headers=dict(http.headers))
    assert "content-type" not in bare.headers
    assert http.send(bare).status_code == 200


def test_a_body_in_chunks_is_read_whole(http: httpx.Client) -> None:
    body = b'{"run_id": "chunked", "workload": "mock", "ruby_version": "3.4"'
    parts = iter(
        [body, b', "per_instance_type": {"tasks": 1},', b' "local": [{"instance_type": "small", "alias": "a"}]}']
    )
    created = http.post("/runs", content=parts, headers={"Content-Type": "application/json"})
    assert created.status_code == 201, created.text


def test_a_body_beyond_the_gateway_s_limit_is_refused(http: httpx.Client) -> None:
    assert http.post("/runs", content=b" " * (10 * 1024 * 1024 + 1)).status_code == 413


def test_a_second_emulator_in_one_process_is_refused(emulator: Emulator, stranger: httpx.Client) -> None:
    with pytest.raises(AlreadyRunning):
        Emulator(EmulatorConfig()).start()
    assert stranger.get(emulator.ready.api_url + "/up").status_code == 200


ONE_AFTER_ANOTHER = """
import os, httpx
from local_emulator.stack import Emulator

before = dict(os.environ)
for _ in range(2):
    with Emulator() as emulator:
        key = {"Authorization": "Bearer " + emulator.ready.keys.admin}
        assert httpx.post(emulator.ready.api_url + "/runs/nothing/stop", headers=key, timeout=60).status_code == 404
        assert httpx.get(emulator.ready.api_url + "/runs", timeout=60).json()["runs"] == []
assert dict(os.environ) == before
"""


@pytest.mark.proof
def test_emulators_one_after_another_share_nothing() -> None:
    ended = subprocess.run([sys.executable, "-W", "error", "-c", ONE_AFTER_ANOTHER], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
