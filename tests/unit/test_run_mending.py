"""What a run meets at its edges: an emulator that forgot it, a key that is refused, a folder that cannot be written."""

import errno
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchfleet.cli.run_ending import print_outcome
from benchfleet.exceptions import (
    ApiError,
    AuthError,
    BenchfleetError,
    DiskError,
    NotFound,
    RunUnknown,
    TimedOut,
    Unreachable,
)
from benchfleet.local.emulator import EmulatorProcess, Ready
from benchfleet.results.fetch import fetch, require_writable
from benchfleet.running.driver import RunDriver
from benchfleet.running.finding import emulator_of
from benchfleet.running.interrupts import Interrupted
from benchfleet.running.leaving import CLEAN, STOP, Ended

from tests.each_case import each_case
from tests.unit.run_parts import FakeClient, Stage, detail, group

RUNNING = detail(groups=[group(pending=2)])
DONE = detail("completed", "ready", groups=[group(completed=2)])
STOPPED = detail("cancelled", "ready", groups=[group(completed=1, cancelled=1)])
STOPPED_AFTER_FAILURE = detail("cancelled", "ready", groups=[group(failed=1, cancelled=1)])
CTRL_C = Interrupted(2)
LOST = NotFound("Run not found", status=404)
KEYS = {"admin": "of-the-emulator", "runner": "r"}
URL = "http://127.0.0.1:5"
EMULATES = f"""
import json, pathlib, sys, time
ready = {{"api_url": "{URL}", "aws_endpoint_url": "http://127.0.0.1:6", "keys": {KEYS!r}}}
path = pathlib.Path(sys.argv[sys.argv.index("--ready-file") + 1])
path.with_name("new").write_text(json.dumps(ready))
path.with_name("new").rename(path)
time.sleep(60)
"""


class RealTime(EmulatorProcess):
    """A process needs real time to come up, whatever the clock of the run says."""

    def wait_until_ready(self, **_: Any) -> Ready:
        return super().wait_until_ready()


class Emulators:
    """Processes that say they are emulators, ended with the test."""

    def __init__(self) -> None:
        self.made: list[EmulatorProcess] = []

    def __call__(self, folder: Path) -> EmulatorProcess:
        self.made.append(RealTime(folder, command=(sys.executable, "-c", EMULATES)))
        return self.made[-1]


@pytest.fixture
def emulators() -> Iterator[Emulators]:
    found = Emulators()
    yield found
    for emulator in found.made:
        emulator.stop()


def played(here: Stage, emulators: Emulators, **options: Any) -> Ended:
    return RunDriver(here.options(**options), replace(here.tools(), emulator=emulators)).run()


def stage(folder: Path, *story: Any, **more: Any) -> Stage:
    return Stage(folder, FakeClient(list(story)), **more)


def test_a_run_that_our_emulator_has_lost_is_made_again_with_the_same_body(
    tmp_path: Path, emulators: Emulators
) -> None:
    here = stage(tmp_path, RUNNING, LOST, RUNNING, DONE)
    assert played(here, emulators, run_id="7", emulator=True).exit_code == 0
    first, second = here.client.created
    assert (first, first["run_id"]) == (second, "7")
    assert len([note for note in here.screen.notes if "creating it again" in note]) == 1
    assert here.provisioner.log == ["start", "leave", "start again", "stop"]  # those that had ended are there again


def test_resume_makes_it_again_too(tmp_path: Path, emulators: Emulators) -> None:
    here = stage(tmp_path, RUNNING)
    played(here, emulators, run_id="7", emulator=True, detach=True)
    here.client.story = [LOST, RUNNING, DONE]
    assert played(here, emulators, resume="7").exit_code == 0
    assert len(here.client.created) == 2


def test_a_run_that_is_unknown_twice_is_not_made_for_ever(tmp_path: Path, emulators: Emulators) -> None:
    here = stage(tmp_path, RUNNING, LOST)
    with pytest.raises(RunUnknown):
        played(here, emulators, run_id="7", emulator=True)
    assert len(here.client.created) == 2


def test_a_control_plane_that_is_not_ours_and_does_not_know_the_run_is_named(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING, LOST)
    with pytest.raises(RunUnknown, match="http://plane does not know run 7") as raised:
        here.driver(run_id="7").run()
    assert raised.value.exit_code == 3
    assert (len(here.client.created), here.provisioner.log) == (1, ["start", "stop"])


