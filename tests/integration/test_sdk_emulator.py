"""Both clients against the real thing: the API, storage with signatures, a run from its creation to its archive."""

import asyncio
import contextlib
import gzip
import io
import logging
import os
import re
import secrets
import socket
import subprocess
import sys
import tarfile
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchfleet import AsyncClient, Client, DownloadProgress, WaitProgress, exceptions
from benchfleet_contract.authorities import authorities
from benchfleet_contract.limits import TASKS_PAGE
from benchfleet_contract.states import TaskStatus

from local_emulator.stack import Emulator
from tests.integration.api_client import Api, fresh, run_body
from tests.variants import one_now

SDK_DOC = Path(__file__).parents[2] / "docs" / "sdk.md"


class Ask:
    """`ask(lambda client: client.run("7"))`: what the client says; an iterator's items as a list."""

    def __init__(self, kind: str, emulator: Emulator) -> None:
        self.kind = kind
        self._url, self._key = emulator.ready.api_url, emulator.ready.keys.admin

    def __call__(self, question: Callable[[Any], Any], *, key: str | None = None) -> Any:
        if self.kind == "awaited":
            return asyncio.run(self._awaited(question, key or self._key))
        with Client(self._url, key=key or self._key) as client:
            found = question(client)
            return list(found) if isinstance(found, Iterator) else found

    async def _awaited(self, question: Callable[[Any], Any], key: str) -> Any:
        async with AsyncClient(self._url, key=key) as client:
            found = question(client)
            return [item async for item in found] if isinstance(found, AsyncIterator) else await found


@pytest.fixture(params=one_now("blocking", "awaited"))
def ask(request: pytest.FixtureRequest, emulator: Emulator) -> Ask:
    return Ask(request.param, emulator)


