"""One task from claim to end, against a control plane over loopback, with real processes."""

import hashlib
import io
import json
import os
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from benchfleet_contract.tasks import ClaimRequest

from runner_image.control.session import Session
from runner_image.delivery.store import open_store
from runner_image.isolation.processes import ProcessIsolation
from runner_image.isolation.protocol import Used
from runner_image.logs import Log
from runner_image.machine.conditions import Reading, reading
from runner_image.machine.system import System
from runner_image.stopping import Stop, StopReason
from runner_image.task.task import Worker, run_task
from runner_image.task.tools import TaskEnd, Tools
from runner_image.workloads.protocol import WorkloadError
from tests.integration.runner_server import DROP, ControlPlane, Reply, control_plane
from tests.integration.tiny_workload import Tiny

MARKS = {f"{seconds}.{os.getpid()}" for seconds in (4242, 4243, 4244)}  # this test process's own: others run beside it
_ONE, _TWO, _THREE = sorted(MARKS)
FAMILY = f"setsid sleep {_ONE} & (setsid sh -c 'sleep {_TWO}' &) ; sleep {_THREE}"


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with control_plane() as plane:
        yield plane


@dataclass
class Bench:
    """Runs tasks of one control plane in one work root."""

    plane: ControlPlane
    work_root: Path
    records: list[dict[str, object]]

    def run(self, tiny: Tiny, *, stop: Stop | None = None, debug: bool = False) -> TaskEnd:
        log = Log(sinks=(lambda record: self.records.append(dict(record)),), verbose=debug)
        with ExitStack() as held:
            session = Session(self.plane.url, api_key="sesame")
            held.callback(session.close)
            tools = Tools(
                session=session,
                store=held.enter_context(open_store()),
                isolation=ProcessIsolation(dict(os.environ), image="registry/runner:1"),
                workload={"tiny": tiny, tiny.name: tiny}.__getitem__,
                work_root=self.work_root,
                versions={"benchfleet": "9"},
                debug=debug,
            )
            self.plane.script.setdefault("claim", [self.plane.assigned()])
            request = ClaimRequest(provider="local", instance_type="box", runner_id="me")
            claimed = session.claim("r1", request)
            return run_task(claimed, worker=Worker("me"), stop=stop or Stop(), tools=tools, log=log)


@pytest.fixture
def bench(plane: ControlPlane, tmp_path: Path) -> Bench:
    return Bench(plane, tmp_path / "work", records=[])


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        found = {member.name: opened.extractfile(member) for member in opened}
        return {name: content.read() for name, content in found.items() if content}


def family_alive() -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if MARKS & set(process.info["cmdline"] or []) and process.status() != psutil.STATUS_ZOMBIE
    ]


def test_a_task_goes_through_every_status_and_delivers(bench: Bench, plane: ControlPlane) -> None:
    assert bench.run(Tiny()) is TaskEnd.COMPLETED

    assert plane.beats() == ["boot", "provision", "running", "uploading", "finished"]
    assert plane.of("complete")[0].body == {
        "runner_id": "me",
        "s3_result_key": "claim-result-key",
        "attempt": 1,
        "result_sha256": hashlib.sha256(plane.uploads["claim-result"]).hexdigest(),
    }
    files = members(plane.uploads["claim-result"])
    assert list(files) == ["./metadata.json", "./output.json", "./output.txt"]
    assert files["./output.txt"] == b"measured\n"
    metadata = json.loads(files["./metadata.json"])
    assert (metadata["task_id"], metadata["status"], metadata["run"], metadata["alias"]) == ("r1.1", "success", 1, "b")
    assert metadata["provenance"]["suite_commit"] == "abc"
    assert metadata["provenance"]["versions"] == {"benchfleet": "9", "tiny": "1"}
    assert metadata["provenance"]["machine"]["container_image"] == "registry/runner:1"
    assert metadata["provenance"]["machine"]["isolation"] == "process"
    assert (metadata["conditions"]["slots"], metadata["conditions"]["before"]["load_1m"] is None) == (1, False)
    assert list(bench.work_root.iterdir()) == []


