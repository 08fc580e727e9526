"""64 runners, 2,000 tasks, a network that loses and repeats: what clients saw must add up to what the server says."""

from collections.abc import Iterator
from time import time

import pytest

from local_emulator.config import EmulatorConfig
from local_emulator.stack import Emulator
from tests.proof.events import Recorder
from tests.proof.faulty_transport import Mishap, Rates
from tests.proof.history import check
from tests.proof.storm import Target, counts, create_run, final_tasks, run_detail, storm, wait_until

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1200)]

RUNNERS, TASKS, SEED = 64, 2_000, 20_261_122
LEASE_S = 20  # of which a request takes about one when 64 wait for two cores
SETTLED_S = 60


@pytest.fixture
def target() -> Iterator[Target]:
    with Emulator(EmulatorConfig(sweep_every_s=2.0)) as emulator:
        yield Target(emulator.ready.api_url, emulator.ready.keys.admin)


def test_no_task_is_owned_twice_orphaned_or_lost_in_a_storm(target: Target) -> None:
    run_id = create_run(target, tasks=TASKS, lease_s=LEASE_S, max_attempts=100)
    recorder = Recorder(now=time)
    mishaps = storm(target, run_id=run_id, runners=RUNNERS, rates=Rates(), seed=SEED, recorder=recorder)
    assert all(mishaps[kind] > TASKS / 50 for kind in Mishap), mishaps
    wait_until(lambda: counts(target, run_id=run_id)["completed"] == TASKS, within_s=SETTLED_S)
    final = final_tasks(target, run_id=run_id)
    assert check(recorder.events(), final, counts(target, run_id=run_id)) == []
    assert [task.status for task in final] == ["completed"] * TASKS
    assert wait_until(lambda: run_detail(target, run_id=run_id).status == "completed", within_s=SETTLED_S)
