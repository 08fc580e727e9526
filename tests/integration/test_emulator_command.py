"""`benchfleet emulator` as a process: what it writes, how it ends, and why it may not start."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests.integration.emulator_process import COMMAND, END_S, START_S, Running, Start


def refused(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *flags], capture_output=True, text=True, timeout=START_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_once_ready_and_leaves_nothing_behind(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    emulator = start()
    assert emulator.get("/up") == {"status": "up"}
    assert emulator.ready["pid"] == emulator.process.pid
    assert set(emulator.ready["keys"]) == {"admin", "runner", "reader"}
    assert emulator.ready_path.stat().st_mode & 0o777 == 0o600
    assert emulator.end(number) == 0
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="refused"):
        emulator.get("/up")


def test_in_a_pipe_it_prints_plain_lines(start: Start) -> None:
    emulator = start()
    emulator.end()
    lines = dict(line.split(": ", 1) for line in emulator.output.splitlines())
    assert lines["api"] == emulator.ready["api_url"]
    assert lines["admin key"] == emulator.ready["keys"]["admin"]


def test_json_is_one_line_with_the_ready_document(start: Start) -> None:
    emulator = start("--json")
    emulator.end()
    assert json.loads(emulator.output) == emulator.ready
    jsonschema.validate(emulator.ready, schema_of("emulator"))
    assert emulator.output.count("\n") == 1


def test_keys_are_fresh_each_time(start: Start) -> None:
    first, second = start(), None
    first.end()
    second = start()
    assert not set(first.ready["keys"].values()) & set(second.ready["keys"].values())


def test_a_port_in_use_is_one_line_and_code_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = refused("--port", str(taken.getsockname()[1]))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
    assert "in use" in ended.stderr


def test_a_second_emulator_on_one_folder_is_one_line_and_code_3(start: Start, tmp_path: Path) -> None:
    emulator = start("--state", str(tmp_path / "state"))
    ended = refused("--port", "0", "--state", str(tmp_path / "state"))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
    assert f"pid {emulator.process.pid}" in ended.stderr
    assert emulator.get("/up") == {"status": "up"}


def test_a_state_folder_that_is_a_file_is_one_line_and_code_3(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    ended = refused("--port", "0", "--state", str(tmp_path / "state"))
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)


def test_a_state_folder_that_nobody_can_make_is_one_line_and_code_3() -> None:
    ended = refused("--port", "0", "--state", "/proc/benchfleet/state")  # not even root may write there
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)


def test_a_ready_file_that_cannot_be_written_is_one_line_and_code_3(tmp_path: Path) -> None:
    ended = refused("--port", "0", "--ready-file", str(tmp_path / "nowhere" / "ready.json"))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)


def test_a_wrong_flag_is_code_2() -> None:
    assert refused("--port", "many").returncode == 2


def test_state_outlives_a_restart(start: Start, tmp_path: Path) -> None:
    before = start("--state", str(tmp_path / "state"))
    _fill(before)
    assert before.end() == 0
    after = start("--state", str(tmp_path / "state"))
    assert after.ready["keys"] == before.ready["keys"]
    _expect_filled(after)


def test_a_run_that_was_worked_on_outlives_a_restart(start: Start, tmp_path: Path) -> None:
    """Its counters hold bytes, and it must go on counting where it stopped."""
    before = start("--state", str(tmp_path / "state"))
    body = {"run_id": "r", "workload": "mock", "per_instance_type": {"tasks": 2}, "local": [{"instance_type": "box"}]}
    runner = {"provider": "local", "instance_type": "box", "runner_id": "me"}
    with before.api() as api:
        assert api.post("/runs", json=body).status_code == 201
        _complete_one(api, runner)
        _wait_until(lambda: api.get("/runs/r").json()["tasks"]["completed"] == 1)
    assert before.end() == 0
    after = start("--state", str(tmp_path / "state"))
    with after.api() as api:
        assert api.get("/runs/r").json()["tasks"]["completed"] == 1
        _complete_one(api, runner)
        _wait_until(lambda: api.get("/runs/r").json()["status"] == "completed")
        assert api.get("/runs/r").json()["tasks"] == dict.fromkeys(
            ("pending", "claimed", "running", "failed", "cancelled"), 0
        ) | {"total": 2, "completed": 2}


def _complete_one(api: httpx.Client, runner: dict[str, str]) -> None:
    claimed = api.post("/runs/r/tasks/claim", json=runner).json()
    ended = {"runner_id": "me", "s3_result_key": claimed["presigned_urls"]["result_key"]}
    assert api.post(f"/tasks/{claimed['task']['id']}/complete", json=ended).status_code == 200


def _wait_until(true: Callable[[], bool], *, within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_state_outlives_a_kill_once_it_was_written(start: Start, tmp_path: Path) -> None:
    before = start("--state", str(tmp_path / "state"))
    _fill(before)
    _wait_for_snapshot(tmp_path / "state" / "state.json", '"key": "runs/1/result"')
    before.process.kill()
    before.process.communicate(timeout=END_S)
    before.ready_path.unlink()
    _expect_filled(start("--state", str(tmp_path / "state")))


def _fill(emulator: Running) -> None:
    table, s3 = emulator.client("dynamodb"), emulator.client("s3")
    table.put_item(TableName=emulator.ready["table"], Item=ITEM)
    s3.put_object(Bucket=emulator.ready["bucket"], Key="runs/1/result", Body=b"bytes", Metadata={"made": "by us"})
    table.close()
    s3.close()


ITEM = {"pk": {"S": "test"}, "sk": {"S": "1"}, "m": {"M": {"l": {"L": [{"N": "1.5"}, {"BOOL": True}]}}}}


def _expect_filled(emulator: Running) -> None:
    table, s3 = emulator.client("dynamodb"), emulator.client("s3")
    key = {"pk": ITEM["pk"], "sk": ITEM["sk"]}
    assert table.get_item(TableName=emulator.ready["table"], Key=key)["Item"] == ITEM
    found = s3.get_object(Bucket=emulator.ready["bucket"], Key="runs/1/result")
    with found["Body"] as body:
        assert (body.read(), found["Metadata"]) == (b"bytes", {"made": "by us"})
    table.close()
    s3.close()


def _wait_for_snapshot(document: Path, text: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if document.exists() and text in document.read_text():
            return
        time.sleep(0.1)
    raise AssertionError("no snapshot was written")
