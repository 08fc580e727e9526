"""Starts this project's Python programs from a process that has imported their modules already: `Popen` and `run`.

Both take and give what those of `subprocess` do. `python -m` with one of the `ENTRIES`, and `python -c` with code that names
one, is forked from the prepared parent (tests/prepared_parent.py), one for each worker of pytest; it costs a tenth of the CPU
time. The new process is a child of this one: pid, signals, exit code, pipes and CPU times are the system's own.
What the prepared parent cannot give is started as always:

- another program, flags of Python (`-W`, `-I`, …), `preexec_fn`, `pass_fds`, other users, groups or umasks;
- an environment that differs in what Python or libraries read when they start or are imported (`READ_AT_START`);
- any start on a system that is not Linux, and with `PREPARED_START=0` in its environment (`TRULY`) or in this process's, which
  is how a file is checked and measured with real starts.

What the program starts itself, it starts truly, unless its environment says that it forks, too (`forking`): then a copy of the
prepared parent stays beside it as a child of its own.

What differs in a process that was forked so, and so is left to tests that start with `subprocess`: modules beyond those that a
command needs are loaded; `/proc/<pid>/environ` and `cmdline` are the parent's; the hash seed is the parent's; limits on open
files and cores are those that the worker had when it first asked; at its end it flushes, runs exit handlers and waits for
threads, but frees no objects.

While a process is started, this one is the reaper of orphans among its descendants. One that is orphaned in these
milliseconds stays as a zombie until this process ends.
"""

import atexit
import ctypes
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil

ENTRIES = ("local_emulator", "runner_image", "benchfleet.cli.main")
READ_AT_START = (
    "PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "TZ", "COVERAGE_", "OPENSSL_", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS",
    "TERMINAL_WIDTH", "_TYPER_",
)  # fmt: skip
SWITCH = "PREPARED_START"
TRULY = {SWITCH: "0"}  # in the environment of a start
RUNNER, EMULATOR = "runner_image", "benchfleet.cli.main emulator"  # what `benchfleet run` starts
ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 150_000  # of a request; the kernel takes some more at once
END_S = 10
_PR_SET_CHILD_SUBREAPER = 36
_NAMES = tuple(inspect.signature(subprocess.Popen._execute_child).parameters)[1:]  # type: ignore[attr-defined]
_UNLIKE = {"preexec_fn": None, "pass_fds": (), "executable": None, "shell": False, "gid": None, "gids": None, "uid": None,
           "umask": -1, "process_group": -1, "close_fds": True, "restore_signals": True}  # fmt: skip


def forking(*words: str) -> dict[str, str]:
    """In the environment of a start: the program forks these, `RUNNER` or such, where it would start them."""
    return {SWITCH: ",".join(words)}


class PreparedParent:
    """The other process, and the socket to it. Ends when the socket is closed."""

    def __init__(
        self, asking: socket.socket, environment: Mapping[str, str], process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self._socket, self._environment, self._process = asking, environment, process
        self._lock = threading.Lock()

    @classmethod
    def started(cls) -> Self:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BENCHFLEET_")}
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.prepared_parent", str(theirs.fileno())],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        return cls(ours, environment, process)

    def takes(self, environment: Mapping[str, str]) -> bool:
        return _read_at_start(environment) == _read_at_start(self._environment)

    def start(self, request: dict[str, Any], files: Sequence[int]) -> int:
        """The pid of a child of this process with these three files. Raises OSError when the parent is gone."""
        with self._lock:
            _reap_orphans(True)
            try:
                socket.send_fds(self._socket, [json.dumps(request).encode()], files)
                if answer := self._socket.recv(64):
                    return int(answer)
            finally:
                _reap_orphans(False)
        raise OSError("the prepared parent has ended: what it said is above")

    def cpu_s(self) -> float:
        """What it spent so far; its children's is ours."""
        if self._process is None:
            return 0.0
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.NoSuchProcess:
            return 0.0
        return float(times.user + times.system + times.children_user + times.children_system)

    def end(self) -> None:
        self._socket.close()
        if self._process:
            self._process.wait(END_S)


_parent: PreparedParent | None = None
_parent_lock = threading.Lock()


def the_parent() -> PreparedParent:
    """Of this process; started when it is first asked for."""
    global _parent
    with _parent_lock:
        if _parent is None:
            _parent = PreparedParent.started()
            atexit.register(_parent.end)
        return _parent


def fork_from(asking: socket.socket) -> None:
    """From now on this process forks from the one at the other end, also where it uses `subprocess`."""
    global _parent
    _parent = PreparedParent(asking, dict(os.environ))
    subprocess.Popen = _Popen  # type: ignore[misc]


def parent_cpu_s() -> float:
    """CPU seconds of the prepared parent; 0 if nobody asked for one."""
    return _parent.cpu_s() if _parent else 0.0


class _Popen(subprocess.Popen[Any]):
    def _execute_child(self, *given: Any) -> None:
        asked: Any = dict(zip(_NAMES, given, strict=True))
        environment = dict(os.environ if asked["env"] is None else asked["env"])
        cwd = os.fspath(asked["cwd"] or os.getcwd())
        argv = [os.fspath(word) for word in asked["args"]] if not isinstance(asked["args"], str) else []
        request = {"argv": argv, "env": environment, "cwd": cwd, "session": asked["start_new_session"]}
        if not self._fits(asked, request):
            super()._execute_child(*given)  # type: ignore[misc]
            return
        ends = (asked["p2cread"], asked["c2pwrite"], asked["errwrite"])
        files = [end if end >= 0 else usual for usual, end in enumerate(ends)]
        self.pid = the_parent().start(request, files)
        self._child_created = True
        self._close_pipe_fds(*(asked[name] for name in _NAMES[_NAMES.index("p2cread") :][:6]))  # type: ignore[attr-defined]

    @staticmethod
    def _fits(asked: dict[str, Any], request: dict[str, Any]) -> bool:
        if sys.platform != "linux" or "0" in (os.environ.get(SWITCH), request["env"].get(SWITCH)):
            return False
        if any(asked[name] != usual for name, usual in _UNLIKE.items()) or not os.path.isdir(request["cwd"]):
            return False
        text = isinstance(request["cwd"], str) and all(isinstance(word, str) for word in request["argv"])
        return (
            text
            and entry_of(request["argv"]) is not None
            and len(json.dumps(request)) < MOST_BYTES
            and the_parent().takes(request["env"])
        )


def entry_of(argv: Sequence[str]) -> str | None:
    """Which of the `ENTRIES` this Python runs by this command line; None: none, or by another Python."""
    if len(argv) < 3 or argv[0] != sys.executable:
        return None
    if argv[1] == "-m":
        return argv[2] if argv[2] in ENTRIES else None
    return next((entry for entry in ENTRIES if argv[1] == "-c" and entry in argv[2]), None)


def _run(
    *arguments: Any,
    input: Any = None,
    capture_output: bool = False,
    timeout: float | None = None,
    check: bool = False,
    **more: Any,
) -> subprocess.CompletedProcess[Any]:
    start: Any = _Popen  # its overloads are for callers
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} if capture_output else {}
    pipes |= {} if input is None else {"stdin": subprocess.PIPE}
    with start(*arguments, **pipes, **more) as process:
        try:
            out, err = process.communicate(input, timeout=timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}


def _reap_orphans(wanted: bool) -> None:
    """While wanted, orphans among our descendants become our children, not those of the system's first process."""
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0):
        raise OSError("this system lets no process adopt orphans")


if TYPE_CHECKING:
    from subprocess import Popen as Popen
    from subprocess import run as run
else:
    Popen, run = _Popen, _run
