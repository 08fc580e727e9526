"""What any implementation of `domain/ports.Measurements` must do, and of the verbs that end a run with a goal."""

from dataclasses import replace
from hashlib import sha256

import pytest
from benchfleet_contract.states import StopReason, TaskStatus

from chalicelib.domain.ports import Measured, Refused
from chalicelib.domain.records import Goal, Run, Stop
from chalicelib.store.measured import TOO_MANY
from tests.contract.conftest import Stores
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_request, a_run, a_task

BOARD = ("mock", "default", "time", "lower")
ONE = Measured(2, 1, {BOARD: {"x": 0.1 + 0.2, "é": -7e-300}}, instance="machine-1")
STOP = Stop(StopReason.PRECISION, NOW_MS, 10, 0.0071)


def published(stores: Stores) -> Run:
    run = a_run(sizes={LOCAL: 2, CLOUD: 1}, goal=Goal(0.01, 10, 60))
    assert stores.runs.reserve(run)
    assert stores.runs.publish(run)
    return run


def read(stores: Stores) -> Run:
    found = stores.runs.get("r")
    assert found
    return found[0]


def test_what_was_measured_comes_back_bit_by_bit_by_number(stores: Stores) -> None:
    odd = Measured(1, 3, problem="nothing was uploaded")
    rounded = replace(ONE, number=3, steps={BOARD: {"x": 1e-9}})
    stores.measurements.keep("r", [ONE, odd, rounded])
    assert stores.measurements.all("r") == [odd, ONE, rounded]
    assert stores.measurements.all("other") == []


def test_kept_again_it_is_the_same(stores: Stores) -> None:
    stores.measurements.keep("r", [ONE])
    stores.measurements.keep("r", [ONE])
    assert stores.measurements.all("r") == [ONE]
    stores.measurements.keep("r", [])
    assert stores.measurements.all("r") == [ONE]


def test_erased_it_is_gone_and_others_stay(stores: Stores) -> None:
    stores.measurements.keep("r", [replace(ONE, number=number) for number in range(30)])
    stores.measurements.keep("s", [ONE])
    assert sum(stores.measurements.erase("r")) == 30
    assert (stores.measurements.all("r"), stores.measurements.all("s")) == ([], [ONE])


def test_more_benchmarks_than_an_item_holds_are_a_problem_and_no_error(stores: Stores) -> None:
    costs = {sha256(bytes([number % 256, number // 256])).hexdigest(): 0.5 for number in range(12_000)}
    stores.measurements.keep("r", [replace(ONE, boards={BOARD: costs})])
    assert stores.measurements.all("r") == [Measured(2, 1, {}, "machine-1", TOO_MANY)]


def test_a_goal_is_kept_with_the_run_and_told_with_its_counters(stores: Stores) -> None:
    run = published(stores)
    assert (read(stores).goal, read(stores).stops) == (run.goal, {})
    found = stores.runs.get("r")
    assert found
    assert found[1].judged
    plain = a_run("plain")
    assert stores.runs.reserve(plain)
    other = stores.runs.get("plain")
    assert other
    assert (other[0].goal, other[1].judged) == (None, False)


def test_the_first_stop_of_a_group_stays(stores: Stores) -> None:
    published(stores)
    late = replace(STOP, reason=StopReason.TIME, half_width=None)
    assert stores.runs.note_stops("r", {0: STOP})
    assert not stores.runs.note_stops("r", {0: late, 1: late})
    assert read(stores).stops == {0: STOP}
    assert stores.runs.note_stops("r", {1: late})
    assert read(stores).stops == {0: STOP, 1: late}


def test_a_run_that_is_over_gets_no_stop(stores: Stores) -> None:
    published(stores)
    assert stores.runs.stop("r")
    assert not stores.runs.note_stops("r", {0: STOP})
    assert not stores.runs.note_stops("nobody", {0: STOP})


def test_only_a_pending_task_is_spared_and_can_never_be_claimed_again(stores: Stores) -> None:
    run = a_run(sizes={LOCAL: 2})
    stores.tasks.create([a_task(1), a_task(2)])
    stores.tasks.open_headers(run)
    stores.tasks.claim("r", 1, a_request())
    with pytest.raises(Refused):
        stores.tasks.spare(a_task(1), StopReason.PRECISION, now_ms=NOW_MS)
    stores.tasks.spare(a_task(2), StopReason.PRECISION, now_ms=NOW_MS)
    task = stores.tasks.get("r", 2)
    assert task
    assert task == replace(a_task(2), status=TaskStatus.CANCELLED, reason="precision_reached", ended_ms=NOW_MS)
    assert stores.tasks.candidates("r", 0, LOCAL, limit=9).numbers == ()
    with pytest.raises(Refused):
        stores.tasks.claim("r", 2, a_request("two"))
