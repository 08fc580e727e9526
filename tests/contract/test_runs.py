"""What any implementation of `domain/ports.Runs` must do."""

import random

import pytest
from benchfleet_contract.states import ArchiveState, TaskStatus

from chalicelib.domain.counting import Change, Counts
from chalicelib.domain.ports import Built
from chalicelib.domain.records import ActiveRun, Demand, Ending, Group, Run, RunState
from tests.contract.conftest import Stores
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_run

P, C, D = TaskStatus.PENDING, TaskStatus.CLAIMED, TaskStatus.COMPLETED
READY = Built(ArchiveState.READY, RunState.COMPLETED, None, key="k", size_bytes=9, sha256="f" * 64)


@pytest.fixture
def run(stores: Stores) -> Run:
    """A published run of two groups."""
    run = a_run(sizes={LOCAL: 3, CLOUD: 2})
    assert stores.runs.reserve(run)
    assert stores.runs.publish(run)
    return run


def now(stores: Stores, run_id: str = "r") -> tuple[Run, Counts]:
    found = stores.runs.get(run_id)
    assert found
    return found


def changed(number: int, *, group: int = 0, block: int = 0, before: TaskStatus = P, after: TaskStatus = C) -> Change:
    return Change("r", block, group, number, before, after)


def test_an_id_is_reserved_once(stores: Stores) -> None:
    run = a_run(warnings=("typo: unknown field",), ruby_version="3.4.7")
    assert stores.runs.reserve(run)
    assert not stores.runs.reserve(a_run(body_sha256="1" * 64))
    assert now(stores) == (run, Counts({(0, P): 3}, changed_ms=NOW_MS))


def test_a_run_is_listed_from_its_publication_on(stores: Stores) -> None:
    run = a_run()
    stores.runs.reserve(run)
    assert stores.runs.newest(limit=9, cursor=None) == ([], None)
    assert stores.runs.publish(run)
    assert not stores.runs.publish(run)
    assert [found.run_id for found in stores.runs.newest(limit=9, cursor=None)[0]] == ["r"]
    assert now(stores)[0].state is RunState.RUNNING


def test_a_run_that_compares_subjects_is_read_as_it_was_written(stores: Stores) -> None:
    """Blocks are the same for all subjects of a demand, and are stored once."""
    model = Demand("local", "docker", "llama3:8b")
    groups = (
        Group(LOCAL, 2, (0, 1), "a"), Group(LOCAL, 2, (0, 1), "b"), Group(model, 2, (1,), "a"), Group(model, 2, (1,), "b"),
    )  # fmt: skip
    run = a_run(
        groups=groups,
        order="grouped",
        shards=2,
        shared_options={},
        label="3.4.7, 3.3.10",
        origin="schedule:nightly",
        noise_floor=True,
    )
    stores.runs.reserve(run)
    assert now(stores)[0] == run
    stores.runs.activate(run)
    assert stores.runs.active() == [ActiveRun("r", NOW_MS, "mock", frozenset({LOCAL, model}))]


def test_a_list_tells_the_neutral_words_of_a_run_and_nothing_else(stores: Stores) -> None:
    run = a_run(label="3.4.7", origin="fleet:f", workload="ruby-bench", ruby_version="3.4.7")
    stores.runs.reserve(run)
    stores.runs.publish(run)
    (found,) = stores.runs.newest(limit=9, cursor=None)[0]
    told = (found.run_id, found.state, found.created_ms, found.workload, found.label, found.origin)
    assert told == ("r", RunState.RUNNING, NOW_MS, "ruby-bench", "3.4.7", "fleet:f")
    assert (found.ruby_version, found.groups, found.metadata) == (None, (), {})


def test_nothing_is_published_that_was_not_reserved(stores: Stores) -> None:
    assert not stores.runs.publish(a_run())
    assert stores.runs.get("r") is None


def test_the_newest_come_first_page_by_page(stores: Stores) -> None:
    for number in (2, 5, 1, 4, 3):
        run = a_run(f"run-{number}", created_ms=NOW_MS + number)
        stores.runs.reserve(run)
        stores.runs.publish(run)
    seen, cursor = stores.runs.newest(limit=2, cursor=None)
    while cursor:
        page, cursor = stores.runs.newest(limit=2, cursor=cursor)
        seen += page
    assert [run.run_id for run in seen] == ["run-5", "run-4", "run-3", "run-2", "run-1"]
    assert (seen[0].created_ms, seen[0].workload) == (NOW_MS + 5, "mock")


