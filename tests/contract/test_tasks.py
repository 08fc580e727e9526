"""What any implementation of `domain/ports.Tasks` must do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.states import FailureClass, HeartbeatStatus, TaskStatus

from chalicelib.domain.ports import Refused
from chalicelib.domain.records import Demand, Ending, Header, Run, RunState, Task
from chalicelib.domain.selection import Selected, Wanted
from chalicelib.store import keys
from chalicelib.store.tasks import TaskStore
from tests.contract.conftest import Stores
from tests.contract.records import (
    CLOUD,
    LEASE_MS,
    LOCAL,
    NOW_MS,
    a_beat,
    a_request,
    a_run,
    a_task,
    a_verdict,
    tasks_of,
)

RUN_ID = "r"
OTHER = Demand("aws", "m8g.large")
OPEN_RUN = a_run(state=RunState.RUNNING, sizes={LOCAL: 3, CLOUD: 2})


@pytest.fixture
def run(stores: Stores) -> Run:
    stores.tasks.create(tasks_of(OPEN_RUN))
    stores.tasks.open_headers(OPEN_RUN)
    return OPEN_RUN


def refusal(call: Callable[[], Any]) -> Task:
    """The task that a refusal brought back."""
    with pytest.raises(Refused) as raised:
        call()
    assert raised.value.task is not None
    return raised.value.task


def test_a_task_is_read_as_it_was_created(stores: Stores) -> None:
    task = a_task(7, alias=None, not_before_ms=NOW_MS)
    stores.tasks.create([task])
    assert stores.tasks.get(RUN_ID, 7) == task
    assert stores.tasks.get(RUN_ID, 8) is None


def test_a_claim_starts_a_lease(stores: Stores, run: Run) -> None:
    task = stores.tasks.claim(RUN_ID, 1, a_request())
    assert (task.status, task.attempt, task.runner_id, task.nonce) == (TaskStatus.CLAIMED, 1, "one", "nonce-one")
    assert (task.claimed_ms, task.heartbeat_ms, task.lease_until_ms) == (NOW_MS, NOW_MS, NOW_MS + LEASE_MS)
    assert stores.tasks.get(RUN_ID, 1) == task


def test_a_claim_sent_twice_is_the_same_attempt(stores: Stores, run: Run) -> None:
    first = stores.tasks.claim(RUN_ID, 1, a_request())
    assert stores.tasks.claim(RUN_ID, 1, replace(a_request(), nonce="another", now_ms=NOW_MS + 9)) == first


@pytest.mark.parametrize(
    "late", [a_request("two"), a_request("one", token="other"), a_request("two", token="token-one")]
)
def test_a_claimed_task_is_refused_and_shown(stores: Stores, run: Run, late: Any) -> None:
    first = stores.tasks.claim(RUN_ID, 1, a_request())
    assert refusal(lambda: stores.tasks.claim(RUN_ID, 1, late)) == first
    assert stores.tasks.get(RUN_ID, 1) == first


def test_claiming_what_does_not_exist_creates_nothing(stores: Stores, run: Run) -> None:
    with pytest.raises(Refused) as raised:
        stores.tasks.claim(RUN_ID, 99, a_request())
    assert raised.value.task is None
    assert stores.tasks.get(RUN_ID, 99) is None


def test_a_token_of_a_task_that_ended_gets_it_no_more(stores: Stores, run: Run) -> None:
    stores.tasks.claim(RUN_ID, 1, a_request())
    stores.tasks.finish(RUN_ID, 1, a_verdict())
    assert refusal(lambda: stores.tasks.claim(RUN_ID, 1, a_request())).status is TaskStatus.COMPLETED


def test_a_task_waits_for_its_earliest_time(stores: Stores) -> None:
    stores.tasks.create([a_task(not_before_ms=NOW_MS)])
    refusal(lambda: stores.tasks.claim(RUN_ID, 1, a_request(now_ms=NOW_MS - 1)))
    assert stores.tasks.claim(RUN_ID, 1, a_request(now_ms=NOW_MS)).not_before_ms is None


def test_a_beat_moves_the_lease_and_no_index_key(stores: Stores, run: Run) -> None:
    stores.tasks.claim(RUN_ID, 1, a_request())
    before = stores.table.get(*keys.task_key(RUN_ID, 1)) or {}
    task = stores.tasks.renew(RUN_ID, 1, a_beat())
    after = stores.table.get(*keys.task_key(RUN_ID, 1)) or {}
    assert (task.status, task.lease_until_ms) == (TaskStatus.RUNNING, NOW_MS + 1_000 + LEASE_MS)
    assert (task.heartbeat_message, task.current_benchmark, task.progress_pct) == ("on it", "mandelbrot", 40)
    indexed = ("pk", "sk", "claim_order", "header", "listed", "listed_at")
    assert {name: before.get(name) for name in indexed} == {name: after.get(name) for name in indexed}


def test_a_beat_keeps_what_it_does_not_say(stores: Stores, run: Run) -> None:
    stores.tasks.claim(RUN_ID, 1, a_request())
    stores.tasks.renew(RUN_ID, 1, a_beat())
    silent = a_beat(attempt=None, status=HeartbeatStatus.UPLOADING, message=None, current_benchmark=None)
    task = stores.tasks.renew(RUN_ID, 1, replace(silent, progress_pct=None))
    assert (task.status, task.heartbeat_status) == (TaskStatus.RUNNING, HeartbeatStatus.UPLOADING)
    assert (task.heartbeat_message, task.current_benchmark, task.progress_pct) == (None, "mandelbrot", 40)


@pytest.mark.parametrize("beat", [a_beat("two"), a_beat(attempt=2), a_beat(attempt=0)])
def test_a_beat_needs_owner_and_attempt(stores: Stores, run: Run, beat: Any) -> None:
    claimed = stores.tasks.claim(RUN_ID, 1, a_request())
    assert refusal(lambda: stores.tasks.renew(RUN_ID, 1, beat)) == claimed


def test_what_has_ended_is_final(stores: Stores, run: Run) -> None:
    claimed = stores.tasks.claim(RUN_ID, 1, a_request())
    stores.tasks.finish(RUN_ID, 1, a_verdict())
    ended = stores.tasks.get(RUN_ID, 1)
    assert ended
    writes: list[Callable[[], Any]] = [
        lambda: stores.tasks.renew(RUN_ID, 1, a_beat()),
        lambda: stores.tasks.finish(RUN_ID, 1, a_verdict()),
        lambda: stores.tasks.finish(RUN_ID, 1, a_verdict(status=TaskStatus.FAILED, error_type="late")),
        lambda: stores.tasks.extend(claimed, now_ms=NOW_MS),
        lambda: stores.tasks.requeue(claimed),
        lambda: stores.tasks.time_out(claimed, now_ms=NOW_MS),
        lambda: stores.tasks.end_open(claimed, Ending.STOPPED, now_ms=NOW_MS),
    ]
    assert [refusal(write) for write in writes] == [ended] * len(writes)
    assert stores.tasks.get(RUN_ID, 1) == ended


def test_completing_tells_all_and_leaves_the_index(stores: Stores, run: Run) -> None:
    stores.tasks.claim(RUN_ID, 1, a_request())
    task = stores.tasks.finish(RUN_ID, 1, a_verdict(reason="partial: nbody"))
    assert (task.status, task.result_key, task.reason) == (TaskStatus.COMPLETED, "k", "partial: nbody")
    assert (task.ended_ms, task.progress_pct, task.lease_until_ms) == (NOW_MS + 5_000, 100, None)
    assert "claim_order" not in (stores.table.get(*keys.task_key(RUN_ID, 1)) or {})


def test_failing_tells_why(stores: Stores, run: Run) -> None:
    stores.tasks.claim(RUN_ID, 1, a_request())
    said = a_verdict(status=TaskStatus.FAILED, error_type="timeout", error_message="too slow", result_key=None)
    task = stores.tasks.finish(RUN_ID, 1, replace(said, failure_class=FailureClass.BENCHMARK))
    assert (task.status, task.error_type, task.error_message) == (TaskStatus.FAILED, "timeout", "too slow")
    assert (task.failure_class, task.heartbeat_status) == (FailureClass.BENCHMARK, HeartbeatStatus.ERROR)


@pytest.mark.parametrize("verdict", [a_verdict("two"), a_verdict(attempt=2), a_verdict(attempt=None, nonce="other")])
def test_an_end_needs_owner_attempt_and_nonce(stores: Stores, run: Run, verdict: Any) -> None:
    claimed = stores.tasks.claim(RUN_ID, 1, a_request())
    assert refusal(lambda: stores.tasks.finish(RUN_ID, 1, verdict)) == claimed


def test_a_sweeper_acts_only_on_the_lease_that_it_saw(stores: Stores, run: Run) -> None:
    seen = stores.tasks.claim(RUN_ID, 1, a_request())
    renewed = stores.tasks.renew(RUN_ID, 1, a_beat())
    assert refusal(lambda: stores.tasks.extend(seen, now_ms=NOW_MS)) == renewed
    assert refusal(lambda: stores.tasks.requeue(seen)) == renewed
    assert refusal(lambda: stores.tasks.time_out(seen, now_ms=NOW_MS)) == renewed
    assert stores.tasks.get(RUN_ID, 1) == renewed


def test_an_extended_lease_is_one_longer_and_a_beat_forgets_it(stores: Stores, run: Run) -> None:
    stores.tasks.extend(stores.tasks.claim(RUN_ID, 1, a_request()), now_ms=NOW_MS + 7)
    extended = stores.tasks.get(RUN_ID, 1)
    assert extended
    assert (extended.extended, extended.lease_until_ms) == (True, NOW_MS + 7 + LEASE_MS)
    assert stores.tasks.renew(RUN_ID, 1, a_beat()).extended is False


def test_a_requeued_task_is_claimed_anew_and_the_old_holder_is_told(stores: Stores, run: Run) -> None:
    stores.tasks.requeue(stores.tasks.claim(RUN_ID, 1, a_request()))
    assert stores.tasks.candidates(RUN_ID, 0, LOCAL, limit=9).numbers == (1, 2, 3)
    task = refusal(lambda: stores.tasks.renew(RUN_ID, 1, a_beat()))
    assert (task.status, task.attempt, task.lease_until_ms, task.nonce) == (TaskStatus.PENDING, 1, None, None)
    again = stores.tasks.claim(RUN_ID, 1, a_request("two"))
    assert (again.attempt, again.runner_id, again.former_runner_id) == (2, "two", "one")
    refusal(lambda: stores.tasks.finish(RUN_ID, 1, a_verdict()))


def test_a_task_out_of_attempts_fails_in_the_known_words(stores: Stores, run: Run) -> None:
    stores.tasks.time_out(stores.tasks.claim(RUN_ID, 1, a_request()), now_ms=NOW_MS + 200_000)
    task = stores.tasks.get(RUN_ID, 1)
    assert task
    assert (task.status, task.error_type, task.reason) == (TaskStatus.FAILED, "timeout", "lease_expired")
    assert (task.failure_class, task.ended_ms) == (FailureClass.INFRASTRUCTURE, NOW_MS + 200_000)
    assert (task.error_message or "").startswith("No heartbeat received for 2 minutes. Last heartbeat: 2027-01-15 ")


@pytest.mark.parametrize(
    ("ending", "status"), [(Ending.STOPPED, TaskStatus.CANCELLED), (Ending.DEADLINE, TaskStatus.FAILED)]
)
def test_ending_what_is_open_beats_a_claim_that_raced(
    stores: Stores, run: Run, ending: Ending, status: TaskStatus
) -> None:
    seen = stores.tasks.get(RUN_ID, 1)
    assert seen
    stores.tasks.claim(RUN_ID, 1, a_request())
    stores.tasks.end_open(seen, ending, now_ms=NOW_MS + 3)
    task = refusal(lambda: stores.tasks.renew(RUN_ID, 1, a_beat()))
    assert (task.status, task.reason, task.ended_ms, task.lease_until_ms) == (status, ending, NOW_MS + 3, None)
    assert stores.tasks.candidates(RUN_ID, 0, LOCAL, limit=9).numbers == (2, 3)


def test_candidates_come_with_their_header_lowest_first(stores: Stores, run: Run) -> None:
    stores.tasks.claim(RUN_ID, 1, a_request())
    found = stores.tasks.candidates(RUN_ID, 0, LOCAL, limit=1)
    assert found.header == Header(True, None, "mock", {"n": 1}, (0,))
    assert found.numbers == (2,)
    assert stores.tasks.candidates(RUN_ID, 0, CLOUD, limit=9).numbers == (4, 5)
    assert stores.tasks.candidates(RUN_ID, 1, LOCAL, limit=9).header is None


def test_the_header_of_a_run_in_abba_order_says_that_order_matters(stores: Stores) -> None:
    run = a_run(order="abba")
    stores.runs.announce(run)
    stores.runs.reserve(run)
    stores.tasks.open_headers(run)
    header = stores.tasks.candidates(RUN_ID, 0, LOCAL, limit=1).header
    assert header == Header(False, None, "mock", {"n": 1}, (0,), in_order=True)


def test_headers_close_and_do_not_open_again(stores: Stores, run: Run) -> None:
    stores.tasks.close_headers(run.evolve(state=RunState.CANCELLED))
    stores.tasks.open_headers(run)
    header = stores.tasks.candidates(RUN_ID, 0, LOCAL, limit=9).header
    assert header
    assert header.open is False


def test_a_token_finds_the_task_that_it_holds(stores: Stores, run: Run) -> None:
    task = stores.tasks.claim(RUN_ID, 2, a_request(token="abc"))
    assert stores.tasks.held_by_token(RUN_ID, 0, LOCAL, "abc") == task
    assert stores.tasks.held_by_token(RUN_ID, 0, LOCAL, "ab") is None
    assert stores.tasks.held_by_token(RUN_ID, 0, CLOUD, "abc") is None
    stores.tasks.finish(RUN_ID, 2, a_verdict())
    assert stores.tasks.held_by_token(RUN_ID, 0, LOCAL, "abc") is None


def test_a_group_is_open_until_its_last_task_ends(stores: Stores, run: Run) -> None:
    for number, runner in ((4, "one"), (5, "two")):
        assert stores.tasks.any_open(RUN_ID, 0, CLOUD)
        stores.tasks.claim(RUN_ID, number, a_request(runner, demand=CLOUD))
        stores.tasks.finish(RUN_ID, number, a_verdict(runner))
    assert not stores.tasks.any_open(RUN_ID, 0, CLOUD)
    assert stores.tasks.any_open(RUN_ID, 0, LOCAL)


def test_leased_are_the_tasks_in_flight_of_one_group(stores: Stores, run: Run) -> None:
    claimed = stores.tasks.claim(RUN_ID, 1, a_request("one"))
    stores.tasks.claim(RUN_ID, 2, a_request("two"))
    running = stores.tasks.renew(RUN_ID, 2, a_beat("two"))
    stores.tasks.claim(RUN_ID, 4, a_request("three", demand=CLOUD))
    found = sorted(stores.tasks.leased(RUN_ID, 0, LOCAL), key=lambda task: task.number)
    assert found == [claimed, running]


def test_pages_run_through_all_blocks(stores: Stores) -> None:
    numbers = [1, 2, 127, 128, 129, 257, 300]
    run = a_run(sizes={LOCAL: 300}, state=RunState.RUNNING)
    stores.tasks.create(a_task(number) for number in numbers)
    stores.tasks.open_headers(run)
    assert [task.number for task in stores.tasks.all(run)] == numbers
    pages, after = [], 0
    while page := stores.tasks.select(run, Wanted(), after=after, limit=3).tasks:
        pages.append([task.number for task in page])
        after = page[-1].number
    assert pages == [[1, 2, 127], [128, 129, 257], [300]]
    assert stores.tasks.select(run, Wanted(), after=128, limit=9).tasks[0].number == 129
    assert stores.tasks.select(run, Wanted(), after=300, limit=9).tasks == []


def selected(stores: Stores, run: Run, wanted: Wanted, *, limit: int) -> list[int]:
    """The numbers of all that is wanted, page by page."""
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        page = stores.tasks.select(run, wanted, after=after, limit=limit)
        assert len(page.tasks) <= limit
        assert page.cursor is None or page.cursor > after
        found += [task.number for task in page.tasks]
        after = page.cursor
    return found


@pytest.mark.parametrize("limit", [40, 1000])
def test_what_is_wanted_is_selected_without_gap_or_repeat(stores: Stores, limit: int) -> None:
    run = a_run(sizes={LOCAL: 130, CLOUD: 150, OTHER: 9}, state=RunState.RUNNING)
    stores.tasks.create(tasks_of(run))
    for number in (3, 129, 131, 257):
        key = LOCAL if number < 131 else CLOUD
        stores.tasks.claim(RUN_ID, number, a_request(token=f"t{number}", demand=key))
    claimed = TaskStatus.CLAIMED
    assert selected(stores, run, Wanted(status=claimed), limit=limit) == [3, 129, 131, 257]
    assert selected(stores, run, Wanted("local", "docker", claimed), limit=limit) == [3, 129]
    assert selected(stores, run, Wanted(provider="aws"), limit=limit) == list(range(131, 290))
    assert selected(stores, run, Wanted(instance_type=OTHER.instance_type), limit=limit) == list(range(281, 290))
    assert selected(stores, run, Wanted(provider="azure"), limit=limit) == []


def test_the_last_wanted_task_ends_the_pages(stores: Stores) -> None:
    run = a_run(sizes={LOCAL: 3, CLOUD: 3}, tasks_per_instance=3)
    stores.tasks.create(tasks_of(run))
    assert stores.tasks.select(run, Wanted(provider="local"), after=0, limit=3).cursor is None
    assert stores.tasks.select(run, Wanted(provider="local"), after=3, limit=3).tasks == []


def test_only_a_bounded_part_of_a_run_is_read_for_one_page(stores: Stores) -> None:
    run = a_run(sizes={LOCAL: 6})
    stores.tasks.create(tasks_of(run))
    frugal, wanted = TaskStore(stores.table, most_read=4), Wanted(status=TaskStatus.FAILED)
    assert frugal.select(run, wanted, after=0, limit=9) == Selected([], cursor=4)
    assert frugal.select(run, wanted, after=4, limit=9) == Selected([], cursor=None)
