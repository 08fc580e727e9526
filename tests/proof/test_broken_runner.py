"""A runner that cannot work eats no run: what it fails is tried again elsewhere, it leaves, and both are told."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_emulator.config import EmulatorConfig
from tests.proof.storm import create_run, wait_until
from tests.proof.world import World, runner, world

pytestmark = [
    pytest.mark.proof,
    pytest.mark.timeout(240),
    pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can mount a small disk"),
]
TASKS = 20
BROKEN = 5  # the exit code of a runner whose slots left


@pytest.fixture
def here() -> Iterator[World]:
    with world(EmulatorConfig(sweep_every_s=0.5)) as made:
        yield made


@contextmanager
def full_disk(place: Path) -> Iterator[Path]:
    """A disk of one page of which nothing is left."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(place)], check=True)
    try:
        filled = subprocess.run(["dd", "if=/dev/zero", f"of={place / 'filler'}"], capture_output=True, text=True)
        assert "No space left" in filled.stderr
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_costs_no_task_where_another_runner_works(here: World, tmp_path: Path) -> None:
    """It fails three tasks by its own fault, with pauses of 5 and 10 seconds, and leaves."""
    run_id = create_run(here.target, tasks=TASKS, max_attempts=3)
    with (
        full_disk(tmp_path / "full") as disk,
        runner(here, run_id=run_id, work_root=disk, log=tmp_path / "broken.log") as broken,
    ):
        assert wait_until(lambda: any(task.attempt for task in here.tasks(run_id)), within_s=30)
        with runner(here, run_id=run_id, work_root=tmp_path / "fine", log=tmp_path / "fine.log") as fine:
            assert fine.wait(120) == 0, (tmp_path / "fine.log").read_text()
            broken.wait(60)
    tasks = here.tasks(run_id)
    assert {task.status for task in tasks} == {"completed"}, [(task.status, task.reason) for task in tasks]
    assert any(task.attempt > 1 for task in tasks)
    assert wait_until(lambda: here.detail(run_id).archive.state == "ready", within_s=30)
    assert (here.detail(run_id).archive.whole, here.detail(run_id).archive.missing) == (TASKS, 0)


def test_a_full_disk_alone_fails_three_attempts_and_the_rest_still_wait(here: World, tmp_path: Path) -> None:
    run_id = create_run(here.target, tasks=TASKS, max_attempts=3)
    with (
        full_disk(tmp_path / "full") as disk,
        runner(here, run_id=run_id, work_root=disk, log=tmp_path / "broken.log") as broken,
    ):
        assert broken.wait(90) == BROKEN, (tmp_path / "broken.log").read_text()
    tasks = here.tasks(run_id)
    assert {task.status for task in tasks} == {"pending"}
    tried = [task for task in tasks if task.reason]
    assert len(tried) == 3
    for task in tried:
        assert "runner_error" in (task.reason or "")
        assert str(disk) in (task.reason or "")
        assert "--work-root" in (task.reason or "")
    assert any("this slot leaves" in (task.reason or "") for task in tried)
    assert "tasks in a row failed by this runner's own fault" in (tmp_path / "broken.log").read_text()
