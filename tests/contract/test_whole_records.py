"""What each write changes of a task or a run, and that it changes nothing else: whole records are compared."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.states import ArchiveState, FailureClass, HeartbeatStatus, TaskStatus

from chalicelib.domain.counting import Change, Counts
from chalicelib.domain.handing_back import history
from chalicelib.domain.leases import timeout_message
from chalicelib.domain.ports import Built, Refused
from chalicelib.domain.records import ArchiveRecord, Demand, Ending, RunState, Task
from chalicelib.store import keys
from tests.contract.conftest import Stores
from tests.contract.records import LEASE_MS, NOW_MS, a_beat, a_request, a_run, a_task, a_verdict

pytestmark = pytest.mark.parametrize("stores", ["in_process"], indirect=True)  # over HTTP nothing differs here
FAILED = a_verdict(
    status=TaskStatus.FAILED, error_type="x", error_message="m", failure_class=FailureClass.INFRASTRUCTURE,
    result_key=None, error_key="e", reason="why",
)  # fmt: skip
NO_LEASE: dict[str, Any] = {
    "claim_token": None,
    "nonce": None,
    "claimed_ms": None,
    "lease_until_ms": None,
    "heartbeat_ms": None,
}
NO_BEAT: dict[str, Any] = {
    "heartbeat_status": None,
    "heartbeat_message": None,
    "current_benchmark": None,
    "progress_pct": None,
}


@pytest.fixture
def claimed(stores: Stores) -> Task:
    stores.tasks.create([a_task()])
    return stores.tasks.claim("r", 1, a_request())


@pytest.fixture
def running(stores: Stores, claimed: Task) -> Task:
    return stores.tasks.renew("r", 1, a_beat())


def stored(stores: Stores) -> Task:
    found = stores.tasks.get("r", 1)
    assert found
    return found


def is_listed(stores: Stores) -> bool:
    """Does the index of what may be claimed, or is held, still show the task?"""
    return "claim_order" in (stores.table.get(*keys.task_key("r", 1)) or {})


def test_a_first_claim(claimed: Task) -> None:
    assert claimed == a_task(
        status=TaskStatus.CLAIMED, attempt=1, runner_id="one", former_runner_id="", claim_token="token-one",
        nonce="nonce-one", claimed_ms=NOW_MS, heartbeat_ms=NOW_MS, lease_until_ms=NOW_MS + LEASE_MS,
    )  # fmt: skip


def test_what_is_a_task_s_own_stays_with_it_through_its_life(stores: Stores) -> None:
    model = Demand("local", "docker", "llama3:8b")
    task = a_task(demand=model, subject="a", part="1/2", image="ruby:3.4", options_at="13:26")
    stores.tasks.create([task])
    assert stored(stores) == task
    stores.tasks.claim("r", 1, a_request(demand=model))
    ended = stores.tasks.finish("r", 1, a_verdict())
    own = (ended.demand, ended.subject, ended.part, ended.image, ended.options_at)
    assert own == (model, "a", "1/2", "ruby:3.4", "13:26")


@pytest.mark.parametrize("status", [status for status in HeartbeatStatus if status is not HeartbeatStatus.RUNNING])
def test_only_a_beat_that_says_running_starts_a_task(stores: Stores, claimed: Task, status: HeartbeatStatus) -> None:
    beat = a_beat(status=status)
    assert stores.tasks.renew("r", 1, beat) == replace(
        claimed, heartbeat_ms=beat.now_ms, heartbeat_status=status, heartbeat_message=beat.message,
        current_benchmark=beat.current_benchmark, progress_pct=beat.progress_pct, lease_until_ms=beat.now_ms + LEASE_MS,
    )  # fmt: skip


def test_a_task_that_completes(stores: Stores, running: Task) -> None:
    assert stores.tasks.finish("r", 1, a_verdict(reason="all")) == replace(
        running, status=TaskStatus.COMPLETED, ended_ms=NOW_MS + 5_000, reason="all", result_key="k", progress_pct=100,
        heartbeat_status=HeartbeatStatus.FINISHED, lease_until_ms=None,
    )  # fmt: skip
    assert not is_listed(stores)


def test_a_task_that_fails_keeps_how_far_it_came(stores: Stores, running: Task) -> None:
    assert stores.tasks.finish("r", 1, FAILED) == replace(
        running, status=TaskStatus.FAILED, ended_ms=NOW_MS + 5_000, reason="why", error_type="x", error_message="m",
        failure_class=FailureClass.INFRASTRUCTURE, error_key="e", heartbeat_status=HeartbeatStatus.ERROR,
        lease_until_ms=None,
    )  # fmt: skip
    assert not is_listed(stores)


def test_a_task_that_is_handed_back(stores: Stores, running: Task) -> None:
    stores.tasks.hand_back(running, FAILED)
    expected = replace(running, status=TaskStatus.PENDING, reason=history(running, FAILED), **NO_LEASE, **NO_BEAT)
    assert stored(stores) == expected


@pytest.mark.parametrize("changes", [{"runner_id": "two"}, {"nonce": "other"}])
def test_only_its_holder_hands_a_task_back(stores: Stores, running: Task, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        stores.tasks.hand_back(running, replace(FAILED, **changes))
    with pytest.raises(Refused):
        stores.tasks.hand_back(replace(running, attempt=2), FAILED)
    assert stored(stores) == running


def test_a_holder_that_names_no_key_hands_its_task_back(stores: Stores, running: Task) -> None:
    stores.tasks.hand_back(running, replace(FAILED, nonce=None))
    assert stored(stores).status is TaskStatus.PENDING


def test_a_task_whose_lease_ran_out_with_attempts_left(stores: Stores, running: Task) -> None:
    stores.tasks.requeue(running)
    expected = replace(running, status=TaskStatus.PENDING, reason=timeout_message(running), **NO_LEASE, **NO_BEAT)
    assert stored(stores) == expected


def test_a_task_whose_last_lease_ran_out(stores: Stores, running: Task) -> None:
    stores.tasks.time_out(running, now_ms=NOW_MS + 9)
    assert stored(stores) == replace(
        running, status=TaskStatus.FAILED, ended_ms=NOW_MS + 9, error_type="timeout", reason="lease_expired",
        error_message=timeout_message(running), failure_class=FailureClass.INFRASTRUCTURE,
        heartbeat_status=HeartbeatStatus.ERROR, lease_until_ms=None,
    )  # fmt: skip
    assert not is_listed(stores)


def test_a_task_that_is_stopped(stores: Stores, running: Task) -> None:
    stores.tasks.end_open(running, Ending.STOPPED, now_ms=NOW_MS + 9)
    assert stored(stores) == replace(
        running, status=TaskStatus.CANCELLED, ended_ms=NOW_MS + 9, reason=Ending.STOPPED, lease_until_ms=None
    )
    assert not is_listed(stores)


def test_a_task_that_the_deadline_ends(stores: Stores, running: Task) -> None:
    stores.tasks.end_open(running, Ending.DEADLINE, now_ms=NOW_MS + 9)
    ended = stored(stores)
    assert ended == replace(
        running, status=TaskStatus.FAILED, ended_ms=NOW_MS + 9, reason=Ending.DEADLINE, error_type="deadline",
        error_message=ended.error_message, failure_class=FailureClass.INFRASTRUCTURE,
        heartbeat_status=HeartbeatStatus.ERROR, lease_until_ms=None,
    )  # fmt: skip
    assert "deadline" in (ended.error_message or "")
    assert not is_listed(stores)


@pytest.fixture
def archive(stores: Stores) -> Callable[[], ArchiveRecord]:
    """Of a published run whose first build has just begun and has the right to go on until NOW_MS + 10."""
    run = a_run()
    assert stores.runs.reserve(run)
    assert stores.runs.publish(run)
    assert stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=NOW_MS + 10) == 1

    def read() -> ArchiveRecord:
        found = stores.runs.get("r")
        assert found
        return found[0].archive

    return read


def test_a_build_whose_builder_died_is_abandoned(stores: Stores, archive: Callable[[], ArchiveRecord]) -> None:
    assert not stores.runs.abandon_archive("r", until_ms=NOW_MS + 11)
    assert archive().state is ArchiveState.BUILDING
    assert stores.runs.abandon_archive("r", until_ms=NOW_MS + 10)
    assert archive() == ArchiveRecord(error=archive().error)
    assert "killed" in (archive().error or "")


def test_an_archive_that_is_ready_forgets_what_its_earlier_builds_failed_of(
    stores: Stores, archive: Callable[[], ArchiveRecord]
) -> None:
    assert stores.runs.release_archive("r", 1, error="no space")
    assert stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=NOW_MS + 10) == 2
    built = Built(ArchiveState.READY, RunState.COMPLETED, None, key="k", size_bytes=9, sha256="f")
    assert stores.runs.close_archive(a_run(state=RunState.RUNNING), 2, built, now_ms=NOW_MS)
    assert archive() == ArchiveRecord(ArchiveState.READY, key="k", size_bytes=9, sha256="f")


def counts(stores: Stores) -> Counts:
    found = stores.runs.get("r")
    assert found
    return found[1]


def move(stores: Stores) -> None:
    stores.runs.count("r", [Change("r", 0, 0, 1, TaskStatus.PENDING, TaskStatus.CLAIMED)], now_ms=NOW_MS + 5)


def correct(stores: Stores) -> None:
    assert stores.runs.correct(a_run(), {}, counts(stores), now_ms=NOW_MS + 5)


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize("clear", [move, correct])
def test_a_suspicion_stands_until_a_counter_moves_or_all_are_corrected(
    stores: Stores, clear: Callable[[Stores], None]
) -> None:
    assert stores.runs.note_drift("r", "print", counts(stores), now_ms=NOW_MS + 4)
    assert (counts(stores).drift, counts(stores).drift_seen_ms) == ("print", NOW_MS + 4)
    clear(stores)
    assert (counts(stores).drift, counts(stores).drift_seen_ms) == (None, 0)