def test_a_run_is_ended_once(stores: Stores, run: Run) -> None:
    assert stores.runs.stop("r")
    assert not stores.runs.stop("r")
    assert not stores.runs.pass_deadline("r")
    stopped, _ = now(stores)
    assert (stopped.state, stopped.ending, stopped.reason) == (RunState.CANCELLED, Ending.STOPPED, "stopped")
    assert not stopped.is_open


def test_a_run_past_its_deadline_is_closing_and_cannot_be_stopped(stores: Stores, run: Run) -> None:
    assert stores.runs.pass_deadline("r")
    assert not stores.runs.pass_deadline("r")
    assert not stores.runs.stop("r")
    closing, _ = now(stores)
    assert (closing.state, closing.ending, closing.is_open) == (RunState.RUNNING, Ending.DEADLINE, False)


def test_one_builds_at_a_time_and_a_dead_builder_is_relieved(stores: Stores, run: Run) -> None:
    assert stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=NOW_MS + 10) == 1
    assert stores.runs.begin_archive("r", now_ms=NOW_MS + 10, until_ms=NOW_MS + 20) is None
    assert stores.runs.begin_archive("r", now_ms=NOW_MS + 11, until_ms=NOW_MS + 20) == 2


def test_a_released_archive_may_be_built_again(stores: Stores, run: Run) -> None:
    assert not stores.runs.release_archive("r", 1, error="not building")
    stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=NOW_MS + 10)
    assert stores.runs.release_archive("r", 1, error="no space")
    archive = now(stores)[0].archive
    assert (archive.state, archive.error, archive.building_until_ms) == (ArchiveState.NONE, "no space", None)
    assert stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=NOW_MS + 10) == 2


def test_a_build_that_was_taken_over_writes_nothing_more(stores: Stores, run: Run) -> None:
    seen, _ = now(stores)
    stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=NOW_MS + 10)
    assert stores.runs.keep_archive("r", 1, until_ms=NOW_MS + 20)
    assert stores.runs.begin_archive("r", now_ms=NOW_MS + 11, until_ms=NOW_MS + 30) is None
    assert stores.runs.begin_archive("r", now_ms=NOW_MS + 21, until_ms=NOW_MS + 30) == 2
    assert not stores.runs.keep_archive("r", 1, until_ms=NOW_MS + 99)
    assert not stores.runs.release_archive("r", 1, error="late")
    assert not stores.runs.close_archive(seen, 1, READY, now_ms=NOW_MS)
    assert stores.runs.close_archive(seen, 2, READY, now_ms=NOW_MS)


def test_an_archive_is_closed_once_with_its_run(stores: Stores, run: Run) -> None:
    seen, _ = now(stores)
    assert not stores.runs.close_archive(seen, 1, READY, now_ms=NOW_MS)
    stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=NOW_MS + 10)
    assert stores.runs.close_archive(seen, 1, READY, now_ms=NOW_MS + 5)
    assert not stores.runs.close_archive(seen, 1, READY, now_ms=NOW_MS + 6)
    closed, _ = now(stores)
    assert (closed.state, closed.completed_ms) == (RunState.COMPLETED, NOW_MS + 5)
    archive = closed.archive
    assert (archive.state, archive.key, archive.size_bytes, archive.sha256) == (ArchiveState.READY, "k", 9, "f" * 64)
    assert stores.runs.begin_archive("r", now_ms=NOW_MS + 99, until_ms=NOW_MS + 100) is None


def test_an_archive_of_a_run_that_was_stopped_meanwhile_is_not_closed(stores: Stores, run: Run) -> None:
    seen, _ = now(stores)
    stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=NOW_MS + 10)
    stores.runs.stop("r")
    assert not stores.runs.close_archive(seen, 1, READY, now_ms=NOW_MS)
    assert now(stores)[0].state is RunState.CANCELLED


