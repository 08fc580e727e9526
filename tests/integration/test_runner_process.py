"""The runner as a process: signals, exit codes, slots."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import jsonschema
import psutil
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests import prepared_start
from tests.integration.runner_server import ControlPlane, Reply, control_plane
from tests.integration.test_runner_task import members
from tests.prepared_start import TRULY
from tests.variants import in_proof, one_now

ROOT = Path(__file__).resolve().parents[2]
KEY = "open-sesame-and-nothing-else"
ENDS_S = 60.0  # a busy machine takes long to start a process
EMBEDDED = """
import os, sys
from pathlib import Path
from runner_image import runner
from runner_image.config import Config
from tests.integration.tiny_workload import Tiny
url, slots, line, root = sys.argv[1:]
config = Config(url, "local", "box", Path(root), api_key="k", run_id="r1", slots=int(slots), isolation="process",
                environment=dict(os.environ))
sys.exit(runner.run(config, workload=lambda name: Tiny(line=line))["exit_code"])
"""


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with control_plane() as plane:
        yield plane


@contextmanager
def embedded(plane: ControlPlane, *, line: str, work_root: Path, slots: int = 1) -> Iterator["subprocess.Popen[bytes]"]:
    argv = [sys.executable, "-c", EMBEDDED, plane.url, str(slots), line, str(work_root)]
    with prepared_start.Popen(argv, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def command(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    ours = ("BENCHFLEET_", "NO_PROXY", "no_proxy")  # an emulator in this process sets the latter two
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return prepared_start.run(
        [sys.executable, "-m", "runner_image", *arguments],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=ENDS_S,
        check=False,
    )


def flags(plane: ControlPlane, *more: str) -> list[str]:
    where = ["--orchestrator-url", plane.url, "--provider", "local", "--instance-type", "box"]
    return [*where, "--slots", "1", "--isolation", "process", *more]


def alive(mark: str) -> bool:
    found = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline", "status"]))
    return any("sleep" in words and mark in words for words in found)


def until(seen: Callable[[], bool], *, timeout_s: float = ENDS_S) -> None:
    ends = time.monotonic() + timeout_s
    while not seen():
        assert time.monotonic() < ends
        time.sleep(0.1)  # looking through all processes costs more than the wait


def test_sigterm_drains(plane: ControlPlane, tmp_path: Path) -> None:
    plane.script["claim"] = [plane.assigned()]
    with embedded(plane, line="sleep 1", work_root=tmp_path) as runner:
        plane.wait_for(lambda: "running" in [c.body["status"] for c in plane.calls if c.kind == "heartbeat"])
        runner.send_signal(signal.SIGTERM)
        assert runner.wait(ENDS_S) == 0
    assert len(plane.of("claim")) == 1
    assert len(plane.of("complete")) == 1


@pytest.mark.parametrize(
    ("signals", "code"),
    one_now(([signal.SIGTERM, signal.SIGTERM], 143), ([signal.SIGINT], 130)),
    ids=["twice", "interrupt"],
)
def test_a_second_sigterm_or_an_interrupt_cancels(
    plane: ControlPlane, tmp_path: Path, signals: list[signal.Signals], code: int
) -> None:
    plane.script["claim"] = [plane.assigned()]
    mark = f"5151.{os.getpid()}"
    with embedded(plane, line=f"setsid sleep {mark} & sleep {mark}", work_root=tmp_path) as runner:
        until(lambda: alive(mark))
        for number in signals:
            runner.send_signal(number)
            time.sleep(0.3)
        assert runner.wait(ENDS_S) == code
    assert not alive(mark)
    assert plane.of("fail")[0].body["error_type"] == "runner_stopped"


def test_a_waiting_runner_ends_at_once_on_sigterm(plane: ControlPlane, tmp_path: Path) -> None:
    plane.script["claim"] = [Reply(body={"status": "wait", "retry_after_seconds": 60})]
    with embedded(plane, line="true", work_root=tmp_path, slots=2) as runner:
        plane.wait_for(lambda: sum(call.kind == "claim" for call in plane.calls) == 2)
        runner.send_signal(signal.SIGTERM)
        assert runner.wait(30) == 0  # half of what it was told to wait


def test_nothing_survives_a_runner_that_is_killed(plane: ControlPlane, tmp_path: Path) -> None:
    plane.script["claim"] = [plane.assigned()]
    mark = f"5252.{os.getpid()}"
    line = f"setsid sleep {mark} & (setsid sh -c 'sleep {mark}; true' &) ; sleep {mark}"
    with embedded(plane, line=line, work_root=tmp_path) as runner:
        until(lambda: alive(mark))
        runner.kill()
        runner.wait(ENDS_S)
        until(lambda: not alive(mark))


@pytest.mark.proof
def test_what_a_killed_runner_left_on_disk_goes_at_the_next_start_and_a_live_ones_stays(
    plane: ControlPlane, tmp_path: Path
) -> None:
    marks = [f"525{n}.{os.getpid()}" for n in (3, 4)]
    plane.script["claim"] = [plane.assigned(), plane.assigned(id="r1.2"), Reply(body={"status": "done"})]
    with embedded(plane, line=f"sleep {marks[0]}", work_root=tmp_path) as killed:
        until(lambda: alive(marks[0]))
        killed.kill()
        killed.wait(ENDS_S)
    (orphan,) = tmp_path.iterdir()
    with embedded(plane, line=f"sleep {marks[1]}", work_root=tmp_path):
        until(lambda: alive(marks[1]))
        (live,) = tmp_path.iterdir()
        assert live != orphan
        own = {"BENCHFLEET_API_KEY": KEY, "BENCHFLEET_RUNNER_NAME": "bf-0a1b2c3d-1"}
        ended = command(*flags(plane, "--run-id", "r1", "--work-root", str(tmp_path)), **own)
        assert (ended.returncode, list(tmp_path.iterdir())) == (0, [live])
    assert plane.of("claim")[-1].body["runner_id"].startswith("bf-0a1b2c3d-1-")


def test_slots_claim_for_themselves_under_their_own_names(plane: ControlPlane, tmp_path: Path) -> None:
    plane.script["claim"] = [plane.assigned(), plane.assigned(id="r1.2"), Reply(body={"status": "done"})]
    with embedded(plane, line="sleep 0.5", work_root=tmp_path, slots=2) as runner:
        assert runner.wait(ENDS_S) == 0
    owners = {call.body["runner_id"] for call in plane.of("complete")}
    assert {owner.rsplit("-", 1)[1] for owner in owners} == {"s1", "s2"}
    assert len({owner.rsplit("-", 1)[0] for owner in owners}) == 1


@pytest.mark.proof
def test_two_runner_processes_on_one_machine_are_one_instance(plane: ControlPlane, tmp_path: Path) -> None:
    done, found = Reply(body={"status": "done"}), []
    plane.script["claim"] = [plane.assigned(), done, plane.assigned(id="r1.2"), done]
    for _ in range(2):
        with embedded(plane, line="true", work_root=tmp_path) as runner:
            assert runner.wait(ENDS_S) == 0
        found.append(json.loads(members(plane.uploads["claim-result"])["./metadata.json"]))
    first, second = found
    assert first["runner_id"] != second["runner_id"]
    assert first["provenance"]["machine"]["instance"] == second["provenance"]["machine"]["instance"]


def test_a_waiting_slot_asks_again_when_another_slots_task_ends(plane: ControlPlane, tmp_path: Path) -> None:
    wait, done = Reply(body={"status": "wait", "retry_after_seconds": 600}), Reply(body={"status": "done"})
    plane.script["claim"] = [plane.assigned(), wait, done]
    with embedded(plane, line="sleep 0.5", work_root=tmp_path, slots=2) as runner:
        assert runner.wait(ENDS_S) == 0


def test_a_claim_whose_answer_was_lost_is_repeated_with_the_same_token(plane: ControlPlane) -> None:
    plane.script["claim"] = ["drop", Reply(status=503), Reply(body={"status": "done"})]
    assert command(*flags(plane, "--run-id", "r1"), BENCHFLEET_API_KEY=KEY).returncode == 0
    requests = [call.body for call in plane.of("claim")]
    assert len({request["claim_token"] for request in requests}) == 1
    assert [request["retry"] for request in requests] == [False, True, True]
    assert plane.of("claim")[0].path == "/stage/runs/r1/tasks/claim"


def test_without_a_run_any_task_is_claimed_and_the_summary_is_json(plane: ControlPlane) -> None:
    ended = command(*flags(plane, "--json", ""), BENCHFLEET_API_KEY=KEY)
    assert ended.returncode == 0
    assert plane.of("claim")[0].path == "/stage/claim"
    summary = json.loads(ended.stdout)
    jsonschema.Draft202012Validator(schema_of("runner")).validate(summary)
    assert (summary["exit_code"], summary["tasks"]) == (0, {"completed": 0, "failed": 0, "dropped": 0})
    assert {json.loads(line)["event"] for line in ended.stderr.splitlines()} >= {"started", "nothing_left", "ended"}
    assert KEY not in ended.stdout + ended.stderr


@pytest.mark.parametrize(("status", "code"), [(401, 4), (503, 3), *in_proof((400, 1), (403, 4), (404, 1))])
def test_exit_codes_of_a_claim_that_never_succeeds(plane: ControlPlane, status: int, code: int) -> None:
    plane.script["claim"] = [Reply(status=status, body={"error": "no"})]
    ended = command(*flags(plane, "--run-id", "r1", "--claim-patience-s", "0.1"), BENCHFLEET_API_KEY=KEY)
    assert ended.returncode == code


def test_a_key_file_is_read_and_a_key_on_the_command_line_is_warned_of(plane: ControlPlane, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    assert command(*flags(plane, "--api-key-file", str(tmp_path / "key"))).returncode == 0
    ended = command(*flags(plane, "--api-key", KEY, "--script-dir", "/x"))
    assert ended.returncode == 0
    assert "--api-key is visible" in ended.stderr
    assert "--script-dir is not needed" in ended.stderr
    assert {call.headers["Authorization"] for call in plane.of("claim")} == {f"Bearer {KEY}"}


def test_everything_that_is_missing_is_listed() -> None:
    ended = command(**TRULY)
    assert ended.returncode == 1
    for name in ("--orchestrator-url", "--api-key", "--provider", "--instance-type"):
        assert f"missing {name}" in ended.stderr


def test_what_makes_no_sense_is_named(plane: ControlPlane) -> None:
    ended = command(
        "--orchestrator-url",
        "ftp://x",
        "--provider",
        "p",
        "--instance-type",
        "t",
        "--run-id",
        "../x",
        BENCHFLEET_API_KEY=KEY,
    )
    assert ended.returncode == 1
    assert "--orchestrator-url" in ended.stderr
    assert "--run-id" in ended.stderr


@pytest.mark.proof
@pytest.mark.parametrize(
    "url", ["http://[::1", "http://h:port", "http://a..b", "http://xn--:9", " http://h", "http://"]
)
def test_an_address_that_nothing_can_call_is_one_line(url: str) -> None:
    place = ("--provider", "p", "--instance-type", "t")
    ended = command("--orchestrator-url", url, *place, BENCHFLEET_API_KEY=KEY)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "--orchestrator-url" in ended.stderr


@pytest.mark.proof
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY"])
def test_a_proxy_that_cannot_be_is_one_line_that_names_the_variable(variable: str) -> None:
    place = ("--provider", "p", "--instance-type", "t")
    ended = command("--orchestrator-url", "https://h", *place, BENCHFLEET_API_KEY=KEY, **{variable: "http://[::1"})
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert variable in ended.stderr


@pytest.mark.proof
def test_stopped_beyond_its_lease_a_runner_drops_its_result(plane: ControlPlane, tmp_path: Path) -> None:
    plane.lease_s, plane.beat_s = 3.0, 0.5
    plane.script["claim"] = [plane.assigned(), Reply(body={"status": "done"})]
    with embedded(plane, line="sleep 2", work_root=tmp_path) as runner:
        plane.wait_for(lambda: "running" in [c.body["status"] for c in plane.calls if c.kind == "heartbeat"])
        runner.send_signal(signal.SIGSTOP)
        time.sleep(5)
        plane.script["heartbeat"] = [Reply(status=409, body={"error": "late", "code": "lease_lost"})]
        runner.send_signal(signal.SIGCONT)
        assert runner.wait(ENDS_S) == 0
    assert plane.of("complete") + plane.of("fail") == []