def test_no_advice_is_given_that_cannot_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    driver = stage(tmp_path, RUNNING, LOST).driver(run_id="7")
    with pytest.raises(RunUnknown) as raised:
        driver.run()
    assert print_outcome(driver, raised.value, as_json=False) == 3
    assert "--resume" not in capsys.readouterr().err
    assert print_outcome(driver, TimedOut("too long"), as_json=False) == 124
    assert "Go on with: benchfleet run --resume 7\nIn the background stay 1 runner" in capsys.readouterr().err


def test_a_left_run_is_found_by_its_id_its_tasks_and_latest(tmp_path: Path, emulators: Emulators) -> None:
    here = stage(tmp_path, RUNNING)
    ended = played(here, emulators, run_id="7", emulator=True, detach=True)
    assert "In the background stay 1 runner, until the run ends; and its emulator, until --resume" in ended.words
    for given in ("7", "7.2", "latest"):
        found = emulator_of(given, folder=tmp_path / "state")
        assert found is not None
        assert (found.api_url, found.key) == (URL, "of-the-emulator")
    for given in ("8", "../7", "", "8.2"):
        assert emulator_of(given, folder=tmp_path / "state") is None
    emulators.made[0].stop()
    assert emulator_of("7", folder=tmp_path / "state") is None


@each_case("story", [RUNNING, DONE])
def test_a_state_file_that_is_none_leads_nowhere(tmp_path: Path, story: Any) -> None:
    stage(tmp_path, story).driver(run_id="7").run() if story is DONE else None
    (tmp_path / "state" / "runs").mkdir(parents=True, exist_ok=True)
    (tmp_path / "state" / "runs" / "9.json").write_text("{")
    assert [emulator_of(given, folder=tmp_path / "state") for given in ("7", "latest")] == [None] * 2
    with pytest.raises(BenchfleetError, match=r"9\.json is not a valid state file: .*; restore it, or remove it"):
        emulator_of("9", folder=tmp_path / "state")


@each_case(("key", "said"), [("wrong", "refuses the key"), ("", "wants a key, and none was given")])
def test_a_key_is_judged_before_anything_starts(tmp_path: Path, key: str, said: str) -> None:
    here = stage(tmp_path, RUNNING, key=key)
    here.client.judges_key = AuthError("Unauthorized", status=401)
    driver = here.driver(run_id="7")
    with pytest.raises(AuthError, match=f"http://plane {said}.*benchfleet login.*BENCHFLEET_API_KEY"):
        driver.run()
    assert (driver.state, here.provisioner.log) == (None, [])
    assert not list((tmp_path / "state").rglob("*.json"))


def test_a_key_that_may_make_no_run_may_go_on_with_one(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING, DONE)
    here.driver(run_id="7", detach=True).run()
    here.client.role = "reader"
    assert here.driver(resume="7").run().exit_code == 0
    with pytest.raises(AuthError, match="http://plane does not let this key create runs: keep one"):
        here.driver(run_id="8").run()


def test_a_control_plane_that_is_too_old_to_judge_a_key_gets_the_run(tmp_path: Path) -> None:
    here = stage(tmp_path, DONE)
    here.client.judges_key = ApiError("no such route", status=404, code="no_such_route")
    assert here.driver(run_id="7").run().exit_code == 0
    here.client.judges_key = NotFound("404", status=404)
    with pytest.raises(NotFound):
        here.driver(run_id="8").run()


def test_a_folder_that_can_be_made_is_not_made_yet(tmp_path: Path) -> None:
    require_writable(tmp_path / "not" / "yet")
    assert list(tmp_path.iterdir()) == []


def test_results_that_cannot_be_written_are_told_before_anything_starts(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING)
    with pytest.raises(DiskError, match=r"cannot write /proc/x: No such file or directory$"):
        here.driver(run_id="7", results=Path("/proc/x")).run()
    assert (here.client.created, here.provisioner.log) == ([], [])
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError, match=r"file: Not a directory$"):
        require_writable(tmp_path / "file")


@each_case(
    ("number", "advice"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EACCES, False), (errno.EFBIG, False)]
)
def test_space_is_asked_for_only_where_it_helps(tmp_path: Path, number: int, advice: bool) -> None:
    client = FakeClient([DONE], breaks=OSError(number, os.strerror(number)))
    with pytest.raises(DiskError) as raised:
        fetch(client, "7", tmp_path)
    assert str(raised.value).endswith("; free some space") is advice


