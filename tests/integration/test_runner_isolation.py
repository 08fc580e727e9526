"""Process isolation with real process trees."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop, Stopped, StopReason
from runner_image.workloads.protocol import TIMED_OUT, Execute

MARK = f"6161.{os.getpid()}"


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def execute(stop: Stop, tmp_path: Path) -> Iterator[Execute]:
    isolation = ProcessIsolation({"PATH": os.environ["PATH"], "OWN": "slot"}, term_grace_s=0.2)
    with isolation.open(tmp_path, core=min(os.sched_getaffinity(0)), stop=stop) as execute:
        yield execute


def run(execute: Execute, *command: str, timeout_s: float | None = None) -> tuple[int, list[str]]:
    said: list[str] = []
    code = execute(list(command), cwd=Path("/"), environment={"MORE": "1"}, on_line=said.append, timeout_s=timeout_s)
    return code, said


def survivors() -> list[int]:
    return [process.pid for process in psutil.process_iter(["cmdline"]) if MARK in (process.info["cmdline"] or [])]


def test_output_is_merged_in_order_and_the_exit_code_passed_on(execute: Execute) -> None:
    assert run(execute, "sh", "-c", "echo a; echo b >&2; echo $OWN$MORE; pwd; exit 3") == (3, ["a", "b", "slot1", "/"])


def test_a_command_is_pinned_to_the_slots_core(execute: Execute) -> None:
    code, said = run(execute, sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))")
    assert (code, said) == (0, ["1"])


def test_no_standard_input_and_no_inherited_environment(execute: Execute) -> None:
    assert run(execute, "sh", "-c", "cat; echo ${HOME-none}") == (0, ["none"])


def test_codes_of_a_command_that_cannot_start_or_dies(execute: Execute, tmp_path: Path) -> None:
    assert run(execute, "nonesuch") == (127, ["nonesuch: No such file or directory"])
    assert run(execute, str(tmp_path))[0] == 126
    assert run(execute, "sh", "-c", "kill -SEGV $$")[0] == 128 + signal.SIGSEGV


def test_daemons_die_when_their_command_has_ended(execute: Execute) -> None:
    line = f"setsid sleep {MARK} & (setsid sh -c 'setsid sleep {MARK} &' &); echo over"
    assert run(execute, "sh", "-c", line) == (0, ["over"])
    assert survivors() == []


def test_a_timeout_kills_what_ignores_a_polite_request(execute: Execute) -> None:
    line = f"trap '' TERM; setsid sleep {MARK} & sleep {MARK}; sleep {MARK}"
    assert run(execute, "sh", "-c", line, timeout_s=0.5) == (TIMED_OUT, [])
    assert survivors() == []


def test_a_stop_ends_the_command_and_every_later_one(execute: Execute, stop: Stop) -> None:
    threading.Timer(0.3, lambda: stop.set(StopReason.CANCELLED)).start()
    with pytest.raises(Stopped):
        run(execute, "sh", "-c", f"setsid sleep {MARK} & sleep {MARK}")
    assert survivors() == []
    with pytest.raises(Stopped):
        run(execute, "true")


def test_a_listener_that_fails_leaves_nothing_running(execute: Execute) -> None:
    def fail(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="first"):
        execute(["sh", "-c", f"echo first; sleep {MARK}"], cwd=Path("/"), environment={}, on_line=fail)
    assert survivors() == []


def test_a_command_dies_with_its_keeper(execute: Execute) -> None:
    def kill_keeper() -> None:
        while len(found := survivors()) < 2:  # the keeper, whose arguments hold the command, and the command
            time.sleep(0.02)
        keeper = next(pid for pid in found if psutil.Process(pid).ppid() == os.getpid())
        os.kill(keeper, signal.SIGKILL)

    threading.Thread(target=kill_keeper, daemon=True).start()
    assert run(execute, "sleep", MARK)[0] == 128 + signal.SIGKILL
    assert survivors() == []
