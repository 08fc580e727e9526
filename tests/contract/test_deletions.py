"""What any implementation of `domain/ports.Deletions` must do, and of the `erase` of the others."""

import pytest
from benchfleet_contract.states import ArchiveState, TaskStatus

from chalicelib.domain.ports import Built
from chalicelib.domain.records import Presence, Run, RunState
from tests.contract.conftest import Stores
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_run, tasks_of

SIZES = {LOCAL: 3, CLOUD: 200}  # two blocks
LATER_MS = NOW_MS + 300_000


def begun(stores: Stores, **changes: object) -> Run:
    run = a_run(**changes)  # type: ignore[arg-type]
    assert stores.runs.reserve(run)
    assert stores.runs.publish(run)
    return run


def over(stores: Stores, archive: ArchiveState = ArchiveState.READY, state: RunState = RunState.COMPLETED) -> Run:
    """A run that has ended, with all that is left of it."""
    run = begun(stores, sizes=SIZES)
    stores.runs.activate(run)
    stores.tasks.create(tasks_of(run))
    stores.tasks.open_headers(run)
    build = stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=LATER_MS)
    assert build
    found = stores.runs.get("r")
    assert found
    assert stores.runs.close_archive(found[0], build, Built(archive, state, None), now_ms=NOW_MS)
    return run


def state(stores: Stores) -> RunState:
    found = stores.runs.get("r")
    assert found
    return found[0].state


@pytest.mark.parametrize("archive", [ArchiveState.READY, ArchiveState.FAILED])
@pytest.mark.parametrize("ended", [RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED])
def test_a_run_that_is_over_is_taken_out_of_sight_once(stores: Stores, archive: ArchiveState, ended: RunState) -> None:
    over(stores, archive, ended)
    assert [run.run_id for run in stores.runs.newest(limit=9, cursor=None)[0]] == ["r"]
    assert stores.deletions.begin("r", now_ms=NOW_MS)
    assert not stores.deletions.begin("r", now_ms=NOW_MS)
    assert state(stores) is RunState.DELETING
    assert stores.runs.newest(limit=9, cursor=None)[0] == []


def test_no_other_run_can_be_deleted(stores: Stores) -> None:
    assert not stores.deletions.begin("r", now_ms=NOW_MS)
    assert stores.runs.get("r") is None
    begun(stores)
    assert not stores.deletions.begin("r", now_ms=NOW_MS)
    assert stores.runs.stop("r")
    assert not stores.deletions.begin("r", now_ms=NOW_MS)
    assert stores.runs.begin_archive("r", now_ms=NOW_MS, until_ms=LATER_MS)
    assert not stores.deletions.begin("r", now_ms=NOW_MS)
    assert state(stores) is RunState.CANCELLED
    assert [found.run_id for found in stores.runs.newest(limit=9, cursor=None)[0]] == ["r"]
    assert stores.deletions.due(now_ms=LATER_MS, limit=9) == []


def test_a_run_in_creation_cannot_be_deleted(stores: Stores) -> None:
    stores.runs.reserve(a_run())
    assert not stores.deletions.begin("r", now_ms=NOW_MS)
    assert stores.deletions.take("r", now_ms=NOW_MS, until_ms=LATER_MS) is None


def test_one_at_a_time_deletes_and_a_dead_one_is_relieved(stores: Stores) -> None:
    run = over(stores)
    assert stores.deletions.take("r", now_ms=NOW_MS, until_ms=LATER_MS) is None
    stores.deletions.begin("r", now_ms=NOW_MS)
    taken = stores.deletions.take("r", now_ms=NOW_MS, until_ms=LATER_MS)
    assert taken
    assert (taken[0], taken[1].run_id, taken[1].task_count) == (1, "r", run.task_count)
    assert stores.deletions.take("r", now_ms=LATER_MS - 1, until_ms=LATER_MS) is None
    again = stores.deletions.take("r", now_ms=LATER_MS, until_ms=LATER_MS + 9)
    assert again
    assert again[0] == 2
    assert not stores.deletions.keep("r", 1, until_ms=LATER_MS + 99)
    assert not stores.deletions.hold("r", 1, until_ms=LATER_MS + 99)
    assert not stores.deletions.end("r", 1)
    assert stores.deletions.keep("r", 2, until_ms=LATER_MS + 20)
    assert stores.deletions.take("r", now_ms=LATER_MS + 9, until_ms=LATER_MS + 99) is None
    assert stores.deletions.end("r", 2)


