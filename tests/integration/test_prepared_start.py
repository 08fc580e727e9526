"""Programs that are forked from the prepared parent are as those that Python starts: for who starts them, and for themselves."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import prepared_start

pytestmark = pytest.mark.system

NAMED = "# benchfleet.cli.main\n"  # code that names an entry is forked
FORKED = Path(prepared_start.__file__).with_name("prepared_parent.py").stem.encode()
TELL = (
    NAMED
    + """
import json, os, random, signal, sys, tempfile, threading
print(json.dumps({
    "argv": sys.argv, "orig_argv": sys.orig_argv, "cwd": os.getcwd(), "path": sys.path, "env": dict(os.environ),
    "parent": os.getppid(), "session": os.getsid(0) == os.getpid(), "group": os.getpgrp() == os.getpid(),
    "files": sorted(os.listdir("/proc/self/fd"))[:3], "open": len(os.listdir("/proc/self/fd")),
    "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)],
    "blocked": list(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "threads": threading.active_count(),
    "streams": [[s.encoding, s.errors, s.line_buffering, s.write_through, s.isatty(), s.mode, s.name]
                for s in (sys.stdin, sys.stdout, sys.stderr)],
    "stdin": sys.stdin.read(), "main": __name__, "umask": os.umask(0o22), "nice": os.nice(0),
    "tmp": tempfile.gettempdir(),
}))
"""
)


def code(source: str) -> list[str]:
    return [sys.executable, "-c", NAMED + source]


def is_forked(process: "subprocess.Popen[Any]") -> bool:
    return FORKED in Path(f"/proc/{process.pid}/cmdline").read_bytes()


@pytest.mark.parametrize("session", [False, True])
def test_a_program_finds_what_it_would_find_after_a_true_start(tmp_path: Path, session: bool) -> None:
    given: dict[str, Any] = {
        "cwd": tmp_path,
        "env": {**os.environ, "TMPDIR": str(tmp_path), "NEW": "é\udcff"},
        "input": "in",
    }
    found = []
    for run in (subprocess.run, prepared_start.run):
        done = run(
            [sys.executable, "-c", TELL, "--a", "b"], capture_output=True, text=True, start_new_session=session, **given
        )
        assert (done.returncode, done.stderr) == (0, "")
        found.append(json.loads(done.stdout))
    assert found[0]["parent"] == os.getpid()
    assert found[0] == found[1]


def test_pid_signals_and_exit_codes_are_the_system_s_own() -> None:
    with prepared_start.Popen(
        code("import time; print(flush=True); time.sleep(60)"), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.read(1)
        assert is_forked(process)
        assert psutil.Process(process.pid).ppid() == os.getpid()
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("source", "ended", "said"),
    [
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('why')", 1, "why"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("raise KeyboardInterrupt", -signal.SIGINT, "KeyboardInterrupt"),
        ("import atexit, sys; atexit.register(lambda: print('last', file=sys.stderr))", 0, "last"),
        ("import threading, sys; threading.Timer(0.05, lambda: print('thread', file=sys.stderr)).start()", 0, "thread"),
        ("import os, sys; sys.stdout = open(1, 'w', closefd=False); print(); os.close(1)", 120, ""),
    ],
)
def test_it_ends_as_python_does(source: str, ended: int, said: str) -> None:
    for run in (subprocess.run, prepared_start.run) if ended in (120, -signal.SIGINT) else (prepared_start.run,):
        done = run(code(source), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert done.returncode == ended
        assert said in done.stderr


@pytest.mark.proof
def test_no_two_have_the_same_random_numbers() -> None:
    """Also from generators that a module keeps: moto takes its ids from one."""
    source = """
import local_emulator, random
from moto.moto_api._internal import mock_random
print(random.random(), mock_random.random())
"""
    told = [prepared_start.run(code(source), capture_output=True, text=True).stdout.split() for _ in range(2)]
    assert len({*told[0], *told[1]}) == 4


INNER = """
import os, pathlib, subprocess, sys, time
for words in (["-m", "runner_image", "--help"], ["-c", "print(1)"]):
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True) as process:
        forked = b"prepared_parent" in pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
        parent = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[1]
        print(forked, int(parent) == os.getpid(), process.communicate()[0].strip()[:6], process.returncode)
print(os.environ.get("PREPARED_START"))
"""


def test_what_a_program_starts_itself_is_forked_where_it_was_asked_for() -> None:
    asked = {**os.environ, **prepared_start.forking(prepared_start.RUNNER)}
    told = prepared_start.run(code(INNER), env=asked, capture_output=True, text=True, timeout=60).stdout
    assert told.splitlines() == ["True True Usage: 0", "False True 1 0", "None"]


def test_cpu_time_is_counted_once_it_was_waited_for() -> None:
    before = os.times()
    source = "import time\nwhile time.process_time() < 0.2: pass"
    assert prepared_start.run(code(source)).returncode == 0
    after = os.times()
    assert after.children_user + after.children_system - before.children_user - before.children_system >= 0.15
    assert prepared_start.parent_cpu_s() > 0.02


@pytest.mark.parametrize(
    ("argv", "changed"),
    [
        ([sys.executable, "-W", "error", *code("import sys; sys.stdin.read()")[1:]], {}),
        ([sys.executable, "-c", "import sys; sys.stdin.read()"], {}),
        (code("import sys; sys.stdin.read()"), {"PYTHONWARNINGS": "error"}),
        (code("import sys; sys.stdin.read()"), {"LC_ALL": "C"}),
        (code("import sys; sys.stdin.read()"), {"FORCE_COLOR": "1"}),
    ],
)
def test_what_a_fork_cannot_give_is_started_truly(argv: Sequence[str], changed: dict[str, str]) -> None:
    with prepared_start.Popen(argv, env={**os.environ, **changed}, stdin=subprocess.PIPE) as process:
        assert not is_forked(process)
        process.communicate(timeout=60)


def test_the_switch_starts_everything_truly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(prepared_start.SWITCH, "0")
    with prepared_start.Popen(code("import sys; sys.stdin.read()"), stdin=subprocess.PIPE) as process:
        assert not is_forked(process)
        process.communicate(timeout=60)
