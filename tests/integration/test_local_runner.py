"""A runner process is told its key in private, watched, and never left behind."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from benchfleet.exceptions import BenchfleetError
from benchfleet.local.environment import child_environment
from benchfleet.local.runner import LocalRunner, RunnerPlan

PLAN = RunnerPlan("http://x", key="secret", run_id="7", provider="local", instance_type="box", slots=2)


DRAINING = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit("drained"))
print("up", flush=True)
time.sleep(60)
"""


def runner(code: str, log: Path, environment: Mapping[str, str] = os.environ) -> LocalRunner:
    return LocalRunner([sys.executable, "-c", code], environment=environment, log=log)


def wait_for(path: Path, text: str) -> str:
    until = time.monotonic() + 20
    while text not in (said := path.read_text() if path.exists() else ""):
        assert time.monotonic() < until, said
        time.sleep(0.01)
    return said


def alive(pid: int) -> bool:
    """A zombie is not alive: who reaps it depends on the machine."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_key_is_neither_in_the_environment_nor_in_the_arguments(tmp_path: Path) -> None:
    assert "secret" not in " ".join(PLAN.command())
    inherited = {"HOME": "/x", "AWS_ACCESS_KEY_ID": "a", "BENCHFLEET_TABLE": "b"}
    assert child_environment(inherited) == {"HOME": "/x"}
    reads = (sys.executable, "-c", "import sys; print('read', sys.stdin.read(), flush=True)")
    with LocalRunner.of(PLAN, log=tmp_path / "log", runner=reads):
        wait_for(tmp_path / "log", "read secret")


def test_a_runner_that_fails_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with runner("raise SystemExit('no engine')", tmp_path / "log") as started:
        wait_for(tmp_path / "log", "no engine")
        os.waitid(os.P_PID, started.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(BenchfleetError, match=r"exit code 1:\nno engine"):
            started.check()


def test_a_machine_that_cannot_work_is_told_as_such(tmp_path: Path) -> None:
    with runner("print('no space left in /x'); raise SystemExit(5)", tmp_path / "log") as started:
        os.waitid(os.P_PID, started.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(BenchfleetError, match=r"this machine's own fault.*5.*\nno space left in /x"):
            started.check()


def test_a_runner_that_ended_well_is_no_error(tmp_path: Path) -> None:
    with runner("print('done')", tmp_path / "log") as started:
        wait_for(tmp_path / "log", "done")
        started.check()


def test_leaving_the_block_asks_it_to_end(tmp_path: Path) -> None:
    code = DRAINING
    with runner(code, tmp_path / "log"):
        wait_for(tmp_path / "log", "up")
    assert "drained" in (tmp_path / "log").read_text()


def test_its_children_do_not_outlive_it(tmp_path: Path) -> None:
    code = "import subprocess, time\nprint(subprocess.Popen(['sleep', '60']).pid, flush=True)\ntime.sleep(60)"
    with runner(code, tmp_path / "log"):
        pid = int(wait_for(tmp_path / "log", "\n"))
        assert alive(pid)
    until = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_an_interrupt_of_the_terminal_does_not_reach_it(tmp_path: Path) -> None:
    with runner("import time\nprint('up', flush=True)\ntime.sleep(60)", tmp_path / "log") as started:
        wait_for(tmp_path / "log", "up")
        assert os.getpgid(started.pid) != os.getpgid(0)
        started.check()
        os.kill(started.pid, signal.SIGKILL)


def test_proxies_are_not_asked_for_this_machine() -> None:
    assert "no_proxy" not in child_environment({"HOME": "/x"})
    told = child_environment({"HTTP_PROXY": "http://proxy", "NO_PROXY": "intern"})
    assert told["no_proxy"] == told["NO_PROXY"] == "intern,localhost,127.0.0.1"
