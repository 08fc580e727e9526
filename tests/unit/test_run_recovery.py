"""A run that is taken up again: mistakes of the second command cost nothing of what the first one has left at work."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchfleet import config
from benchfleet.config import LocalProvision
from benchfleet.exceptions import AuthError, BenchfleetError, NotFound, Unreachable, UsageError
from benchfleet.local.isolation import Isolation
from benchfleet.local.lock import Lock
from benchfleet.local.processes import Background
from benchfleet.profiles.settings import Connection
from benchfleet.running.driver import RunDriver
from benchfleet.running.interrupts import Interrupted
from benchfleet.running.leaving import KEEP
from benchfleet.running.providers.local import LocalProvisioner
from benchfleet.running.provisioning import Plan
from benchfleet_contract.runs import Instance

from tests.each_case import each_case
from tests.unit.run_parts import CONFIG, FakeClient, Stage, detail, group

RUNNING = detail(groups=[group(pending=2)])
DONE = detail("completed", "ready", groups=[group(completed=2)])
CTRL_C = Interrupted(2)
WAITS = [sys.executable, "-c", "import time; time.sleep(60)"]


def detached(folder: Path) -> Stage:
    here = Stage(folder, FakeClient([RUNNING, DONE]))
    here.driver(run_id="7", detach=True).run()
    here.provisioner.log.clear()
    return here


@each_case("error", [AuthError("no", status=401), NotFound("no such run", status=404)])
def test_a_wrong_key_or_address_ends_nothing_that_works(tmp_path: Path, error: BenchfleetError) -> None:
    here = detached(tmp_path)
    runners = json.loads(here.state_text())["providers"]
    here.client.story = [error]
    driver = here.driver(resume="7")
    with pytest.raises(type(error)):
        driver.run()
    assert here.provisioner.log == []
    assert json.loads(here.state_text())["providers"] == runners
    assert json.loads(here.state_text())["phase"] == "following"


def test_an_address_that_does_not_know_the_run_is_not_remembered(tmp_path: Path) -> None:
    here = detached(tmp_path)
    here.client.story = [Unreachable("refused")]
    here.connection = lambda url: Connection("http://elsewhere", "key", None)
    with pytest.raises(Unreachable):
        here.driver(resume="7").run()
    assert json.loads(here.state_text())["api_url"] == "http://plane"


def test_a_profile_that_cannot_be_read_ends_nothing_that_works(tmp_path: Path) -> None:
    def connection(url: str | None) -> Connection:
        raise UsageError("no profile x")

    here = detached(tmp_path)
    living = living_runner(here)
    here.connection = connection
    with pytest.raises(UsageError, match="no profile x"):
        here.driver(resume="7").run()
    assert living.alive
    living.end(patience_s=(0,))


def living_runner(here: Stage) -> Background:
    """A process that the state file of run 7 calls its runner."""
    living = Background.start(WAITS, environment=os.environ, log=None)
    path = here.folder / "state" / "runs" / "7.json"
    state = json.loads(path.read_text())
    state["providers"]["local"]["runners"][0] |= {"pid": living.pid, "started": living.identity.started}
    path.write_text(json.dumps(state))
    return living


def test_a_control_plane_that_is_gone_is_not_waited_for_when_the_run_is_over(tmp_path: Path) -> None:
    here = Stage(tmp_path, FakeClient([RUNNING, DONE]))
    here.driver(run_id="7").run()
    (tmp_path / "results" / "7").rename(tmp_path / "elsewhere")
    here.client.story = [Unreachable("refused")]
    with pytest.raises(Unreachable, match="refused"):
        here.driver(resume="7").run()
    assert here.clock.now_s < 60


def test_what_an_earlier_command_has_done_meanwhile_is_seen(tmp_path: Path) -> None:
    """The state is read under the lock: a command that was about to end has ended it by then."""
    here = detached(tmp_path)

    def load(path: Path) -> Any:
        assert json.loads(here.state_text())["phase"] == "following"
        with pytest.raises(UsageError, match="another command is at work on run 7"):
            Lock.take(tmp_path / "state" / "runs" / "7" / "lock", of="run 7")
        return config.load(path)

    here.load = load
    assert here.driver(resume="7").run().exit_code == 0


def test_the_lock_is_kept_until_all_is_put_away(tmp_path: Path) -> None:
    here = Stage(tmp_path, FakeClient([RUNNING, DONE]))
    phases = []

    def ticks() -> None:
        if (tmp_path / "state" / "runs" / "7.json").exists():
            with pytest.raises(UsageError):
                Lock.take(tmp_path / "state" / "runs" / "7" / "lock", of="run 7")
            phases.append(json.loads(here.state_text())["phase"])

    here.ticks = ticks
    here.driver(run_id="7").run()
    assert phases[-1] == "fetching"  # options when it writes that it is done


def test_a_lock_whose_file_was_removed_is_nobody_s(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = Lock.take(path, of="it")
    path.unlink()
    second = Lock.take(path, of="it")
    with pytest.raises(UsageError, match="another command is at work on it"):
        Lock.take(path, of="it")
    first.release()
    second.release()
    Lock.take(path, of="it").release()


def test_a_terminal_that_is_gone_at_the_question_leaves_nothing_at_work(tmp_path: Path) -> None:
    def choose(run_id: str) -> str:
        raise OSError(5, "Input/output error")

    here = Stage(tmp_path, FakeClient([RUNNING, CTRL_C]), choose=choose)
    with pytest.raises(OSError, match="Input/output"):
        here.driver(run_id="7").run()
    assert here.provisioner.log == ["start", "stop"]


def test_ctrl_c_while_it_is_left_does_not_end_what_is_kept(tmp_path: Path) -> None:
    here = Stage(tmp_path, FakeClient([RUNNING, CTRL_C]))

    def choose(run_id: str) -> str:
        here.ticks = lambda: os.kill(os.getpid(), signal.SIGINT)  # when the state file is written for the last time
        return KEEP

    here.choose = choose
    assert here.driver(run_id="7").run().exit_code == 130
    assert here.provisioner.log == ["start", "leave"]


def plan(logs: Path, *kinds: str) -> Plan:
    instances = tuple(Instance(provider="local", instance_type=kind, alias=None) for kind in kinds)
    return Plan(
        "local",
        instances,
        count=1,
        run_id="7",
        api_url="http://x",
        key="k",
        slots=1,
        options=LocalProvision(),
        logs=logs,
    )


def test_runners_are_found_again_when_another_instance_type_is_done(tmp_path: Path) -> None:
    here = LocalProvisioner(runner=WAITS, isolate=lambda *_, **__: Isolation("process", "so"))
    first = here.start(plan(tmp_path, "done", "open"), before=None)
    second = here.start(plan(tmp_path, "open"), before=first.state())
    try:
        idle, working = first.runners
        assert [place.runner.pid for place in second.runners] == [working.runner.pid]
        assert second.state().runners == first.state().runners[1:]
        assert (idle.runner.alive, working.runner.alive) == (False, True)
    finally:
        first.stop()
        second.stop()


def test_a_command_for_people_can_be_pasted_whatever_the_type_is_called(tmp_path: Path) -> None:
    here = Stage(tmp_path, FakeClient([RUNNING, DONE]))
    here.write({**CONFIG, "aws": [{"instance_type": "it's $HOME"}]})
    here.driver(run_id="7", providers=()).run()
    (said,) = [note for note in here.screen.notes if "Waiting for runners" in note]
    assert said.endswith("""--instance-type 'it'"'"'s $HOME'""")


def test_only_looks_are_left_to_the_client_that_repeats_nothing(tmp_path: Path) -> None:
    here = Stage(tmp_path, FakeClient([RUNNING]))
    watching = FakeClient([RUNNING, Unreachable("refused"), DONE], exists=True)
    tools = replace(here.tools(), watcher=lambda url, key: watching)
    assert RunDriver(here.options(run_id="7"), tools).run().exit_code == 0
    assert (len(here.client.created), len(watching.created), watching.story) == (1, 0, [DONE])


def test_a_warning_names_its_place_once(tmp_path: Path) -> None:
    here = Stage(tmp_path, FakeClient([RUNNING, DONE]))
    here.write({**CONFIG, "leas_s": 1})
    here.driver(run_id="7").run()
    (said,) = [note for note in here.screen.notes if "leas_s" in note]
    assert said.count(str(tmp_path / "config.json")) == 1
