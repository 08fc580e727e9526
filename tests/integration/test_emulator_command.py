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
from benchfleet_contract.authorities import authorities
from typer.testing import CliRunner

from local_emulator.command import app
from tests import prepared_start
from tests.each_case import each_case
from tests.integration.emulator_process import COMMAND, END_S, START_S, Running, Start
from tests.variants import one_now

RUN = {"run_id": "r", "workload": "mock", "per_instance_type": {"tasks": 2}, "local": [{"instance_type": "box"}]}
BOX = {"provider": "local", "instance_type": "box"}


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def refused(*flags: str, truly: bool = False) -> subprocess.CompletedProcess[str]:
    run = subprocess.run if truly else prepared_start.run
    return run([*COMMAND, *flags], capture_output=True, text=True, timeout=START_S)


@pytest.mark.system
@pytest.mark.parametrize("number", one_now(signal.SIGINT, signal.SIGTERM))
def test_it_answers_once_ready_and_leaves_nothing_behind(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    emulator = start(truly=True)
    assert emulator.get("/up") == {"status": "up"}
    assert emulator.ready["pid"] == emulator.process.pid
    assert set(emulator.ready["keys"]) == {"admin", "runner", "reader"}
    assert emulator.ready_path.stat().st_mode & 0o777 == 0o600
    assert emulator.end(number) == 0
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="refused"):
        emulator.get("/up")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Running:
    """One that ran without flags."""
    emulator = Running(tmp_path_factory.mktemp("ended"))
    try:
        emulator.end()
    finally:
        emulator.process.kill()
    return emulator


@pytest.mark.system
def test_in_a_pipe_it_prints_plain_lines(ended: Running) -> None:
    lines = dict(line.split(": ", 1) for line in ended.output.splitlines())
    assert lines["api"] == ended.ready["api_url"]
    assert lines["admin key"] == ended.ready["keys"]["admin"]


def test_json_is_one_line_with_the_ready_document_and_keys_are_fresh_each_time(start: Start, ended: Running) -> None:
    emulator = start("--json")
    emulator.end()
    assert json.loads(emulator.output) == emulator.ready
    jsonschema.Draft202012Validator(schema_of("emulator")).validate(emulator.ready)
    assert emulator.output.count("\n") == 1
    assert not set(emulator.ready["keys"].values()) & set(ended.ready["keys"].values())


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


@pytest.mark.proof
def test_a_state_folder_that_is_a_file_is_one_line_and_code_3(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    ended = refused("--port", "0", "--state", str(tmp_path / "state"))
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)


@pytest.mark.proof
def test_a_state_folder_that_nobody_can_make_is_one_line_and_code_3() -> None:
    ended = refused("--port", "0", "--state", "/proc/benchfleet/state")  # not even root may write there
    assert (ended.returncode, ended.stderr.count("\n")) == (3, 1)


