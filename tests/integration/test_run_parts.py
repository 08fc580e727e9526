"""The parts of a run that touch the machine: state files, processes, signals, local runners."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from benchfleet.config import LocalProvision
from benchfleet.exceptions import AuthError, BenchfleetError, DiskError
from benchfleet.local.isolation import Isolation, choose
from benchfleet.local.processes import Background, Identity
from benchfleet.running.interrupts import Interrupted, Interrupts
from benchfleet.running.providers.local import LocalProvisioner
from benchfleet.running.provisioning import Plan
from benchfleet.running.state import StateFolder
from benchfleet_contract.runs import Instance

from tests.each_case import each_case
from tests.unit.run_parts import START, state

WAITS = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_state_file_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    assert folder.reserve("7")
    assert not folder.reserve("7")
    folder.save(state(), now=START)
    assert folder.load("7") == state()
    assert (folder.load("8"), folder.load("../7"), StateFolder(tmp_path / "none").latest()) == (None, None, None)


def test_a_damaged_state_file_is_named_and_does_not_hide_the_others(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.reserve("7")
    folder.save(state())
    (tmp_path / "runs" / "9.json").write_text("")
    with pytest.raises(BenchfleetError, match=r"9\.json is not a valid state file"):
        folder.load("9")
    assert (found := folder.latest()) is not None
    assert found.run_id == "7"


def test_a_full_disk_leaves_the_state_file_before(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.reserve("7")
    folder.save(state())
    before = folder.path("7").read_bytes()
    larger = state().model_copy(update={"chosen": ["x" * 10_000]})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(DiskError, match=r"cannot write .*7\.json: File too large"):
            folder.save(larger)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert folder.path("7").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["7", "7.json"]


def test_a_pid_alone_is_nobody() -> None:
    with subprocess.Popen(WAITS) as child:
        identity = Identity.of(child.pid)
        assert identity is not None
        assert identity.alive
        assert not Identity(child.pid, "another start").alive
        Background(Identity(child.pid, "another start"), log=None).end(patience_s=(0.1,))
        assert child.poll() is None
        child.kill()
    assert not identity.alive
    assert Identity.of(child.pid) is None


def test_a_process_may_be_called_anything() -> None:
    """The kernel cuts names after 15 bytes, within a character too."""
    renamed = "import ctypes; ctypes.CDLL(None).prctl(15, b'x) R 1 \\xff', 0, 0, 0); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", renamed], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        before = Identity.of(child.pid)
        child.stdout.readline()  # type: ignore[union-attr]
        assert before is not None
        assert Identity.of(child.pid) == before
        child.kill()


def test_a_number_that_is_somebody_else_s_by_now_is_not_killed() -> None:
    """A runner that has nothing more to do ends hours before its command."""
    with (
        subprocess.Popen([sys.executable, "-c", ""]) as ended,
        subprocess.Popen(WAITS, start_new_session=True) as other,
    ):
        ended.wait()
        Background(Identity(other.pid, "long ago"), log=None, child=ended).end(patience_s=())
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.2)
        other.kill()


def test_a_process_is_found_again_and_ended(tmp_path: Path) -> None:
    started = Background.start(WAITS, environment=os.environ, log=tmp_path / "log")
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    found = Background(started.identity, log=None)
    assert found.alive
    found.end(patience_s=(5.0,))
    assert (found.alive, started.exit_code) == (False, -signal.SIGTERM)


def test_a_program_that_is_not_there_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(BenchfleetError, match="cannot start /no/such"):
        Background.start(["/no/such"], environment={}, log=None)


def test_signals_wait_for_what_must_be_whole() -> None:
    interrupts, done = Interrupts(), []

    def work() -> None:
        with interrupts.held():
            with interrupts.held():
                os.kill(os.getpid(), signal.SIGTERM)
                done.append("inner")
            done.append("outer")
        done.append("never")

    with interrupts.caught(), pytest.raises(Interrupted) as told:
        work()
    assert done == ["inner", "outer"]
    assert not told.value.by_keyboard
    with interrupts.caught(), pytest.raises(Interrupted) as told:
        os.kill(os.getpid(), signal.SIGINT)
    assert told.value.by_keyboard


def test_signals_are_forgotten_where_everything_ends_anyway() -> None:
    interrupts = Interrupts()
    before = signal.getsignal(signal.SIGINT)
    with interrupts.caught():
        with interrupts.ignored():
            os.kill(os.getpid(), signal.SIGINT)
        interrupts.check()
    assert signal.getsignal(signal.SIGINT) == before


@each_case(
    ("wanted", "lack", "kind"),
    [
        ("best", None, "docker"),
        ("best", "no engine", "process"),
        ("process", None, "process"),
        ("docker", None, "docker"),
    ],
)
def test_isolation(wanted: str, lack: str | None, kind: str) -> None:
    found = choose(wanted, image="i", lacks=lambda image: lack)
    assert found.kind == kind
    assert lack is None or lack in found.why


def test_isolation_that_is_asked_for_must_be_there() -> None:
    with pytest.raises(BenchfleetError, match="no engine"):
        choose("docker", image="i", lacks=lambda image: "no engine")


def plan(folder: Path, *, count: int = 1) -> Plan:
    return Plan(
        provider="local",
        instances=(Instance(provider="local", instance_type="box", alias="b/1"),),
        count=count,
        run_id="7",
        api_url="http://x",
        key="secret",
        slots=None,
        options=LocalProvision(slots=3),
        logs=folder,
    )


def provisioner(code: str) -> LocalProvisioner:
    return LocalProvisioner(
        runner=(sys.executable, "-c", code), isolate=lambda *_, **__: Isolation("process", "it is so")
    )  # fmt: skip


def test_a_runner_for_each_entry_and_instance(tmp_path: Path) -> None:
    handle = provisioner("import time; time.sleep(60)").start(plan(tmp_path, count=2), before=None)
    known = handle.state()
    assert handle.said() == "local: 2 runners, isolation process (it is so)"
    assert [Path(found.log).name for found in known.runners] == ["runner-b_1-1.log", "runner-b_1-2.log"]
    command = Path(f"/proc/{known.runners[0].pid}/cmdline").read_bytes().split(b"\0")
    assert b"--slots" in command
    assert b"secret" not in b" ".join(command)
    handle.stop()
    assert [Identity(found.pid, found.started).alive for found in known.runners] == [False, False]


def test_what_an_earlier_command_started_is_taken_up(tmp_path: Path) -> None:
    runners = provisioner("import time; time.sleep(60)")
    first = runners.start(plan(tmp_path, count=2), before=None)
    known = first.state()
    os.kill(known.runners[1].pid, signal.SIGKILL)
    first.runners[1].runner.process.ended_within(10)
    second = runners.start(plan(tmp_path, count=2), before=known)
    again = second.state().runners
    assert again[0] == known.runners[0]
    assert again[1].pid != known.runners[1].pid
    second.stop()
    first.stop()


def test_a_runner_that_dies_is_started_again_a_few_times(tmp_path: Path) -> None:
    handle = provisioner("raise SystemExit('no engine')").start(plan(tmp_path), before=None)
    for _ in range(3):
        assert handle.runners[0].runner.process.ended_within(20)
        assert handle.check(frozenset()) == []
        (note,) = handle.check(frozenset({"box"}))
        assert "ended with exit code 1 and was started again" in note
    assert handle.runners[0].runner.process.ended_within(20)
    with pytest.raises(BenchfleetError, match="no engine"):
        handle.check(frozenset({"box"}))


def test_a_runner_whose_key_is_refused_says_so(tmp_path: Path) -> None:
    handle = provisioner("raise SystemExit(4)").start(plan(tmp_path), before=None)
    handle.runners[0].restarts = 3
    assert handle.runners[0].runner.process.ended_within(20)
    with pytest.raises(AuthError):
        handle.check(frozenset({"box"}))


def test_a_runner_that_found_nothing_more_to_do_stays_ended(tmp_path: Path) -> None:
    handle = provisioner("").start(plan(tmp_path), before=None)
    assert handle.runners[0].runner.process.ended_within(20)
    assert handle.check(frozenset({"box"})) == []


def test_nohup_keeps_its_promise() -> None:
    interrupts, before = Interrupts(), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.caught():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
