"""A runner that dies or sleeps through its lease: the task goes on, and only the new attempt counts."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_emulator.config import EmulatorConfig
from tests.proof.storm import create_run, wait_until
from tests.proof.world import World, runner, world

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

LEASE_S, STEPS, STEP_S = 2, 8, 0.25  # a task takes two seconds of work


@pytest.fixture
def here() -> Iterator[World]:
    with world(EmulatorConfig(sweep_every_s=0.5)) as made:
        yield made


def new_run(here: World) -> str:
    options = {"steps": STEPS, "step_s": STEP_S}
    return create_run(here.target, tasks=1, lease_s=LEASE_S, max_attempts=2, workload_options=options)


def is_(here: World, run_id: str, status: str) -> bool:
    return wait_until(lambda: here.tasks(run_id)[0].status == status, within_s=30)


def assert_finished_by_another(here: World, run_id: str, *, first: str) -> None:
    """Attempt 2 of another runner was accepted, and the one archive holds exactly what it uploaded."""
    assert wait_until(lambda: here.detail(run_id).archive.state == "ready", within_s=30)
    (task,) = here.tasks(run_id)
    assert (task.status, task.attempt) == ("completed", 2)
    assert task.runner_id != first
    assert task.result_key in here.keys(run_id)
    assert f"/results/1/{task.attempt}-" in task.result_key
    files = here.archive(run_id)
    assert b'"attempt": 2' in files["storm-1/metadata.json"]
    assert set(files) >= {"run.json", "manifest.json", "storm-1/output.json", "storm-1/output.txt"}
    assert here.agrees(run_id)


def test_a_runner_killed_in_the_middle_of_a_task(here: World, tmp_path: Path) -> None:
    run_id = new_run(here)
    with runner(here, run_id=run_id, work_root=tmp_path / "one", log=tmp_path / "one.log") as one:
        assert is_(here, run_id, "running"), (tmp_path / "one.log").read_text()
        first = here.tasks(run_id)[0].runner_id or ""
        one.send_signal(signal.SIGKILL)
    assert is_(here, run_id, "pending")
    with runner(here, run_id=run_id, work_root=tmp_path / "two", log=tmp_path / "two.log"):
        assert is_(here, run_id, "completed"), (tmp_path / "two.log").read_text()
    assert_finished_by_another(here, run_id, first=first)


def test_a_runner_that_slept_through_its_lease_changes_nothing_when_it_wakes(here: World, tmp_path: Path) -> None:
    run_id = new_run(here)
    with runner(here, run_id=run_id, work_root=tmp_path / "one", log=tmp_path / "one.log") as one:
        assert is_(here, run_id, "running"), (tmp_path / "one.log").read_text()
        held = here.tasks(run_id)[0]
        one.send_signal(signal.SIGSTOP)
        assert is_(here, run_id, "pending")
        with runner(here, run_id=run_id, work_root=tmp_path / "two", log=tmp_path / "two.log"):
            assert is_(here, run_id, "running"), (tmp_path / "two.log").read_text()
            one.send_signal(signal.SIGCONT)  # its task is another's now; it may work no more
            assert one.wait(60) == 0, (tmp_path / "one.log").read_text()
            assert is_(here, run_id, "completed"), (tmp_path / "two.log").read_text()
    assert_finished_by_another(here, run_id, first=held.runner_id or "")
    late = {"runner_id": held.runner_id, "attempt": held.attempt, "s3_result_key": here.tasks(run_id)[0].result_key}
    refused = here.post(f"/tasks/{held.id}/complete", late)
    assert (refused.status_code, refused.json()["code"]) == (409, "lease_lost")
    assert_finished_by_another(here, run_id, first=held.runner_id or "")