@pytest.mark.parametrize("text", one_now('{"version":1}', "[]", "7"))
def test_a_state_that_is_none_is_one_line_and_code_3(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "state"
    (folder / "objects").mkdir(parents=True)
    (folder / "state.json").write_text(text)
    ended = refused("--port", "0", "--state", str(folder))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
    assert f"{folder} cannot be used: its state.json is not" in ended.stderr


@pytest.mark.proof
def test_a_state_that_moto_cannot_take_is_one_line_and_code_3(start: Start, tmp_path: Path) -> None:
    start("--state", str(tmp_path / "state")).end()
    file = tmp_path / "state" / "state.json"
    document = json.loads(file.read_text())
    document["table"]["items"] = [{"pk": {"S": "no sort key"}}]
    document["schedules"] = [{"GroupName": 7}]
    file.write_text(json.dumps(document))
    ended = refused("--port", "0", "--state", str(tmp_path / "state"))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
    assert "its state.json is not what an emulator writes" in ended.stderr


@pytest.mark.proof
def test_a_ready_file_that_cannot_be_written_is_one_line_and_code_3(tmp_path: Path) -> None:
    ended = refused("--port", "0", "--ready-file", str(tmp_path / "nowhere" / "ready.json"))
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
    assert "name a file in a folder that is there" in ended.stderr


@pytest.mark.parametrize("option", ["--ready-file", "--state"])
def test_an_empty_path_is_a_wrong_command_line(option: str) -> None:
    ended = CliRunner().invoke(app, ["--port", "0", option, ""])
    assert ended.exit_code == 2
    assert f"Invalid value for '{option}': it is empty: name a path" in ended.stderr


@each_case("seconds", ["nan", "inf"])
def test_sweeps_that_never_come_are_a_wrong_command_line(seconds: str) -> None:
    ended = CliRunner().invoke(app, ["--port", "0", "--sweep-every", seconds])
    assert ended.exit_code == 2
    assert "Invalid value for '--sweep-every'" in ended.stderr


@pytest.mark.proof
@pytest.mark.parametrize("option", ["--host", "--aws-host"])
def test_an_empty_address_is_one_line_and_code_3(option: str) -> None:
    ended = refused("--port", "0", option, "")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (3, "", 1)
    assert f"pass a {option}" in ended.stderr


@pytest.mark.proof
@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no ::1")
@pytest.mark.parametrize("flags", one_now(["--host", "[::1]", "--aws-host", "::1"], ["--host", "::1"]))
def test_it_listens_on_ipv6(start: Start, flags: list[str]) -> None:
    emulator = start(*flags)
    assert emulator.ready["api_url"].startswith("http://[::1]:")
    assert emulator.ready["aws_endpoint_url"].startswith(
        "http://[::1]:" if "--aws-host" in flags else "http://127.0.0.1:"
    )
    assert emulator.get("/up") == {"status": "up"}
    _upload_one(emulator)
    assert emulator.end() == 0
    assert "--aws-host" not in emulator.errors


def _upload_one(emulator: Running) -> None:
    """By its presigned URL, as a runner does."""
    with emulator.api() as api:
        assert api.post("/runs", json=RUN).status_code == 201
        urls = api.post("/runs/r/tasks/claim", json=BOX | {"runner_id": "me"}).json()["presigned_urls"]
    assert urls["result_upload_url"].startswith(emulator.ready["aws_endpoint_url"])
    assert httpx.put(urls["result_upload_url"], content=b"bytes", timeout=60, verify=authorities({})).status_code == 200


@pytest.mark.proof
def test_with_every_address_the_emulated_aws_stays_on_loopback(start: Start) -> None:
    emulator = start("--host", "0.0.0.0", truly=True)  # the case in question
    assert emulator.ready["aws_endpoint_url"].startswith("http://127.0.0.1:")
    port = int(emulator.ready["aws_endpoint_url"].rpartition(":")[2])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=END_S)  # another address of this machine
    emulator.end()
    assert "pass as --aws-host the address of this machine" in emulator.errors


@pytest.mark.proof
def test_a_wrong_flag_is_code_2() -> None:
    assert refused("--port", "many").returncode == 2


@pytest.mark.proof
def test_what_was_written_and_a_run_that_was_worked_on_outlive_a_restart(start: Start, tmp_path: Path) -> None:
    """The run's counters hold bytes, and it must go on counting where it stopped."""
    before = start("--state", str(tmp_path / "state"))
    runner = BOX | {"runner_id": "me"}
    _fill(before)
    with before.api() as api:
        assert api.post("/runs", json=RUN).status_code == 201
        _complete_one(api, runner)
        _wait_until(lambda: api.get("/runs/r").json()["tasks"]["completed"] == 1)
    assert before.end() == 0
    after = start("--state", str(tmp_path / "state"))
    assert after.ready["keys"] == before.ready["keys"]
    _expect_filled(after)
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


@pytest.mark.system
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