def test_every_request_keeps_the_prefix_and_carries_the_key_which_no_upload_does(
    bench: Bench, plane: ControlPlane
) -> None:
    bench.run(Tiny())

    assert {call.path.split("/")[1] for call in plane.calls} == {"stage"}
    assert {call.headers.get("Authorization") for call in plane.calls if call.kind != "put"} == {"Bearer sesame"}
    (put,) = plane.of("put")
    assert "Authorization" not in put.headers
    assert put.headers["Content-Type"] == "application/gzip"
    assert int(put.headers["Content-Length"]) == len(plane.uploads["claim-result"])
    assert "sesame" not in json.dumps(bench.records, default=str)


def test_the_attempts_own_token_says_everything_after_the_claim(bench: Bench, plane: ControlPlane) -> None:
    plane.script["claim"] = [plane.assigned(attempt_token="attempt-1-secret")]
    assert bench.run(Tiny(line="env; cat /proc/$PPID/environ")) is TaskEnd.COMPLETED

    (claim,) = plane.of("claim")
    assert claim.headers["Authorization"] == "Bearer sesame"
    said = {call.headers.get("Authorization") for call in plane.calls if call.kind not in ("claim", "put")}
    assert said == {"Bearer attempt-1-secret"}
    files = members(plane.uploads["claim-result"])
    assert b"attempt-1-secret" not in b"".join(files.values())
    assert "attempt-1-secret" not in json.dumps(bench.records, default=str)


def test_what_commands_use_counts_as_the_runners_own_work(tmp_path: Path) -> None:
    """A busy machine makes commands slower, but their CPU time no shorter."""

    def read() -> Reading:
        return reading(System(), cores=[0], at_s=0.0, used=Used())

    busy = "python3 -c 'import time\nwhile time.process_time() < 0.15: pass'"
    isolation, before = ProcessIsolation(dict(os.environ)), read()
    with isolation.open(tmp_path, stop=Stop()) as slot:
        server = slot.start(["sh", "-c", f"{busy}; sleep 60"], cwd=tmp_path, environment={}, stdout=tmp_path / "said")
        assert slot.run(["sh", "-c", f"{busy} & {busy}; wait"], cwd=tmp_path, environment={}, on_line=print) == 0
        while (running := read()).own_s - before.own_s < 0.45:  # three of them, one of which still runs
            assert server.poll() is None
            time.sleep(0.02)
    assert read().own_s >= running.own_s - 0.02


def test_some_failures_beside_measurements_are_a_partial_success(bench: Bench, plane: ControlPlane) -> None:
    assert bench.run(Tiny(measurements=2, failures=1)) is TaskEnd.COMPLETED

    reason = plane.of("complete")[0].body["reason"]
    assert reason == "1 of 3 benchmarks failed: f0 (default): boom"
    metadata = json.loads(members(plane.uploads["claim-result"])["./metadata.json"])
    assert (metadata["status"], metadata["reason"]) == ("partial", reason)


def test_cores_that_a_tool_chose_by_itself_are_told_and_cost_no_result(bench: Bench, plane: ControlPlane) -> None:
    assert bench.run(Tiny(cpu_affinity=[4095])) is TaskEnd.COMPLETED

    reason = plane.of("complete")[0].body["reason"]
    assert reason.startswith("Measured on cores 4095, not on the slot's (")
    metadata = json.loads(members(plane.uploads["claim-result"])["./metadata.json"])
    assert (metadata["status"], metadata["reason"]) == ("success", reason)


def test_no_measurement_fails_the_task_with_an_error_archive(bench: Bench, plane: ControlPlane) -> None:
    assert bench.run(Tiny(measurements=0, failures=1)) is TaskEnd.FAILED

    (fail,) = plane.of("fail")
    assert (fail.body["error_type"], fail.body["failure_class"]) == ("benchmark_failed", "benchmark")
    assert fail.body["s3_error_key"] == "claim-error-key"
    assert fail.body["error_sha256"] == hashlib.sha256(plane.uploads["claim-error"]).hexdigest()
    assert plane.beats()[-1] == "error"
    files = members(plane.uploads["claim-error"])
    assert "f0 (default): boom" in files["./error.txt"].decode()
    assert json.loads(files["./metadata.json"])["status"] == "error"
    assert plane.of("complete") == []