def result_archive() -> bytes:
    """What a runner uploads."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        content = os.urandom(200_000)
        member = tarfile.TarInfo("output.bin")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def play_runner(api: Api, run_id: str) -> None:
    """Does what a runner does with the one task of a run."""
    claim = api.claim(run_id)
    urls, task = claim["presigned_urls"], claim["task"]
    sent = httpx.put(
        urls["result_upload_url"],
        content=result_archive(),
        headers=urls["required_headers"],
        trust_env=False,
        verify=authorities({}),
    )
    assert sent.status_code == 200, sent.text
    done = {"runner_id": "runner-1", "s3_result_key": urls["result_key"], "attempt": task["attempt"]}
    reply = api("POST", f"/tasks/{task['id']}/complete", done, role="runner")
    assert reply.status_code == 200, reply.text


def test_a_run_from_its_creation_to_its_archive(ask: Ask, api: Api, tmp_path: Path) -> None:
    looks: list[WaitProgress] = []
    pieces: list[DownloadProgress] = []
    ask(lambda client: client.up())
    created = ask(lambda client: client.create_run(run_body()))
    assert [task.status for task in ask(lambda client: client.tasks(created.run_id))] == ["pending"]
    worker = threading.Thread(target=play_runner, args=(api, created.run_id))
    worker.start()
    ended = ask(lambda client: client.wait(created.run_id, timeout_s=60, on_progress=looks.append))
    worker.join()
    assert (ended.status, ended.tasks.completed, ended.archive.state) == ("completed", 1, "ready")
    assert looks[-1].run == ended
    to = ask(lambda client: client.download(created.run_id, tmp_path / "a.tar.gz", on_progress=pieces.append))
    with tarfile.open(to) as archive:
        assert {"box-1/output.bin", "manifest.json"} <= {name.removeprefix("./") for name in archive.getnames()}
    assert pieces[-1].done_bytes == pieces[-1].total_bytes == to.stat().st_size
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


def test_storage_takes_ranges_of_what_it_signed(ask: Ask, api: Api, tmp_path: Path) -> None:
    """What a download that broke off asks for."""
    run_id = api.create()["run_id"]
    play_runner(api, run_id)
    archive = ask(lambda client: client.wait(run_id, timeout_s=60)).archive
    whole = httpx.get(archive.url, trust_env=False, verify=authorities({}), timeout=60)
    part = httpx.get(
        archive.url,
        headers={"Range": "bytes=1000-", "If-Match": whole.headers["ETag"]},
        trust_env=False,
        verify=authorities({}),
        timeout=60,
    )
    assert part.status_code == 206
    assert part.headers["Content-Range"] == f"bytes 1000-{archive.size_bytes - 1}/{archive.size_bytes}"
    assert part.content == whole.content[1000:]
    assert gzip.decompress(whole.content)
    changed = httpx.get(
        archive.url,
        headers={"Range": "bytes=1000-", "If-Match": '"x"'},
        trust_env=False,
        verify=authorities({}),
        timeout=60,
    )
    assert changed.status_code == 412


@pytest.mark.system
@pytest.mark.parametrize(
    "code", one_now(*re.findall(r"```python\n(.*?)```", SDK_DOC.read_text(), re.DOTALL)), ids=["sync", "async"]
)
def test_the_examples_of_the_docs_run(emulator: Emulator, api: Api, tmp_path: Path, code: str) -> None:
    """As a person would: saved to a file, with URL and key in the environment, and a runner elsewhere."""
    (tmp_path / "example.py").write_text(code)
    told = {"BENCHFLEET_URL": emulator.ready.api_url, "BENCHFLEET_API_KEY": emulator.ready.keys.admin}
    process = subprocess.Popen(
        [sys.executable, "example.py"], cwd=tmp_path, env={**os.environ, **told}, stdout=subprocess.PIPE, text=True
    )
    with process, contextlib.closing(process.stdout or io.StringIO()) as said:
        play_runner(api, said.readline().split()[1])
        rest = said.read()
    assert process.returncode == 0, rest
    assert "completed" in rest
    assert gzip.decompress((tmp_path / "results.tar.gz").read_bytes())


def test_stopping(ask: Ask, api: Api) -> None:
    run_id = api.create()["run_id"]
    ask(lambda client: client.stop_run(run_id))
    assert ask(lambda client: client.wait(run_id, timeout_s=60)).status == "cancelled"
    with pytest.raises(exceptions.Conflict, match="Run is not running"):
        ask(lambda client: client.stop_run(run_id))


def test_runs_are_listed(ask: Ask, api: Api) -> None:
    run_id = api.create()["run_id"]
    assert run_id in [item.run_id for item in ask(lambda client: client.runs())]


@pytest.fixture(scope="module")
def large_run(api: Api) -> str:
    run_id: str = api.create(per_instance_type={"tasks": TASKS_PAGE + 1})["run_id"]
    return run_id


def test_all_pages_of_tasks(ask: Ask, large_run: str) -> None:
    found = ask(lambda client: client.tasks(large_run))
    assert [task.id for task in found] == [f"{large_run}.{number}" for number in range(1, TASKS_PAGE + 2)]


def test_tasks_of_one_kind(ask: Ask, api: Api) -> None:
    kinds = {"local": [{"instance_type": "docker"}], "aws": [{"instance_type": "c8g.medium"}]}
    run_id = api.create(**kinds, per_instance_type={"tasks": 2})["run_id"]
    api.claim(run_id)
    found = ask(lambda client: client.tasks(run_id, provider="aws", instance_type="c8g.medium", status="pending"))
    assert {(task.provider, task.status) for task in found} == {("aws", "pending")}
    assert len(found) == 2
    claimed = ask(lambda client: client.tasks(run_id, status=TaskStatus.CLAIMED))
    assert [task.runner_id for task in claimed] == ["runner-1"]
    with pytest.raises(exceptions.InvalidRequest, match="status"):
        ask(lambda client: client.tasks(run_id, status="asleep"))


def test_who_works_and_what_they_left(ask: Ask, api: Api) -> None:
    run_id = api.create(per_instance_type={"tasks": 2})["run_id"]
    play_runner(api, run_id)
    api.claim(run_id, runner_id="runner-2")
    task = ask(lambda client: client.task(f"{run_id}.1"))
    assert (task.id, task.status, task.runner_id) == (f"{run_id}.1", "completed", "runner-1")
    seen = {runner.runner_id: runner.task_ids for runner in ask(lambda client: client.runners(run_id)).runners}
    assert seen["runner-2"] == [f"{run_id}.2"]
    files = ask(lambda client: client.task_files(task.id))
    assert gzip.decompress(httpx.get(files.result_url, trust_env=False, verify=authorities({}), timeout=60).content)
    assert files.error_url is None
    with pytest.raises(exceptions.NotFound):
        ask(lambda client: client.task(f"{run_id}.3"))


def test_the_same_create_twice_is_one_run(ask: Ask) -> None:
    body = run_body()
    assert ask(lambda client: client.create_run(body)) == ask(lambda client: client.create_run(body))
    with pytest.raises(exceptions.Conflict, match="External has already been taken"):
        ask(lambda client: client.create_run({**body, "ruby_version": "3.3.0"}))


def test_all_problems_of_a_config(ask: Ask) -> None:
    with pytest.raises(exceptions.InvalidRequest) as raised:
        ask(lambda client: client.create_run(run_body(lease_s=-1, deadline_s="soon")))
    assert {problem.field for problem in raised.value.problems} == {"lease_s", "deadline_s"}


def test_a_run_that_is_not_there(ask: Ask) -> None:
    with pytest.raises(exceptions.NotFound, match=r"^run nobody\S* does not exist$"):
        ask(lambda client: client.run(fresh("nobody")))


def test_a_wrong_key_is_in_no_log_and_no_error(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    key = secrets.token_hex(16)
    caplog.set_level(logging.DEBUG, logger="httpx")
    caplog.set_level(logging.DEBUG, logger="httpcore")
    with pytest.raises(exceptions.AuthError, match="Unauthorized") as raised:
        ask(lambda client: client.create_run(run_body()), key=key)
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    assert key not in caplog.text + "".join(traceback.format_exception(raised.value)) + repr(raised.value)


def test_an_api_that_is_not_there(unused_url: str) -> None:
    client = Client(unused_url, sleep=lambda _seconds: None)
    with client, pytest.raises(exceptions.Unreachable, match=f"no answer from {unused_url}/up: .*refused") as raised:
        client.up()
    assert not raised.value.sent


@pytest.fixture
def unused_url() -> Iterator[str]:
    """A port that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