def test_counting_twice_counts_once(stores: Stores, run: Run) -> None:
    changes = [changed(10), changed(11), changed(12, before=C, after=D), changed(4, group=1, block=7)]
    counts = stores.runs.count("r", changes, now_ms=NOW_MS + 1)
    assert counts == now(stores)[1]
    assert counts
    assert counts.tally == {(0, P): 1, (0, C): 1, (0, D): 1, (1, P): 1, (1, C): 1}
    assert (counts.watermarks, counts.changed_ms) == ({0: 12, 7: 4}, NOW_MS + 1)
    assert stores.runs.count("r", changes, now_ms=NOW_MS + 2) == counts
    assert stores.runs.count("r", [*changes, changed(13, before=C, after=D)], now_ms=NOW_MS + 3) == Counts(
        {(0, P): 1, (0, D): 2, (1, P): 1, (1, C): 1}, changed_ms=NOW_MS + 3, watermarks={0: 13, 7: 4}
    )


def test_sequence_numbers_of_forty_digits_keep_their_order(stores: Stores, run: Run) -> None:
    low, high = 10**39 - 1, 10**39
    stores.runs.count("r", [changed(low)], now_ms=NOW_MS + 1)
    stores.runs.count("r", [changed(high, before=C, after=D)], now_ms=NOW_MS + 2)
    counts = stores.runs.count("r", [changed(low)], now_ms=NOW_MS + 3)
    assert counts
    assert counts.tally == {(0, P): 2, (0, D): 1, (1, P): 2}


def test_nothing_is_counted_for_a_run_that_does_not_exist(stores: Stores) -> None:
    assert stores.runs.count("gone", [changed(1)], now_ms=NOW_MS) is None
    assert stores.runs.get("gone") is None


def test_more_counters_than_one_expression_may_name(stores: Stores) -> None:
    sizes = {Demand("cloud", f"type-{number}"): 1 for number in range(80)}
    stores.runs.reserve(a_run(sizes=sizes))
    changes = [changed(number, group=number, block=number % 50) for number in range(80)]
    random.Random(1).shuffle(changes)  # they need not come in order
    assert stores.runs.count("r", changes, now_ms=NOW_MS + 1) == stores.runs.count("r", changes, now_ms=NOW_MS + 2)
    counts = now(stores)[1]
    assert counts.tally == {(number, C): 1 for number in range(80)}
    pending = {(number, P): 1 for number in range(80)}
    assert stores.runs.correct(a_run(sizes=sizes), pending, counts, now_ms=NOW_MS + 9)
    corrected = now(stores)[1]
    assert (corrected.tally, corrected.verified_ms, corrected.changed_ms) == (pending, NOW_MS + 9, NOW_MS + 1)


def test_counters_are_corrected_only_if_they_did_not_move(stores: Stores, run: Run) -> None:
    seen = now(stores)[1]
    stores.runs.count("r", [changed(1)], now_ms=NOW_MS + 1)
    assert not stores.runs.correct(run, {(0, D): 3}, seen, now_ms=NOW_MS + 2)
    moved = now(stores)[1]
    assert (moved.of(P), moved.of(C), moved.verified_ms) == (4, 1, 0)
    assert stores.runs.correct(run, {(0, D): 3, (1, P): 2}, moved, now_ms=NOW_MS + 3)
    assert now(stores)[1].tally == {(0, D): 3, (1, P): 2}


def test_counters_that_are_right_are_only_marked_as_verified(stores: Stores, run: Run) -> None:
    seen = now(stores)[1]
    assert stores.runs.correct(run, seen.tally, seen, now_ms=NOW_MS + 3)
    assert now(stores)[1] == Counts(seen.tally, changed_ms=NOW_MS, verified_ms=NOW_MS + 3)


def test_markers_stand_until_they_are_retired(stores: Stores) -> None:
    first, second = a_run(sizes={LOCAL: 1, CLOUD: 1}), a_run(created_ms=NOW_MS + 5, workload="other")
    stores.runs.announce(first)
    stores.runs.announce(second)
    assert stores.runs.active() == [ActiveRun("r", NOW_MS, "mock", frozenset({LOCAL, CLOUD}))]
    stores.runs.activate(second)
    assert stores.runs.active() == [ActiveRun("r", NOW_MS + 5, "other", frozenset({LOCAL}))]
    stores.runs.retire("r")
    assert stores.runs.active() == []