@pytest.mark.parametrize(
    ("fault", "error_type", "blame"),
    [
        (
            WorkloadError("no suite", error_type="suite_unavailable", failure_class="infrastructure"),
            "suite_unavailable",
            "infrastructure",
        ),
        (ZeroDivisionError("oops"), "runner_error", "infrastructure"),
        (WorkloadError("wrong"), "benchmark_failed", "benchmark"),
    ],
)
def test_whatever_a_workload_raises_is_told(
    bench: Bench, plane: ControlPlane, fault: Exception, error_type: str, blame: str
) -> None:
    def raise_it() -> None:
        raise fault

    assert bench.run(Tiny(during=raise_it)) is TaskEnd.FAILED
    (fail,) = plane.of("fail")
    assert (fail.body["error_type"], fail.body["failure_class"]) == (error_type, blame)


@pytest.mark.parametrize("line", ['rm -rf "$PWD"', "mkdir output.json"])
def test_a_benchmark_that_takes_its_work_folder_apart_has_failed_and_not_the_runner(
    bench: Bench, plane: ControlPlane, line: str
) -> None:
    assert bench.run(Tiny(line=line)) is TaskEnd.FAILED
    (fail,) = plane.of("fail")
    assert (fail.body["error_type"], fail.body["failure_class"]) == ("benchmark_failed", "benchmark")
    assert fail.body["error_message"].startswith("output.json in the work folder is ")
    assert "what ran there" in fail.body["error_message"]


def test_results_beyond_every_bound_that_a_failed_task_left_are_cut(bench: Bench, plane: ControlPlane) -> None:
    """Its error archive has to unpack, whatever the task wrote: who reads it looks for the reason."""
    assert bench.run(Tiny(line="truncate -s 70G output.json; exit 3")) is TaskEnd.FAILED

    files = members(plane.uploads["claim-error"])
    assert b"Benchmark execution failed" in files["./error.txt"]
    assert len(files["./output.json"]) < 2**26


def test_a_file_that_is_missing_elsewhere_is_the_runners_fault(bench: Bench, plane: ControlPlane) -> None:
    assert bench.run(Tiny(during=lambda: Path("/nowhere/x").read_text())) is TaskEnd.FAILED  # type: ignore[arg-type]
    assert plane.of("fail")[0].body["error_type"] == "runner_error"


def test_an_unknown_workload_is_an_infrastructure_failure(bench: Bench, plane: ControlPlane) -> None:
    plane.script["claim"] = [plane.assigned(workload="strange")]
    assert bench.run(Tiny()) is TaskEnd.FAILED
    assert plane.of("fail")[0].body["error_type"] == "unknown_workload"


def test_cancel_kills_grandchildren_at_once_and_drops_the_result(bench: Bench, plane: ControlPlane) -> None:
    plane.beat_s = 0.2

    def cancel_when_running() -> None:
        def later() -> None:
            while len(family_alive()) < 3:
                time.sleep(0.02)
            plane.script["heartbeat"] = [plane.answer_to_beat(cancel=True)]

        threading.Thread(target=later, daemon=True).start()

    assert bench.run(Tiny(line=FAMILY, during=cancel_when_running)) is TaskEnd.DROPPED
    assert family_alive() == []
    assert plane.of("put") + plane.of("complete") + plane.of("fail") == []


@pytest.mark.parametrize("status", [409, 404, 403])
def test_a_refused_beat_means_a_lost_lease_and_drops_the_result(bench: Bench, plane: ControlPlane, status: int) -> None:
    plane.script["heartbeat"] = [Reply(status=status, body={"error": "no", "code": "lease_lost"})]
    assert bench.run(Tiny(line=FAMILY)) is TaskEnd.DROPPED
    assert family_alive() == []
    assert plane.of("put") + plane.of("complete") + plane.of("fail") == []


