"""Who may do what: the key is looked at before anything else."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local_emulator.config import Keys, Ready
from tests import prepared_start
from tests.each_case import each_case
from tests.integration.api_client import Api, run_body

READS = [
    ("GET", "/runs"), ("GET", "/runs/nope"), ("GET", "/run/nope"), ("GET", "/runs/nope/tasks"),
    ("GET", "/runs/nope/runners"), ("GET", "/tasks/nope.1"), ("GET", "/tasks/nope.1/files"),
]  # fmt: skip
ADMINS = [("POST", "/runs"), ("POST", "/run"), ("POST", "/runs/nope/stop")]
RUNNERS = [
    ("POST", "/runs/nope/tasks/claim"), ("POST", "/claim"), ("POST", "/tasks/nope.1/heartbeat"),
    ("POST", "/tasks/nope.1/complete"), ("POST", "/tasks/nope.1/fail"), ("GET", "/tasks/nope.1/upload-urls"),
]  # fmt: skip
UNAUTHORIZED = {"error": "Unauthorized"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A control plane that lets nobody read without a key. In a process of its own: one process holds one emulator."""
    ready_file = tmp_path_factory.mktemp("closed") / "ready.json"
    command = [
        sys.executable,
        "-m",
        "local_emulator",
        "--port",
        "0",
        "--no-public-read",
        "--ready-file",
        str(ready_file),
    ]
    process = prepared_start.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = Api(_ready(ready_file, process))
        yield client
        client.close()
    finally:
        process.terminate()
        process.wait(timeout=60)


def _ready(path: Path, process: subprocess.Popen[bytes]) -> Ready:
    end = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None, "the emulator ended"
        assert time.monotonic() < end, "the emulator does not come up"
        time.sleep(0.05)
    document = json.loads(path.read_text())
    return Ready(**document | {"keys": Keys(**document["keys"])})


def refused(reply: httpx.Response) -> bool:
    return reply.status_code == 401 and reply.json() | UNAUTHORIZED == reply.json()


@each_case(("method", "path"), ADMINS + RUNNERS)
@each_case("header", [None, "", "Bearer", "Bearer wrong", "wrong", "Basic d3Jvbmc6a2V5"])
def test_without_a_good_key_nothing_else_is_looked_at(api: Api, method: str, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert refused(api(method, path, role=None, headers=headers, content=b"{" if method == "POST" else None))


def test_the_scheme_may_be_left_out(api: Api) -> None:
    for header in (api.ready.keys.admin, f"Bearer {api.ready.keys.admin}"):
        assert api("POST", "/runs", run_body(), role=None, headers={"Authorization": header}).status_code == 201


@each_case(("method", "path"), ADMINS)
@each_case("role", ["runner", "reader"])
def test_only_admins_start_and_stop_runs(api: Api, method: str, path: str, role: str) -> None:
    reply = api(method, path, run_body() if method == "POST" else None, role=role)
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")


@each_case(("method", "path"), RUNNERS)
def test_readers_do_not_run_tasks(api: Api, method: str, path: str) -> None:
    assert api(method, path, role="reader").status_code == 403


@each_case(("method", "path"), RUNNERS)
@each_case("role", ["runner", "admin"])
def test_runners_and_admins_run_tasks(api: Api, method: str, path: str, role: str) -> None:
    assert api(method, path, role=role).status_code in (400, 404)


@each_case(("method", "path"), READS)
def test_reading_is_public_where_it_was_opened(api: Api, method: str, path: str) -> None:
    assert api(method, path, role=None).status_code in (200, 404)


@pytest.mark.parametrize(("method", "path"), READS)
def test_reading_needs_a_key_elsewhere(closed: Api, method: str, path: str) -> None:
    assert refused(closed(method, path, role=None))
    for role in ("reader", "runner", "admin"):
        assert closed(method, path, role=role).status_code in (200, 404)


@each_case(
    ("role", "may"),
    [("admin", ["read", "run_tasks", "manage_runs"]), ("runner", ["read", "run_tasks"]), ("reader", ["read"])],
)
def test_a_key_can_ask_who_it_is(closed: Api, role: str, may: list[str]) -> None:
    said = closed("GET", "/whoami.json", role=role).json()
    assert (said["role"], len(said["key_id"]), said["may"]) == (role, 12, may)


def test_an_unknown_key_is_told_so_even_where_reading_is_public(api: Api, closed: Api) -> None:
    assert api("GET", "/whoami", role=None).json() == {"role": None, "key_id": None, "may": ["read"]}
    assert closed("GET", "/whoami", role=None).status_code == 401
    for plane in (api, closed):
        assert plane("GET", "/whoami", headers={"Authorization": "Bearer wrong"}).status_code == 401


@each_case("path", ["/up", "/openapi.json"])
def test_health_and_description_need_no_key_anywhere(closed: Api, path: str) -> None:
    assert closed("GET", path, role=None).status_code == 200


@each_case(
    ("method", "path"),
    [
        ("GET", "/nope"), ("GET", "/api/runs"), ("GET", "/runs/7/nope"), ("GET", "/a/b/c/d/e/f"), ("POST", "/runs//7"),
        ("DELETE", "/runs"), ("PUT", "/runs/7"), ("GET", "/runs/7/stop"), ("PATCH", "/tasks/7.1/heartbeat"), ("POST", "/"),
        ("OPTIONS", "/runs"), ("OPTIONS", "/nope"), ("BREW", "/up"),
    ],
)  # fmt: skip
@each_case("role", [None, "admin"])
def test_what_is_no_route_is_not_found_in_the_apis_own_words(
    api: Api, method: str, path: str, role: str | None
) -> None:
    reply = api(method, f"{path}?secret=1", role=role)
    assert (reply.status_code, reply.json()["code"]) == (404, "no_such_route")
    assert reply.json()["error"] == f"No such route: {method} {path}"
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert api.ready.keys.admin not in reply.text


def test_a_head_of_no_route_has_no_body(api: Api) -> None:
    for path in ("/nope", "/up"):
        reply = api("HEAD", path)
        assert (reply.status_code, reply.content) == (404, b"")
    assert api("GET", "/up/", role=None).status_code == 200