def test_the_last_line_is_for_programs_and_names_no_dashboard_that_has_ended(
    tmp_path: Path, emulators: Emulators, capsys: pytest.CaptureFixture[str]
) -> None:
    driver = stage(tmp_path, RUNNING, DONE).driver(run_id="7")
    driver.run()
    print_outcome(driver, Ended(0), as_json=False, on_terminal=True)
    assert capsys.readouterr().out == ""
    print_outcome(driver, Ended(0), as_json=True, on_terminal=True)
    assert json.loads(capsys.readouterr().out)["dashboard_url"] == "http://plane/?run_id=7"
    own = stage(tmp_path, RUNNING, DONE)
    driver = RunDriver(own.options(run_id="8", emulator=True), replace(own.tools(), emulator=emulators))
    driver.run()
    print_outcome(driver, Ended(0), as_json=False)
    assert json.loads(capsys.readouterr().out)["dashboard_url"] is None


def test_cleaned_up_is_told_as_cancelled_and_names_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = stage(tmp_path, RUNNING, CTRL_C, RUNNING, STOPPED, choose=lambda run_id: CLEAN)
    driver = here.driver(run_id="7")
    driver.run()
    print_outcome(driver, Ended(130), as_json=False)
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["tasks"]["cancelled"], told["status_file"], told["results_dir"]) == (
        "cancelled", 1, None, None,
    )  # fmt: skip


@each_case(
    ("after", "count"),
    [
        ([STOPPED], "1 of 2 tasks cancelled, 1 had ended before"),
        ([STOPPED_AFTER_FAILURE], "1 of 2 tasks cancelled, 1 had ended before"),
        ([detail("cancelled", groups=[group(cancelled=2)])], "2 of 2 tasks cancelled, 0 had ended before"),
        ([DONE], "0 of 2 tasks cancelled, 2 had ended before"),
        ([RUNNING, RUNNING, STOPPED], "1 of 2 tasks cancelled, 1 had ended before"),
        ([Unreachable("gone")], "0 of 2 tasks cancelled, 0 had ended before, 2 not counted yet"),
    ],
)
def test_cleaning_up_counts_what_was_cancelled_and_what_had_ended(tmp_path: Path, after: list[Any], count: str) -> None:
    here = stage(tmp_path, RUNNING, CTRL_C, RUNNING, *after, choose=lambda run_id: CLEAN)
    ended = here.driver(run_id="7").run()
    assert ended.words == f"Run 7 was stopped: {count}; nothing of it is left here."


@each_case(("story", "stay"), [(STOPPED, False), (STOPPED_AFTER_FAILURE, True)])
def test_logs_stay_only_where_something_failed(tmp_path: Path, story: Any, stay: bool) -> None:
    here = stage(tmp_path, RUNNING, choose=lambda run_id: STOP)
    log = tmp_path / "state" / "runs" / "7" / "runner-b-1.log"

    def choose(run_id: str) -> str:
        log.write_text("log")
        return STOP

    here.choose = choose
    here.client.story = [RUNNING, CTRL_C, RUNNING, story]
    ended = here.driver(run_id="7").run()
    assert log.exists() is stay
    assert ended.words == "Run 7 was stopped: 1 of 2 tasks cancelled, 1 had ended before."
    assert (str(log.parent) in ended.next_step, bool(ended.next_step)) == (stay, stay)


def test_a_failure_has_a_next_step_that_needs_nothing_that_has_ended(tmp_path: Path, emulators: Emulators) -> None:
    half = detail("completed", "ready", groups=[group(completed=1, failed=1)])
    with_emulator = played(stage(tmp_path, half), emulators, run_id="7", emulator=True)
    assert with_emulator.next_step == f"To see why: `benchfleet report {tmp_path}/results/7`"
    error = tmp_path / "results" / "7" / "b-2" / "error.txt"
    error.parent.mkdir()
    error.write_text("why")
    assert str(error) in stage(tmp_path, half).driver(resume="7").run().next_step
    of_others = stage(tmp_path, half).driver(run_id="8").run()
    assert of_others.next_step.startswith("To see why: `benchfleet runs explain 8`, ")
