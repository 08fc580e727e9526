"""Records as the wire shows them: whole documents, each field with a value of its own."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.runs import RunList
from benchfleet_contract.states import ArchiveState, FailureClass, HeartbeatStatus, ResultState, TaskStatus

from chalicelib.domain.counting import Counts
from chalicelib.domain.errors import TaskNotFound, Unavailable
from chalicelib.domain.outcomes import Assigned, Done, Wait
from chalicelib.domain.records import ArchiveRecord, Contents, Header, Run, RunState, Task
from chalicelib.domain.selection import Wanted
from chalicelib.services.present import claimed, renewed
from chalicelib.services.runs.present import list_item, new_task, run_detail, task_view
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_run, a_task
from tests.contract.system import Clients, System
from tests.each_case import each_case

TASK = a_task(
    7, demand=CLOUD, alias="big", run_number=4, status=TaskStatus.RUNNING, attempt=2, max_attempts=5, lease_ms=60_000,
    runner_id="one", claimed_ms=NOW_MS + 1_000, lease_until_ms=NOW_MS + 9_000, heartbeat_ms=NOW_MS + 2_000,
    heartbeat_status=HeartbeatStatus.UPLOADING, heartbeat_message="on it", current_benchmark="nbody", progress_pct=40,
    error_type="kind", error_message="words", failure_class=FailureClass.BENCHMARK, reason="why",
    ended_ms=NOW_MS + 3_000, result_key="good", error_key="bad", result=ResultState.CORRUPT, result_reason="torn",
)  # fmt: skip
NAMED = {"id": "r.7", "provider": "aws", "instance_type": "c8g.medium", "instance_type_alias": "big", "run_number": 4}


@pytest.fixture(scope="module")
def system(clients: Clients) -> System:
    return System(clients)


def test_a_task_tells_all_that_is_known_of_it() -> None:
    assert task_view(TASK).model_dump(mode="json") == NAMED | {
        "status": "running", "runner_id": "one", "claimed_at": "2027-01-15T08:00:01Z",
        "heartbeat_at": "2027-01-15T08:00:02Z", "heartbeat_status": "uploading", "heartbeat_message": "on it",
        "current_benchmark": "nbody", "progress_pct": 40, "error_type": "kind", "error_message": "words",
        "failure_class": "benchmark", "reason": "why", "attempt": 2, "max_attempts": 5,
        "lease_until": "2027-01-15T08:00:09Z", "ended_at": "2027-01-15T08:00:03Z", "result_key": "good",
        "error_key": "bad", "result": "corrupt", "result_reason": "torn", "subject": None, "part": None,
    }  # fmt: skip


def test_a_new_task_is_pending() -> None:
    assert new_task(TASK).model_dump(mode="json") == NAMED | {"status": "pending", "subject": None, "part": None}


def test_a_claim_is_answered_with_the_task_its_runs_options_and_urls(system: System) -> None:
    reply = claimed(Assigned(TASK, Header(True, "3.4.7", "mock", {"n": 1}, ())), system.storage)
    assert reply.presigned_urls == system.storage.sign_uploads(TASK)
    assert reply.task
    assert (reply.status, reply.task.model_dump(mode="json", exclude_unset=True)) == (
        "assigned",
        NAMED | {
            "ruby_version": "3.4.7", "run_id": "r", "workload": "mock", "workload_options": {"n": 1}, "attempt": 2,
            "max_attempts": 5, "lease_until": "2027-01-15T08:00:09Z", "next_heartbeat_in_s": 15.0,
        },
    )  # fmt: skip
    assert reply.model_fields_set == {"status", "task", "presigned_urls"}


def test_what_is_its_own_of_a_task_goes_along_with_it(system: System) -> None:
    lines = b'{"first": 1}\n{"ruby_version": "3.3.10"}\n'
    system.storage.keep_plan("r", lines)
    own = replace(TASK, subject="ruby-3.3", part="1/2", image="ruby:3.3", options_at="13:26")
    reply = claimed(Assigned(own, Header(True, "3.4.7", "ruby-bench", {}, ())), system.storage)
    assert reply.task
    told = reply.task.model_dump(exclude_unset=True)
    names = ("subject", "part", "image", "ruby_version", "workload_options")
    assert {name: told[name] for name in names} == {
        "subject": "ruby-3.3", "part": "1/2", "image": "ruby:3.3", "ruby_version": "3.3.10",
        "workload_options": {"ruby_version": "3.3.10"},
    }  # fmt: skip
    assert "workload_options_url" not in told


@each_case(("size", "by_url"), [(8 * 1024, False), (8 * 1024 + 1, True)])
def test_large_options_are_read_by_whoever_needs_them(system: System, size: int, by_url: bool) -> None:
    options = b'{"n": "' + b"x" * (size - 9) + b'"}'
    assert len(options) == size
    system.storage.keep_plan("large", b"{}\n" + options + b"\n")
    task = replace(TASK, run_id="large", options_at=f"3:{size}")
    told = claimed(Assigned(task, Header(True, None, "mock", {}, ())), system.storage).task
    assert told
    assert (told.workload_options == {}, told.workload_options_range) == (by_url, f"3-{size + 2}" if by_url else None)
    assert ("/runs/large/plan.jsonl?" in (told.workload_options_url or "")) == by_url


def test_options_that_the_bucket_does_not_give_are_worth_another_try(system: System) -> None:
    task = replace(TASK, run_id="no-plan", options_at="0:2")
    with pytest.raises(Unavailable, match="does not give"):
        claimed(Assigned(task, Header(True, None, "mock", {}, ())), system.storage)


@each_case("line", [b"{{", b"[1]", b"\xff\xff", b"[" * 5_000])
def test_a_plan_that_somebody_damaged_is_said_to_be_so(system: System, line: bytes) -> None:
    run_id = f"damaged-{hashlib.sha256(line).hexdigest()}"
    system.storage.keep_plan(run_id, line)
    task = replace(TASK, run_id=run_id, options_at=f"0:{len(line)}")
    with pytest.raises(Unavailable, match="damaged"):
        claimed(Assigned(task, Header(True, None, "mock", {}, ())), system.storage)


@each_case(
    ("outcome", "told"),
    [
        (Wait(30), {"status": "wait", "retry_after_seconds": 30}),
        (Wait(2, "soon"), {"status": "wait", "retry_after_seconds": 2, "message": "soon"}),
        (Done(), {"status": "done"}),
        (Done("over"), {"status": "done", "message": "over"}),
        (Done(misplaced=True), {"status": "done"}),
    ],
)
def test_a_claim_that_gets_nothing_says_what_to_do(system: System, outcome: Wait | Done, told: dict[str, Any]) -> None:
    reply = claimed(outcome, system.storage, lambda task_id, attempt: "token")
    assert reply.model_dump(exclude_unset=True) == told


def test_a_heartbeat_is_answered_with_the_lease() -> None:
    assert renewed(TASK).model_dump() == {
        "message": "Heartbeat received", "cancel": False, "lease_until": "2027-01-15T08:00:09Z",
        "next_heartbeat_in_s": 15.0,
    }  # fmt: skip


def test_a_token_is_of_the_task_and_attempt_that_the_reply_gives(system: System) -> None:
    outcome = Assigned(TASK, Header(True, None, "mock", {}, ()))
    reply = claimed(outcome, system.storage, lambda task_id, attempt: f"token of {task_id}, attempt {attempt}")
    assert reply.attempt_token == "token of r.7, attempt 2"
    assert "attempt_token" not in claimed(outcome, system.storage).model_fields_set


RUN = a_run(
    sizes={LOCAL: 2, CLOUD: 3}, state=RunState.FAILED, ruby_version="3.4.7", label="3.4.7", tasks_per_instance=2,
    completed_ms=NOW_MS + 5_000, reason="deadline_exceeded", lease_s=77, max_attempts=4,
)  # fmt: skip
COUNTS = Counts({(0, TaskStatus.PENDING): 1, (0, TaskStatus.FAILED): 1, (1, TaskStatus.COMPLETED): 3})
NONE_OF: dict[str, Any] = {"pending": 0, "claimed": 0, "running": 0, "completed": 0, "failed": 0, "cancelled": 0}
NO_ARCHIVE: dict[str, Any] = {
    "state": "none", "whole": None, "corrupt": None, "missing": None, "lost": [], "key": None, "size_bytes": None,
    "sha256": None, "url": None, "error": None,
}  # fmt: skip


def test_a_run_tells_all_that_is_known_of_it(system: System) -> None:
    assert run_detail(RUN, COUNTS, system.storage).model_dump(mode="json") == {
        "run_id": "r", "status": "failed", "ruby_version": "3.4.7", "per_instance_type": {"tasks": 2},
        "tasks": NONE_OF | {"total": 5, "pending": 1, "failed": 1, "completed": 3}, "gzip_url": None,
        "created_at": "2027-01-15T08:00:00Z", "completed_at": "2027-01-15T08:00:05Z",
        "deadline_at": "2027-01-16T08:00:00Z", "reason": "deadline_exceeded", "workload": "mock",
        "workload_options": {"n": 1}, "lease_s": 77, "max_attempts": 4, "metadata": {"why": "test"},
        "archive": NO_ARCHIVE,
        "groups": [
            NONE_OF | {"provider": "local", "instance_type": "docker", "total": 2, "pending": 1, "failed": 1, "subject": None},
            NONE_OF | {"provider": "aws", "instance_type": "c8g.medium", "total": 3, "completed": 3, "subject": None},
        ],
    }  # fmt: skip


def test_an_archive_tells_what_it_holds_and_what_it_lacks(system: System) -> None:
    contents = Contents(3, 1, 2, (("r.1", "corrupt", "torn"), ("r.2", "missing", "nothing there")))
    archive = ArchiveRecord(ArchiveState.READY, "runs/r/results.tar.gz", 99, "ab", "an error before", None, contents)
    detail = run_detail(RUN.evolve(archive=archive), COUNTS, system.storage)
    assert detail.gzip_url
    assert "runs/r/results.tar.gz" in detail.gzip_url
    assert detail.archive.model_dump(mode="json") == {
        "state": "ready", "whole": 3, "corrupt": 1, "missing": 2, "key": "runs/r/results.tar.gz", "size_bytes": 99,
        "sha256": "ab", "url": detail.gzip_url, "error": "an error before",
        "lost": [
            {"task_id": "r.1", "archived": "corrupt", "reason": "torn"},
            {"task_id": "r.2", "archived": "missing", "reason": "nothing there"},
        ],
    }  # fmt: skip


def test_a_list_names_each_run_in_short() -> None:
    assert list_item(RUN).model_dump(mode="json") == {
        "run_id": "r", "status": "failed", "ruby_version": "3.4.7", "created_at": "2027-01-15T08:00:00Z",
        "workload": "mock",
    }  # fmt: skip


# what is read of the store


def stored(system: System, run_id: str, **changes: Any) -> Run:
    """A running run of this id with its tasks."""
    run = a_run(run_id, state=RunState.RUNNING, **changes)
    system.runs.reserve(run)
    system.runs.publish(run)
    return run


def ids(found: RunList) -> list[str]:
    return [run.run_id for run in found.runs]


def test_the_newest_runs_come_first_and_a_cursor_goes_on_behind_one(clients: Clients) -> None:
    system = System(clients)
    for number in range(3):
        stored(system, f"r{number}", created_ms=NOW_MS + 1_000 * number)
    assert ids(system.read_runs.newest(cursor=None)) == ["r2", "r1", "r0"]
    assert system.read_runs.newest(cursor=None).next_cursor is None
    _, cursor = system.runs.newest(limit=1, cursor=None)
    assert ids(system.read_runs.newest(cursor=cursor)) == ["r1", "r0"]


def test_a_page_of_tasks_names_where_the_next_begins(system: System) -> None:
    stored(system, "paged")
    system.tasks.create([a_task(number, run_id="paged") for number in (1, 2, 3)])
    first = system.read_runs.task_page("paged", Wanted(), after=0, limit=2)
    assert (first.run_id, [task.id for task in first.tasks], first.next_cursor) == (
        "paged",
        ["paged.1", "paged.2"],
        "2",
    )
    last = system.read_runs.task_page("paged", Wanted(), after=2, limit=2)
    assert ([task.id for task in last.tasks], last.next_cursor) == (["paged.3"], None)


def task_with_files(system: System) -> Task:
    stored(system, "files")
    task = a_task(run_id="files", result_key="runs/files/a/result.tar.gz", error_key="runs/files/a/error.tar.gz")
    system.tasks.create([task])
    return task


def test_files_are_those_of_the_task(system: System) -> None:
    task_with_files(system)
    found = system.read_runs.files("files", 1)
    assert "runs/files/a/result.tar.gz" in (found.result_url or "")
    assert "runs/files/a/error.tar.gz" in (found.error_url or "")


def test_what_is_no_task_is_not_found(system: System) -> None:
    task_with_files(system)
    for look in (system.read_runs.task, system.read_runs.files):
        for run_id, number in (("files", 9), ("nowhere", 1)):
            with pytest.raises(TaskNotFound):
                look(run_id, number)
