"""What a command has made for a run is undone last first; what is to stay is left out, and nothing else is."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from benchfleet.exceptions import BenchfleetError, InvalidRequest, UsageError
from benchfleet.local.lock import Lock
from benchfleet.profiles.settings import Connection
from benchfleet.running.interrupts import Interrupted, Interrupts
from benchfleet.running.undo import Undo

from tests.unit.run_parts import FakeClient, Stage, detail, group
from tests.unit.test_run_mending import Emulators, played
from tests.unit.test_run_recovery import detached, living_runner

RUNNING = detail(groups=[group(pending=2)])
DONE = detail("completed", "ready", groups=[group(completed=2)])
CTRL_C = Interrupted(2)


def lock_of(here: Stage) -> Lock:
    return Lock.take(here.folder / "state" / "runs" / "7" / "lock", of="run 7")


def test_an_interrupt_ends_what_an_earlier_command_has_left_at_work(tmp_path: Path) -> None:
    def connection(url: str | None) -> Connection:
        raise CTRL_C

    here = detached(tmp_path)
    living = living_runner(here)
    here.connection = connection
    driver = here.driver(resume="7")
    with pytest.raises(Interrupted):
        driver.run()
    assert not living.alive
    assert driver.state is not None
    assert driver.state_file == tmp_path / "state" / "runs" / "7.json"
    lock_of(here).release()


@pytest.mark.parametrize("phase", ["creating", "provisioning"])
def test_a_resumed_run_that_is_refused_keeps_its_state_file(tmp_path: Path, phase: str) -> None:
    here = Stage(tmp_path, FakeClient([RUNNING, DONE], refuses=CTRL_C))
    with pytest.raises(Interrupted):
        here.driver(run_id="7").run()
    file = tmp_path / "state" / "runs" / "7.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "phase": phase}))  # as a killed command leaves it
    here.client.refuses = InvalidRequest("no", status=400)
    driver = here.driver(resume="7")
    with pytest.raises(InvalidRequest):
        driver.run()
    assert (driver.state_file, json.loads(here.state_text())["phase"]) == (file, "creating")
    assert here.provisioner.log == ["start", "stop", "start again", "stop"]


def test_a_run_that_was_forgotten_before_its_lock_was_ours_leaves_no_folder(tmp_path: Path) -> None:
    here = detached(tmp_path)

    def load(path: Path) -> Any:
        (tmp_path / "state" / "runs" / "7.json").unlink()
        raise UsageError("gone")

    here.load = load
    with pytest.raises(UsageError, match="gone"):
        here.driver(resume="7").run()
    assert list((tmp_path / "state" / "runs").iterdir()) == []


def test_the_lock_is_free_again_after_each_way_to_leave(tmp_path: Path) -> None:
    here = detached(tmp_path)
    lock_of(here).release()
    here.client.story = [RUNNING, CTRL_C]
    assert here.driver(resume="7").run().exit_code == 130
    lock_of(here).release()


def test_an_emulator_outlives_its_command_only_if_the_run_is_left(tmp_path: Path) -> None:
    emulators = Emulators()
    here = Stage(tmp_path, FakeClient([RUNNING, DONE]))
    try:
        played(here, emulators, run_id="7", emulator=True, detach=True)
        assert alive(emulators) == [True]
        played(here, emulators, resume="7")
        assert alive(emulators) == [False, False]  # the same process, found again
    finally:
        for emulator in emulators.made:
            emulator.stop()


def alive(emulators: Emulators) -> list[bool]:
    return [emulator.alive for emulator in emulators.made]


def undone(log: list[str]) -> Undo:
    """Each thing says so when it ends."""
    undo = Undo(Interrupts())
    for stack, name in ((undo.work, "emulator"), (undo.work, "runners"), (undo.state, "state"), (undo.lock, "lock")):
        stack.callback(log.append, name)
    return undo


def test_runners_end_before_their_emulator_and_the_lock_is_the_last() -> None:
    log: list[str] = []
    with undone(log) as undo:
        undo.end_work()
        assert log == ["runners", "emulator"]
    assert log == ["runners", "emulator", "state", "lock"]


def test_what_is_taken_off_stays() -> None:
    log: list[str] = []
    with undone(log) as undo:
        undo.work.pop_all()
        undo.state.pop_all()
    assert log == ["lock"]


def test_one_that_cannot_be_ended_keeps_no_other_from_its_end() -> None:
    def fail() -> None:
        raise BenchfleetError("it does not end")

    log: list[str] = []
    undo = undone(log)
    undo.work.callback(fail)
    with pytest.raises(BenchfleetError, match="does not end"), undo:
        pass
    assert log == ["runners", "emulator", "state", "lock"]


def test_a_signal_cuts_no_end_short() -> None:
    log: list[str] = []
    interrupts = Interrupts()
    with interrupts.caught(), Undo(interrupts) as undo:
        undo.work.callback(log.append, "ended")
        undo.work.callback(os.kill, os.getpid(), signal.SIGINT)
    assert log == ["ended"]
