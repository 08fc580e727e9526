"""One claim token, one task: copies of a claim, in any order, before and after the end of its task."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import ClaimReply

from chalicelib.domain.ports import Verdict
from chalicelib.domain.receipts import Receipts
from tests.contract.records import a_request
from tests.contract.system import BODY, Clients, System

Claims = Callable[..., ClaimReply]


@pytest.fixture
def system(clients: Clients) -> System:
    system = System(clients)
    system.create_run({**BODY, "per_instance_type": {"tasks": 3}})
    return system


@pytest.fixture(params=["of_run", "of_any"])
def claims(system: System, request: pytest.FixtureRequest) -> Claims:
    once = system.claim_once
    return partial(once.of_run, "r") if request.param == "of_run" else partial(once.of_any, workloads=frozenset())


def ids_in_flight(system: System) -> list[str]:
    return [task.id for task in system.all() if task.status is not TaskStatus.PENDING]


def finish(system: System, reply: ClaimReply) -> None:
    assert reply.presigned_urls
    key = reply.presigned_urls.result_key
    system.finish_task("r", 1, Verdict(TaskStatus.COMPLETED, "one", 1, system.clock(), result_key=key))


@pytest.mark.parametrize("retry", [False, True])
def test_a_copy_of_a_claim_gets_the_same_task(system: System, claims: Claims, retry: bool) -> None:
    first, again = claims(a_request()), claims(a_request(), retry=retry)
    assert first.task
    assert again.task
    assert (again.task.id, again.task.attempt) == (first.task.id, 1)
    assert ids_in_flight(system) == [first.task.id]


@pytest.mark.parametrize("retry", [False, True])
def test_a_copy_that_comes_after_the_tasks_end_gets_nothing_new(system: System, claims: Claims, retry: bool) -> None:
    finish(system, claims(a_request()))
    again = claims(a_request(), retry=retry)
    assert (again.status, again.task) == ("wait", None)
    assert "claim_token was used for r.1" in str(again.message)
    assert ids_in_flight(system) == ["r.1"]
    assert claims(a_request(token="a new request")).status == "assigned"


def test_a_copy_that_comes_after_the_lease_was_lost_gets_nothing_new(system: System, claims: Claims) -> None:
    claims(a_request(now_ms=system.clock()))
    system.clock.pass_s(121)
    system.sweep()
    assert claims(a_request(now_ms=system.clock())).status == "wait"
    assert ids_in_flight(system) == []


def test_a_copy_never_gets_the_task_that_another_runner_holds_by_now(system: System, claims: Claims) -> None:
    first = claims(a_request(now_ms=system.clock()))
    system.clock.pass_s(121)
    system.sweep()
    second = claims(a_request("two", now_ms=system.clock()))
    assert first.task
    assert second.task
    assert second.task.id == first.task.id
    again = claims(a_request(now_ms=system.clock()))
    assert (again.status, again.task, again.presigned_urls) == ("wait", None, None)


def test_copies_at_once_take_one_task(system: System, claims: Claims) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: claims(a_request()), range(8)))
    assert {reply.task.id for reply in replies if reply.task} == {"r.1"}
    assert ids_in_flight(system) == ["r.1"]


def test_the_same_token_of_another_runner_is_another_wish(system: System, claims: Claims) -> None:
    for runner in ("one", "two"):
        assert claims(a_request(runner, token="same")).status == "assigned"
    assert ids_in_flight(system) == ["r.1", "r.2"]


def test_a_wish_that_got_nothing_is_not_used(system: System, claims: Claims) -> None:
    for number in range(3):
        claims(a_request(f"other-{number}"))
    assert claims(a_request()).status == "wait"
    system.clock.pass_s(121)
    system.sweep()
    assert claims(a_request(now_ms=system.clock())).status == "assigned"


def test_only_the_newest_receipts_are_kept() -> None:
    receipts = Receipts(most=2)
    for number in range(3):
        receipts.keep("r", a_request(f"runner-{number}"), ("r", number))
    assert [receipts.of("r", a_request(f"runner-{number}")) for number in range(3)] == [None, ("r", 1), ("r", 2)]
