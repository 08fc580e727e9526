"""Process isolation with real process trees."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from runner_image.errors import TaskError
from runner_image.isolation.processes import ProcessIsolation
from runner_image.isolation.protocol import TIMED_OUT, Running, Slot
from runner_image.stopping import Stop, Stopped, StopReason

MARK = f"6161.{os.getpid()}"


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def slot(stop: Stop, tmp_path: Path) -> Iterator[Slot]:
    isolation = ProcessIsolation({"PATH": os.environ["PATH"], "OWN": "slot"}, term_grace_s=0.2)
    with isolation.open(tmp_path, cores=(min(os.sched_getaffinity(0)),), stop=stop) as slot:
        yield slot


def run(slot: Slot, *command: str, timeout_s: float | None = None) -> tuple[int, list[str]]:
    said: list[str] = []
    code = slot.run(list(command), cwd=Path("/"), environment={"MORE": "1"}, on_line=said.append, timeout_s=timeout_s)
    return code, said


def survivors() -> list[int]:
    return [process.pid for process in psutil.process_iter(["cmdline"]) if MARK in (process.info["cmdline"] or [])]


def test_output_is_merged_in_order_and_the_exit_code_passed_on(slot: Slot) -> None:
    assert run(slot, "sh", "-c", "echo a; echo b >&2; echo $OWN$MORE; pwd; exit 3") == (3, ["a", "b", "slot1", "/"])


def test_a_command_is_pinned_to_the_slots_core(slot: Slot) -> None:
    code, said = run(slot, sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))")
    assert (code, said) == (0, ["1"])


def test_no_standard_input_and_no_inherited_environment(slot: Slot) -> None:
    assert run(slot, "sh", "-c", "cat; echo ${HOME-none}") == (0, ["none"])


def test_codes_of_a_command_that_cannot_start_or_dies(slot: Slot, tmp_path: Path) -> None:
    assert run(slot, "nonesuch") == (127, ["nonesuch: No such file or directory"])
    assert run(slot, str(tmp_path))[0] == 126
    assert run(slot, "sh", "-c", "kill -SEGV $$")[0] == 128 + signal.SIGSEGV


def test_daemons_die_when_their_command_has_ended(slot: Slot) -> None:
    line = f"setsid sleep {MARK} & (setsid sh -c 'setsid sleep {MARK} &' &); echo over"
    assert run(slot, "sh", "-c", line) == (0, ["over"])
    assert survivors() == []


def test_a_timeout_kills_what_ignores_a_polite_request(slot: Slot) -> None:
    line = f"trap '' TERM; setsid sleep {MARK} & sleep {MARK}; sleep {MARK}"
    assert run(slot, "sh", "-c", line, timeout_s=0.5) == (TIMED_OUT, [])
    assert survivors() == []


def test_a_stop_ends_the_command_and_every_later_one(slot: Slot, stop: Stop) -> None:
    threading.Timer(0.3, lambda: stop.set(StopReason.CANCELLED)).start()
    with pytest.raises(Stopped):
        run(slot, "sh", "-c", f"setsid sleep {MARK} & sleep {MARK}")
    assert survivors() == []
    with pytest.raises(Stopped):
        run(slot, "true")


def test_a_listener_that_fails_leaves_nothing_running(slot: Slot) -> None:
    def fail(line: str) -> None:
        raise ValueError(line)

    with pytest.raises(ValueError, match="first"):
        slot.run(["sh", "-c", f"echo first; sleep {MARK}"], cwd=Path("/"), environment={}, on_line=fail)
    assert survivors() == []


def test_a_command_dies_with_its_keeper(slot: Slot) -> None:
    def kill_keeper() -> None:
        while len(found := survivors()) < 2:  # the keeper, whose arguments hold the command, and the command
            time.sleep(0.02)
        keeper = next(pid for pid in found if psutil.Process(pid).ppid() == os.getpid())
        os.kill(keeper, signal.SIGKILL)

    threading.Thread(target=kill_keeper, daemon=True).start()
    assert run(slot, "sleep", MARK)[0] == 128 + signal.SIGKILL
    assert survivors() == []


def begin(slot: Slot, folder: Path, line: str) -> tuple[Running, Path]:
    """Starts a shell line and waits until it says something."""
    out = folder / "out.txt"
    running = slot.start(["sh", "-c", line], cwd=folder, environment={"MORE": "1"}, stdout=out)
    wait_for(lambda: out.read_text() != "")
    return running, out


def wait_for(true: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_server_runs_beside_commands_until_it_is_stopped_with_all_that_it_started(slot: Slot, tmp_path: Path) -> None:
    server, out = begin(slot, tmp_path, f"setsid sleep {MARK} & echo $OWN$MORE; pwd; sleep {MARK} & wait")
    assert server.poll() is None
    assert run(slot, "sh", "-c", "echo beside") == (0, ["beside"])
    assert psutil.Process(server.pid).name() == "sh"
    assert psutil.Process(server.pid).cpu_affinity() == list(slot.cores)
    assert server.stop() == 128 + signal.SIGTERM
    assert server.poll() == 128 + signal.SIGTERM
    assert (survivors(), out.read_text()) == ([], f"slot1\n{tmp_path}\n")


def test_a_server_that_ends_in_order_has_the_time_for_it(slot: Slot, tmp_path: Path) -> None:
    server, out = begin(slot, tmp_path, "trap 'sleep 0.6; echo flushed; exit 7' TERM; echo up; while :; do :; done")
    assert server.stop(grace_s=20) == 7
    assert (survivors(), out.read_text()) == ([], "up\nflushed\n")


def test_a_server_that_ignores_a_polite_request_is_killed(slot: Slot, tmp_path: Path) -> None:
    server, _ = begin(slot, tmp_path, f"trap '' TERM; echo up; while :; do sleep {MARK}; done")
    assert server.stop(grace_s=0.1) == 128 + signal.SIGKILL
    assert survivors() == []


def test_a_server_that_ends_by_itself_leaves_nothing_and_its_code(slot: Slot, tmp_path: Path) -> None:
    server, _ = begin(slot, tmp_path, f"echo up; setsid sleep {MARK} & exit 3")
    wait_for(lambda: server.poll() is not None)
    assert (server.poll(), server.stop(), survivors()) == (3, 3, [])


def test_outputs_of_a_server_are_files_of_their_own_and_never_links(slot: Slot, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("as it was")
    (tmp_path / "out").symlink_to(tmp_path / "kept")
    line, errors = ["sh", "-c", "echo a; echo b >&2"], tmp_path / "err"
    server = slot.start(line, cwd=tmp_path, environment={}, stdout=tmp_path / "out", stderr=errors)
    wait_for(lambda: server.poll() is not None)
    texts = [(tmp_path / name).read_text() for name in ("kept", "out", "err")]
    assert texts == ["as it was", "a\n", "b\n"]


def test_a_program_that_is_not_there_ends_with_127(slot: Slot, tmp_path: Path) -> None:
    server = slot.start(["nonesuch"], cwd=tmp_path, environment={}, stdout=tmp_path / "out")
    wait_for(lambda: server.poll() is not None)
    assert server.poll() == 127


def test_a_timeout_of_a_command_spares_the_server(slot: Slot, tmp_path: Path) -> None:
    server, _ = begin(slot, tmp_path, f"echo up; exec sleep {MARK}")
    assert run(slot, "sleep", "100", timeout_s=0.3)[0] == TIMED_OUT
    assert server.poll() is None


def test_a_stop_kills_servers_too_and_none_is_started_afterwards(slot: Slot, stop: Stop, tmp_path: Path) -> None:
    server, _ = begin(slot, tmp_path, f"setsid sleep {MARK} & echo up; exec sleep {MARK}")
    stop.set(StopReason.CANCELLED)
    wait_for(lambda: server.poll() is not None)
    assert survivors() == []
    with pytest.raises(Stopped):
        slot.start(["true"], cwd=tmp_path, environment={}, stdout=tmp_path / "out")


def test_nothing_that_was_started_outlives_its_slot(tmp_path: Path) -> None:
    with ProcessIsolation({"PATH": os.environ["PATH"]}).open(tmp_path, stop=Stop()) as slot:
        begin(slot, tmp_path, f"setsid sleep {MARK} & echo up; exec sleep {MARK}")
        wait_for(lambda: len(survivors()) == 2)
    assert survivors() == []


def test_nothing_that_was_started_outlives_a_killed_runner(tmp_path: Path) -> None:
    script = f"""