def test_a_silent_control_plane_costs_the_lease_when_it_ends(bench: Bench, plane: ControlPlane) -> None:
    plane.lease_s, plane.beat_s = 1.5, 0.2
    answer = threading.Event()
    plane.script["heartbeat"] = [Reply(after=answer, body={})]
    try:
        assert bench.run(Tiny(line=FAMILY)) is TaskEnd.DROPPED
    finally:
        answer.set()
    assert plane.of("complete") + plane.of("fail") == []


def test_a_beat_that_met_a_busy_server_is_sent_again(bench: Bench, plane: ControlPlane) -> None:
    ok = plane.answer_to_beat()
    plane.script["heartbeat"] = [Reply(status=503, headers={"Retry-After": "0"}), ok]
    assert bench.run(Tiny(line="sleep 1.5")) is TaskEnd.COMPLETED
    assert plane.beats()[:2] == ["boot", "boot"]
    assert plane.beats()[-1] == "finished"


def test_uploads_and_completes_are_retried(bench: Bench, plane: ControlPlane) -> None:
    plane.script["put"] = [Reply(status=503), DROP, Reply()]
    plane.script["complete"] = [DROP, Reply(status=503, headers={"Retry-After": "0"}), Reply(body={})]
    assert bench.run(Tiny()) is TaskEnd.COMPLETED
    assert (len(plane.of("put")), len(plane.of("complete"))) == (3, 3)


def test_a_complete_that_is_refused_is_not_asked_again(bench: Bench, plane: ControlPlane) -> None:
    plane.script["complete"] = [Reply(status=409, body={"error": "late", "code": "lease_lost"})]
    assert bench.run(Tiny()) is TaskEnd.DROPPED
    assert len(plane.of("complete")) == 1
    assert plane.of("fail") == []


def test_a_lost_answer_to_complete_is_asked_for_once_more_when_beats_are_refused(
    bench: Bench, plane: ControlPlane
) -> None:
    plane.beat_s = 0.1
    refused = Reply(status=409, body={"error": "done", "code": "task_finished"})
    plane.hooks["complete"] = lambda: plane.script.update(heartbeat=[refused])
    plane.script["complete"] = [DROP, Reply(body={"message": "Task marked as completed"})]
    assert bench.run(Tiny()) is TaskEnd.COMPLETED


def test_an_upload_that_the_store_never_takes_fails_the_task(bench: Bench, plane: ControlPlane) -> None:
    plane.script["put"] = [Reply(status=400)]
    assert bench.run(Tiny()) is TaskEnd.FAILED
    (fail,) = plane.of("fail")
    assert (fail.body["error_type"], fail.body["error_message"]) == ("upload_failed", "Failed to upload results")
    assert "s3_error_key" not in fail.body


def test_bound_urls_are_used_where_the_server_signs_them(bench: Bench, plane: ControlPlane) -> None:
    signed = {"Content-Length": "0", "x-amz-checksum-sha256": "asked"}
    plane.script["upload-urls"] = [Reply(body=plane.urls("fresh", signed))]
    assert bench.run(Tiny()) is TaskEnd.COMPLETED

    (asked,), (put,) = plane.of("upload-urls"), plane.of("put")
    content = plane.uploads["fresh-result"]
    assert (asked.query["runner_id"], asked.query["attempt"]) == ("me", "1")
    assert asked.query["result_bytes"] == str(len(content)) == put.headers["Content-Length"]
    assert len(put.headers["x-amz-checksum-sha256"]) == 44
    assert plane.of("complete")[0].body["s3_result_key"] == "fresh-result-key"


def test_an_expired_url_is_replaced(bench: Bench, plane: ControlPlane) -> None:
    plane.script["upload-urls"] = [Reply(body=plane.urls("old")), Reply(body=plane.urls("new"))]
    plane.script["put"] = [Reply(status=403), Reply()]
    assert bench.run(Tiny()) is TaskEnd.COMPLETED
    assert [call.path.rsplit("/")[-1] for call in plane.of("put")] == ["old-result", "new-result"]