def test_a_deletion_is_due_when_nobody_is_at_it(stores: Stores) -> None:
    over(stores)
    stores.deletions.begin("r", now_ms=NOW_MS)
    assert stores.deletions.due(now_ms=NOW_MS - 1, limit=9) == []
    assert stores.deletions.due(now_ms=NOW_MS, limit=9) == ["r"]
    taken = stores.deletions.take("r", now_ms=NOW_MS, until_ms=LATER_MS)
    assert stores.deletions.due(now_ms=LATER_MS - 1, limit=9) == []
    assert stores.deletions.due(now_ms=LATER_MS, limit=9) == ["r"]
    assert taken
    stores.deletions.hold("r", taken[0], until_ms=LATER_MS + 9)
    assert stores.deletions.due(now_ms=LATER_MS + 8, limit=9) == []
    assert stores.deletions.due(now_ms=LATER_MS + 9, limit=9) == ["r"]


def test_those_that_wait_longest_are_told_first_and_no_more_than_asked_for(stores: Stores) -> None:
    for number in (3, 1, 2):
        run = begun(stores, run_id=f"run-{number}")
        stores.runs.begin_archive(run.run_id, now_ms=NOW_MS, until_ms=LATER_MS)
        running = run.evolve(state=RunState.RUNNING)
        built = Built(ArchiveState.READY, RunState.COMPLETED, None)
        assert stores.runs.close_archive(running, 1, built, now_ms=NOW_MS)
        assert stores.deletions.begin(run.run_id, now_ms=NOW_MS + number)
    assert stores.deletions.due(now_ms=LATER_MS, limit=2) == ["run-1", "run-2"]


def test_what_stands_beside_a_run_is_erased_and_its_own_item_stays(stores: Stores) -> None:
    over(stores)
    stores.deletions.erase("r")
    stores.deletions.erase("r")
    found = stores.runs.get("r")
    assert found
    assert (found[1].tally, stores.runs.active()) == ({}, [])


def test_an_id_that_is_held_is_not_free_and_says_nothing_of_its_run(stores: Stores) -> None:
    over(stores)
    stores.deletions.begin("r", now_ms=NOW_MS)
    taken = stores.deletions.take("r", now_ms=NOW_MS, until_ms=LATER_MS)
    assert taken
    assert stores.deletions.hold("r", taken[0], until_ms=LATER_MS)
    assert not stores.runs.reserve(a_run())
    found = stores.runs.get("r")
    assert found
    run = found[0]
    assert (run.state, run.metadata, run.workload_options, run.completed_ms) == (RunState.DELETED, {}, {}, NOW_MS)
    assert stores.runs.newest(limit=9, cursor=None)[0] == []
    again = stores.deletions.take("r", now_ms=LATER_MS, until_ms=LATER_MS + 9)
    assert again
    assert stores.deletions.end("r", again[0])
    assert stores.runs.reserve(a_run())


def test_the_end_of_a_deletion_never_hits_another_run_of_that_id(stores: Stores) -> None:
    over(stores)
    stores.deletions.begin("r", now_ms=NOW_MS)
    taken = stores.deletions.take("r", now_ms=NOW_MS, until_ms=LATER_MS)
    assert taken
    assert stores.deletions.end("r", taken[0])
    assert not stores.deletions.end("r", taken[0])
    begun(stores)
    assert not stores.deletions.keep("r", taken[0], until_ms=LATER_MS)
    assert not stores.deletions.hold("r", taken[0], until_ms=LATER_MS)
    assert not stores.deletions.end("r", taken[0])
    assert state(stores) is RunState.RUNNING


def test_tasks_and_headers_are_erased_and_no_other_runs(stores: Stores) -> None:
    run = over(stores)
    other = a_run("r.1", sizes={LOCAL: 2})
    stores.tasks.create(tasks_of(other))
    assert sum(stores.tasks.erase("r", run.task_count)) == 203 + 3  # the second group has a header in both blocks
    assert list(stores.tasks.erase("r", run.task_count)) == []
    assert list(stores.tasks.all(run)) == []
    assert stores.tasks.candidates("r", 0, LOCAL, limit=1).header is None
    assert [task.status for task in stores.tasks.all(other)] == [TaskStatus.PENDING] * 2


def test_what_waits_for_the_run_is_erased_and_nobody_else(stores: Stores) -> None:
    for run_id in ("r", "other", None):
        stores.runners.note(Presence("one", LOCAL, run_id, NOW_MS))
    assert sum(stores.runners.erase("r")) == 1
    assert [len(stores.runners.seen(run_id, now_ms=NOW_MS)) for run_id in ("r", "other", None)] == [0, 1, 1]