import os
from pathlib import Path
from runner_image.errors import TaskError
from runner_image.isolation.processes import ProcessIsolation
from runner_image.isolation.protocol import TIMED_OUT, Running, Slot
from runner_image.stopping import Stop
folder = Path({str(tmp_path)!r})
with ProcessIsolation(dict(os.environ)).open(folder, stop=Stop()) as slot:
    line = ["sh", "-c", "setsid sleep {MARK} & echo up; exec sleep {MARK}"]
    slot.start(line, cwd=folder, environment={{}}, stdout=folder / "out")
    slot.run(["sleep", "{MARK}"], cwd=folder, environment={{}}, on_line=print)
"""
    with subprocess.Popen([sys.executable, "-c", script]) as runner:
        wait_for(lambda: (tmp_path / "out").exists() and (tmp_path / "out").read_text() == "up\n")
        runner.kill()
    wait_for(lambda: survivors() == [])


def test_several_cores_and_credentials_reach_every_command(tmp_path: Path) -> None:
    cores = tuple(sorted(os.sched_getaffinity(0)))
    isolation = ProcessIsolation({"PATH": os.environ["PATH"]})
    with isolation.open(tmp_path, stop=Stop(), cores=cores, credentials={"A_KEY": "v"}) as slot:
        line = "import os; print(sorted(os.sched_getaffinity(0)), os.environ['A_KEY'])"
        assert run(slot, sys.executable, "-c", line) == (0, [f"{list(cores)} v"])


def test_an_image_cannot_be_had_where_there_are_no_containers(tmp_path: Path) -> None:
    with (
        pytest.raises(TaskError, match=r"'ruby:3\.4'.*--isolation docker") as raised,
        ProcessIsolation({}).open(tmp_path, stop=Stop(), image="ruby:3.4"),
    ):
        pass
    assert (raised.value.error_type, raised.value.failure_class) == ("image_unavailable", "infrastructure")


@pytest.mark.parametrize(
    ("command", "environment"),
    [(["a\0b"], {}), (["true"], {"A": "\0"}), (["true"], {"A=B": "c"}), (["true"], {"": "c"}), (["true"], {"A\0": ""})],
)
def test_what_no_machine_can_start_is_no_fault_of_this_one(
    slot: Slot, tmp_path: Path, command: list[str], environment: dict[str, str]
) -> None:
    """Three faults of its own in a row end a slot: one such run would empty a fleet."""
    with pytest.raises(TaskError, match="cannot be started") as of_run:
        slot.run(command, cwd=tmp_path, environment=environment, on_line=print)
    with pytest.raises(TaskError, match="cannot be started") as of_start:
        slot.start(command, cwd=tmp_path, environment=environment, stdout=tmp_path / "out")
    assert {of_run.value.failure_class, of_start.value.failure_class} == {"benchmark"}


def test_a_timeout_longer_than_any_clock_is_none(slot: Slot) -> None:
    assert run(slot, "echo", "a", timeout_s=1e300) == (0, ["a"])
