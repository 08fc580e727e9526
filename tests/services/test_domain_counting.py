"""Counters from changes must be what a recount finds, however the changes are delivered."""

from dataclasses import dataclass

from benchfleet_contract.states import TaskStatus
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.counting import Change, Counts, Tally, deltas, recount
from chalicelib.domain.transitions import TASK
from chalicelib.store.runs import RunStore
from tests.contract.in_process import Engine
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_run, a_task

P, C, D = TaskStatus.PENDING, TaskStatus.CLAIMED, TaskStatus.COMPLETED
BLOCKS, TASKS = 3, 6


@dataclass
class History:
    """Legal changes of a few tasks over two groups and three blocks, and where the tasks stand after them."""

    changes: list[Change]
    tally: Tally


@st.composite
def histories(draw: st.DrawFn) -> History:
    status = dict.fromkeys(range(TASKS), P)
    changes = []
    for sequence in range(draw(st.integers(1, 14))):
        number = draw(st.sampled_from([n for n in status if TASK[status[n]]] or [0]))
        if not TASK[status[number]]:
            break
        after = draw(st.sampled_from(sorted(TASK[status[number]])))
        changes.append(Change("r", number % BLOCKS, number % 2, 1_000 + sequence, status[number], after))
        status[number] = after
    return History(changes, recount(a_task(n, group=n % 2, status=s) for n, s in status.items()))


def test_deltas_leave_out_what_cancels() -> None:
    there_and_back = [Change("r", 0, 0, 1, P, C), Change("r", 0, 0, 2, C, P)]
    assert deltas(there_and_back) == {}
    assert deltas([*there_and_back, Change("r", 0, 1, 3, P, D)]) == {(1, P): -1, (1, D): 1}


@given(histories())
def test_deltas_lead_from_all_pending_to_a_recount(history: History) -> None:
    start = {(0, P): TASKS // 2, (1, P): TASKS // 2}
    change = deltas(history.changes)
    total = {key: start.get(key, 0) + change.get(key, 0) for key in start.keys() | change.keys()}
    assert {key: n for key, n in total.items() if n} == history.tally


def test_counts_by_status_and_group() -> None:
    counts = Counts({(0, P): 2, (1, P): 3, (1, C): 4, (1, D): 5})
    assert (counts.of(P), counts.of(P, 1), counts.of(D, 0)) == (5, 3, 0)
    assert (counts.open(), counts.open(0), counts.open(1)) == (9, 2, 7)


ENGINE = Engine()


@settings(max_examples=settings().max_examples // 4)
@given(histories(), st.data())
def test_any_redelivery_of_the_stream_counts_once(history: History, data: st.DataObject) -> None:
    """The stream keeps order and delivers at least once: a batch may start anywhere before the first untold change."""
    runs, run = RunStore(ENGINE.quick_table()), a_run(sizes={LOCAL: TASKS // 2, CLOUD: TASKS // 2})
    runs.reserve(run)
    told = 0
    while told < len(history.changes):
        first = data.draw(st.integers(0, told), label="first")
        last = data.draw(st.integers(told + 1, len(history.changes)), label="last")
        runs.count("r", data.draw(st.permutations(history.changes[first:last])), now_ms=NOW_MS + 1)
        told = last
    found = runs.get("r")
    assert found
    assert found[1].tally == history.tally


def test_a_group_has_ended_when_all_its_tasks_have_and_the_counters_add_up() -> None:
    done, failed, open_ = (0, TaskStatus.COMPLETED), (0, TaskStatus.FAILED), (0, TaskStatus.RUNNING)
    assert Counts({done: 2, failed: 1}).ended(0, 3)
    assert not Counts({done: 2}).ended(0, 3)  # the stream has yet to tell of one
    assert not Counts({done: 3, failed: 1}).ended(0, 3)
    assert not Counts({done: 2, open_: 1}).ended(0, 3)
