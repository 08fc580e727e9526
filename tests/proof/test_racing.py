"""Stop, deadline and sweeps against claims and against themselves: every task in one right state, counters a recount."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import time

import pytest

from tests.proof.events import Recorder
from tests.proof.faulty_transport import Rates
from tests.proof.history import check
from tests.proof.storm import create_run, storm, wait_until
from tests.proof.world import QUIET, World, world

pytestmark = [pytest.mark.proof, pytest.mark.timeout(240)]

NO_MISHAPS = Rates(0, 0, 0, 0)


@pytest.fixture
def here() -> Iterator[World]:
    """Sweeps and finalizations happen only when a test says so; counters come by themselves."""
    with world(QUIET) as made:
        yield made


def at_once(many: int, act: Callable[[], object]) -> None:
    start = Barrier(many)

    def one(_: int) -> None:
        start.wait()
        act()

    with ThreadPoolExecutor(many) as pool:
        list(pool.map(one, range(many)))


def finalize(here: World, run_id: str) -> None:
    body = f'{{"run_id": "{run_id}"}}'
    here.call("finalize", {"Records": [{"messageId": "1", "body": body, "receiptHandle": "r", "attributes": {}}]})


def lease_and_let_expire(here: World, run_id: str, *, tasks: int) -> None:
    for number in range(tasks):
        assert here.claim(run_id, f"dead-{number}").status == "assigned"
    until = max(task.lease_until or "" for task in here.tasks(run_id))
    assert until
    ended = time() + 2.5  # a lease of one second, told in whole seconds
    assert wait_until(lambda: time() > ended, within_s=10)


@pytest.mark.parametrize(("attempts", "status"), [(1, "failed"), (2, "pending")])
def test_sweeps_at_once_expire_each_lease_once(here: World, attempts: int, status: str) -> None:
    run_id = create_run(here.target, tasks=3, lease_s=1, max_attempts=attempts)
    lease_and_let_expire(here, run_id, tasks=3)
    at_once(4, here.sweep)
    assert {(task.status, task.attempt) for task in here.tasks(run_id)} == {(status, 1)}
    assert here.agrees(run_id)
    assert here.claim(run_id, "next").status == ("assigned" if attempts == 2 else "done")


def test_a_stop_that_races_claims_leaves_no_task_open(here: World) -> None:
    run_id = create_run(here.target, tasks=300, lease_s=60)
    recorder = Recorder(now=time)
    with ThreadPoolExecutor(1) as pool:
        claims = pool.submit(storm, here.target, run_id=run_id, runners=16, rates=NO_MISHAPS, seed=1, recorder=recorder)
        assert wait_until(lambda: here.detail(run_id).tasks.completed >= 20, within_s=60)
        assert here.post(f"/runs/{run_id}/stop").json() == {"message": "Run cancelled successfully"}
        claims.result(timeout=120)
    assert here.agrees(run_id)
    final = here.final(run_id)
    assert {task.status for task in final} == {"completed", "cancelled"}
    assert check(recorder.events(), final, here.detail(run_id).tasks.model_dump()) == []
    finalize(here, run_id)
    assert (here.detail(run_id).status, here.detail(run_id).archive.state) == ("cancelled", "ready")


def test_a_run_ends_by_its_deadline_with_reasons_for_what_is_missing(here: World) -> None:
    run_id = create_run(here.target, tasks=3, deadline_s=2, lease_s=60)
    done = here.work(run_id, "quick")
    slow = here.claim(run_id, "slow")
    over = time() + 2.5
    assert wait_until(lambda: time() > over, within_s=10)
    at_once(2, here.sweep)
    finalize(here, run_id)
    detail = here.detail(run_id)
    assert (detail.status, detail.reason, detail.archive.state) == ("failed", "deadline_exceeded", "ready")
    assert sorted((t.status, t.error_type or "") for t in here.tasks(run_id)) == [
        ("completed", ""),
        ("failed", "deadline"),
        ("failed", "deadline"),
    ]
    assert here.complete(slow, "slow").status_code == 409
    assert here.archive(run_id)["storm-1/output.json"] == done
    assert here.agrees(run_id)
