"""Claims of the same tasks at the same time, over DynamoDBs by several authors: each task has one owner.

moto alone is not asked: its conditional writes are not atomic under threads, which is why the emulator has tables of its own.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from benchfleet_contract.states import TaskStatus

from chalicelib.domain.ports import Refused
from chalicelib.domain.records import RunState
from tests.contract.conftest import Stores
from tests.contract.records import LOCAL, a_request, a_run, a_verdict, tasks_of

TASKS, CLAIMERS = 12, 8
RUN = a_run(state=RunState.RUNNING, sizes={LOCAL: TASKS})

atomic = pytest.mark.parametrize(
    "stores",
    [
        "engine",
        "http",
        pytest.param("dynalite", marks=pytest.mark.proof),
        pytest.param("ministack", marks=pytest.mark.proof),
    ],
    indirect=True,
)


def claim_all(stores: Stores, runner: str, start: Barrier) -> list[int]:
    """The numbers of the tasks that this runner got."""
    got: list[int] = []
    for number in range(1, TASKS + 1):
        start.wait()
        try:
            stores.tasks.claim(RUN.run_id, number, a_request(runner))
        except Refused:
            continue
        got.append(number)
    return got


@atomic
def test_each_task_has_one_owner(stores: Stores) -> None:
    stores.tasks.create(tasks_of(RUN))
    stores.tasks.open_headers(RUN)
    start = Barrier(CLAIMERS)
    with ThreadPoolExecutor(CLAIMERS) as pool:
        got = list(pool.map(lambda n: claim_all(stores, f"runner-{n}", start), range(CLAIMERS)))
    assert sorted(number for numbers in got for number in numbers) == list(range(1, TASKS + 1))
    for runner, numbers in enumerate(got):
        for number in numbers:
            task = stores.tasks.get(RUN.run_id, number)
            assert task
            assert (task.runner_id, task.attempt) == (f"runner-{runner}", 1)


@atomic
def test_one_of_several_endings_is_accepted(stores: Stores) -> None:
    stores.tasks.create(tasks_of(RUN))
    stores.tasks.open_headers(RUN)
    stores.tasks.claim(RUN.run_id, 1, a_request())
    start = Barrier(CLAIMERS)

    def end(number: int) -> str | None:
        start.wait()
        try:
            stores.tasks.finish(RUN.run_id, 1, a_verdict(result_key=f"key-{number}"))
        except Refused:
            return None
        return f"key-{number}"

    with ThreadPoolExecutor(CLAIMERS) as pool:
        accepted = [key for key in pool.map(end, range(CLAIMERS)) if key]
    task = stores.tasks.get(RUN.run_id, 1)
    assert task
    assert (task.status, [task.result_key]) == (TaskStatus.COMPLETED, accepted)