def test_a_target_that_is_a_path_is_a_copy(bench: Bench, plane: ControlPlane, tmp_path: Path) -> None:
    claim = plane.assigned()
    claim.body["presigned_urls"]["result_upload_url"] = str(tmp_path / "copied.tar.gz")
    plane.script["claim"] = [claim]
    assert bench.run(Tiny()) is TaskEnd.COMPLETED
    assert "./output.txt" in members((tmp_path / "copied.tar.gz").read_bytes())


def test_a_stopped_runner_says_so(bench: Bench, plane: ControlPlane) -> None:
    stop = Stop()

    def stop_soon() -> None:
        threading.Timer(0.3, lambda: stop.set(StopReason.RUNNER_STOPPED)).start()

    assert bench.run(Tiny(line=FAMILY, during=stop_soon), stop=stop) is TaskEnd.FAILED
    assert family_alive() == []
    (fail,) = plane.of("fail")
    assert (fail.body["error_type"], fail.body["failure_class"]) == ("runner_stopped", "infrastructure")


def test_debug_keeps_the_work_dir_and_packs_the_whole_log(bench: Bench, plane: ControlPlane) -> None:
    assert bench.run(Tiny(), debug=True) is TaskEnd.COMPLETED
    (kept,) = bench.work_root.iterdir()
    assert (kept / "work" / "output.txt").read_text() == "measured\n"
    log = members(plane.uploads["claim-result"])["./full_run.log"].decode()
    assert '"event": "output"' in log
    assert "measured" in log


def test_a_failure_before_the_start_is_told_until_it_is_heard(bench: Bench, plane: ControlPlane) -> None:
    bench.work_root.write_text("a file where the work dirs should be")
    plane.script["fail"] = [Reply(status=503), DROP, Reply(body={"message": "Task marked as failed"})]
    assert bench.run(Tiny()) is TaskEnd.FAILED
    first, _, last = plane.of("fail")
    assert first.body == last.body
    assert first.body["failure_class"] == "infrastructure"
    assert str(bench.work_root) in first.body["error_message"]
    assert "--work-root" in first.body["error_message"]


def test_a_task_without_a_place_for_its_result_is_given_up(bench: Bench, plane: ControlPlane) -> None:
    claim = plane.assigned()
    del claim.body["presigned_urls"]
    plane.script["claim"] = [claim]
    assert bench.run(Tiny()) is TaskEnd.FAILED
    (fail,) = plane.of("fail")
    assert (fail.body["error_type"], fail.body["attempt"]) == ("runner_error", 1)
    assert "no presigned_urls" in fail.body["error_message"]


def test_a_failure_that_nobody_wants_is_dropped(bench: Bench, plane: ControlPlane) -> None:
    bench.work_root.write_text("a file")
    plane.script["fail"] = [Reply(status=409, body={"error": "gone"})]
    assert bench.run(Tiny()) is TaskEnd.DROPPED
    assert len(plane.of("fail")) == 1


OPTIONS = {"argv": ["true"], "repeats": 3}
PLAN = b'{"first": "line"}\n' + json.dumps(OPTIONS).encode() + b'\n{"last": "line"}\n'
WHERE = f"18-{18 + len(json.dumps(OPTIONS)) - 1}"


def by_url(plane: ControlPlane, *replies: Reply | str, byte_range: str = WHERE) -> None:
    url = f"{plane.url}/store/plan.jsonl?X-Amz-Signature=sesame-signed"
    plane.script["claim"] = [plane.assigned(workload_options_url=url, workload_options_range=byte_range)]
    plane.script["plan.jsonl"] = list(replies)


