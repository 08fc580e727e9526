"""Claims in groups of many blocks, where nobody asks every block; and claims of a task of any run."""

import zlib
from collections.abc import Iterator

import pytest
from benchfleet_contract.states import TaskStatus

from chalicelib.domain.records import ClaimRequest, Group
from chalicelib.services.tasks.claim_task import ClaimRequests
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_request, a_run, a_task
from tests.contract.system import System
from tests.services.claims import SIZE, claim, counted_queries, end, number, publish, told

BLOCKS = 5  # one more than a group may have to be asked for what is in flight


@pytest.fixture
def queries(system: System) -> Iterator[list[int]]:
    with counted_queries(system) as made:
        yield made


def large(system: System) -> None:
    """A run of one group with one task in each of its blocks."""
    run = a_run(task_count=BLOCKS * SIZE, groups=(Group(LOCAL, BLOCKS, tuple(range(BLOCKS))),))
    publish(system, run, {block * SIZE + 1: LOCAL for block in range(BLOCKS)})


def runner_of(block: int) -> str:
    """A runner that asks this block first."""
    return next(name for name in map(str, range(999)) if zlib.crc32(name.encode()) % BLOCKS == block)


def test_runners_of_a_large_group_begin_in_different_blocks(system: System) -> None:
    large(system)
    for block in (3, 0, 4):
        assert number(claim(system, runner_of(block))) == block * SIZE + 1


def test_an_empty_block_sends_its_runners_on_and_is_asked_last_for_a_while(system: System, queries: list[int]) -> None:
    large(system)
    system.tasks.create([a_task(3 * SIZE + 2)])
    requests = [a_request(runner_of(2), token=f"token-{n}") for n in range(3)]
    assert [number(system.claim_task("r", request)) for request in requests[:2]] == [2 * SIZE + 1, 3 * SIZE + 1]
    queries.clear()
    assert number(system.claim_task("r", requests[2])) == 3 * SIZE + 2
    assert len(queries) == 1


def test_what_the_counters_of_a_large_group_tell_saves_asking_every_block(system: System, queries: list[int]) -> None:
    large(system)
    for block in range(BLOCKS):
        claim(system, runner_of(block))
    assert told(claim(system, "late")) == ("wait", 2, None)  # the counters lag: they speak of pending tasks still
    system.drain()
    queries.clear()
    assert told(claim(system, "late")) == ("wait", 30, None)
    assert len(queries) == 2  # one block, and the counters
    end(system, range(1, BLOCKS * SIZE, SIZE))
    assert told(claim(system, "late")) == ("wait", 30, None)
    system.drain()
    assert told(claim(system, "late")) == ("done", None, None)


def test_a_large_group_of_a_run_that_was_stopped_is_over(system: System) -> None:
    large(system)
    claim(system, runner_of(1))
    assert system.runs.stop("r")
    assert told(system.claim_task("r", a_request(runner_of(1), token="new"))) == ("done", None, "Run is not running")


# a task of any run


def test_of_two_runs_of_one_moment_the_first_by_name_is_served(system: System) -> None:
    for run_id in ("b", "a"):
        publish(system, a_run(run_id), {1: LOCAL})
    got = [system.claim_any(a_request(runner), workloads=frozenset()).task for runner in ("one", "two")]
    assert [task.run_id for task in got if task] == ["a", "b"]
    assert told(system.claim_any(a_request("three"), workloads=frozenset())) == ("wait", 30, None)


def test_only_runs_that_fit_are_asked(system: System, queries: list[int]) -> None:
    publish(system, a_run("a", workload="other"), {1: LOCAL})
    publish(system, a_run("b", sizes={CLOUD: 1}), {1: CLOUD})
    assert system.claim_any(a_request(), workloads=frozenset({"mock"})).status == "wait"
    assert {task.status for run_id in "ab" for task in system.all(run_id) if task.number == 1} == {TaskStatus.PENDING}
    assert system.claim_any(a_request(), workloads=frozenset({"mock", "other"})).status == "assigned"
    reply = system.claim_any(a_request(demand=CLOUD), workloads=frozenset({"mock", "x"}))
    assert reply.task
    assert reply.task.run_id == "b"


def test_a_wish_for_any_run_sent_again_without_a_receipt_finds_its_task(system: System) -> None:
    publish(system, a_run(), {1: LOCAL, 2: LOCAL})
    first = system.claim_once.of_any(a_request(), workloads=frozenset())
    system.connect(system.dynamodb)
    assert system.claim_once.of_any(a_request(), workloads=frozenset(), retry=True).task == first.task


def test_a_wish_has_a_token_of_its_own_unless_it_names_one() -> None:
    claim_requests = ClaimRequests(lambda: NOW_MS, lambda: "new token", lambda: "nonce")
    assert claim_requests.make(LOCAL, "one", None) == ClaimRequest(LOCAL, "one", "new token", "nonce", NOW_MS)
    bound = ClaimRequest(LOCAL, "one", "mine", "nonce", NOW_MS, bound=True)
    assert claim_requests.make(LOCAL, "one", "mine", bound=True) == bound