@pytest.mark.parametrize(
    "found", [Reply(status=206, body=json.dumps(OPTIONS).encode()), Reply(status=200, body=PLAN)], ids=["part", "whole"]
)
def test_large_options_are_fetched_without_the_key_and_then_are_as_if_inline(
    bench: Bench, plane: ControlPlane, found: Reply
) -> None:
    by_url(plane, Reply(status=503), found)
    tiny = Tiny()
    assert bench.run(tiny) is TaskEnd.COMPLETED
    assert tiny.asked == OPTIONS
    asked = plane.of("plan.jsonl")
    assert [call.headers["Range"] for call in asked] == [f"bytes={WHERE}"] * 2
    assert "Authorization" not in asked[0].headers
    assert json.loads(members(plane.uploads["claim-result"])["./metadata.json"])["workload_options"] == OPTIONS


@pytest.mark.parametrize(
    ("reply", "byte_range", "words"),
    [
        (Reply(status=403), WHERE, "403"),
        (Reply(status=206, body=b"[1]"), WHERE, "not a JSON object"),
        (Reply(status=206, body=b"{"), WHERE, "Expecting property name"),
        (Reply(status=206, body={}), "0-1048576", "'0-1048576', not <first>-<last> of at most 1048576 bytes"),
        (Reply(status=206, body={}), "9-8", "'9-8'"),
    ],
)
def test_options_that_cannot_be_had_fail_the_task_and_show_no_signature(
    bench: Bench, plane: ControlPlane, reply: Reply, byte_range: str, words: str
) -> None:
    by_url(plane, reply, byte_range=byte_range)
    assert bench.run(Tiny()) is TaskEnd.FAILED
    (fail,) = plane.of("fail")
    assert (fail.body["error_type"], fail.body["failure_class"]) == ("options_unavailable", "infrastructure")
    assert words in fail.body["error_message"]
    assert "sesame-signed" not in json.dumps([fail.body, bench.records], default=str)


def test_metadata_tells_the_version_that_fetched_options_ask_for(bench: Bench, plane: ControlPlane) -> None:
    options = json.dumps({"ruby_version": "3.3.10"}).encode()
    url, byte_range = f"{plane.url}/store/plan.jsonl", f"0-{len(options) - 1}"
    asked = {"workload": "ruby-bench", "ruby_version": "3.4.7"}
    plane.script["claim"] = [plane.assigned(**asked, workload_options_url=url, workload_options_range=byte_range)]
    plane.script["plan.jsonl"] = [Reply(status=206, body=options)]
    assert bench.run(Tiny(name="ruby-bench")) is TaskEnd.COMPLETED
    assert json.loads(members(plane.uploads["claim-result"])["./metadata.json"])["ruby_version"] == "3.3.10"


def test_subject_and_part_stand_in_the_result_where_there_are_any(bench: Bench, plane: ControlPlane) -> None:
    plane.script["claim"] = [plane.assigned(subject="ruby-3.4", part="2/3"), plane.assigned()]
    found = []
    for _ in range(2):
        bench.run(Tiny())
        files = members(plane.uploads["claim-result"])
        metadata, output = json.loads(files["./metadata.json"]), json.loads(files["./output.json"])
        found.append((metadata.get("subject", "none"), metadata.get("part", "none"), output.get("subject")))
    assert found == [("ruby-3.4", "2/3", "ruby-3.4"), ("none", "none", None)]


@pytest.mark.parametrize(
    ("asked", "tiny", "error_type"),
    [({"image": "ruby:3.4"}, Tiny(), "image_unavailable"), ({}, Tiny(credentials=("A_KEY",)), "missing_credentials")],
)
def test_what_this_runner_lacks_is_told_before_anything_runs(
    bench: Bench, plane: ControlPlane, asked: dict[str, str], tiny: Tiny, error_type: str
) -> None:
    plane.script["claim"] = [plane.assigned(**asked)]
    tiny.during = lambda: pytest.fail("it ran")
    assert bench.run(tiny) is TaskEnd.FAILED
    (fail,) = plane.of("fail")
    assert (fail.body["error_type"], fail.body["failure_class"]) == (error_type, "infrastructure")
    assert "provision" not in plane.beats()
