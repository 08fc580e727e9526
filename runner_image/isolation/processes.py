"""Isolation `process`: each command in a session and process group of its own, below a keeper (see keeper.py)."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from runner_image.isolation import keeper
from runner_image.isolation.lines import Lines
from runner_image.isolation.protocol import TIMED_OUT, Execute
from runner_image.stopping import Stop

TERM_GRACE_S = 0.5  # between asking a stopped command to end and killing it: enough to flush, too short to measure on
KEEPER_GRACE_S = 3.0  # for the keeper, after that: then its whole session is killed from here
CHUNK_BYTES = 64 * 1024


class ProcessIsolation:
    """Runs commands as processes of this machine."""

    name = "process"

    def __init__(
        self, environment: Mapping[str, str], *, image: str | None = None, term_grace_s: float = TERM_GRACE_S
    ) -> None:
        self._environment, self.image, self._grace_s = dict(environment), image, term_grace_s

    @property
    def environment(self) -> Mapping[str, str]:
        return self._environment

    @contextmanager
    def open(self, work_dir: Path, *, core: int | None, stop: Stop) -> Iterator[Execute]:
        yield _Executor(self._environment, core=core, stop=stop, grace_s=self._grace_s)


class _Executor:
    def __init__(self, environment: Mapping[str, str], *, core: int | None, stop: Stop, grace_s: float) -> None:
        self._environment, self._stop, self._grace_s = environment, stop, grace_s
        self._core = "-" if core is None else str(core)

    def __call__(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        timeout_s: float | None = None,
    ) -> int:
        """The exit code; 124 after a timeout. Raises Stopped, when everything that the command started is dead."""
        self._stop.check()
        kept = _Kept(self._argv(command), cwd=cwd, environment={**self._environment, **environment})
        with kept, self._stop.calling(kept.kill), alarm(timeout_s, kept.kill) as rang:
            kept.stream(on_line)
            code = kept.wait()
        self._stop.check()
        return TIMED_OUT if rang.is_set() else code

    def _argv(self, command: list[str]) -> list[str]:
        # -I: neither the work dir nor the workload's PYTHON* variables may change what the keeper imports
        return [sys.executable, "-I", keeper.__file__, "CONTROL", self._core, str(self._grace_s), "--", *command]


class _Kept:
    """One command below its keeper. Leaving the block kills whatever is left."""

    def __init__(self, argv: list[str], *, cwd: Path, environment: Mapping[str, str]) -> None:
        self._lock = threading.Lock()
        control, self._control = os.pipe()
        argv = [str(control) if part == "CONTROL" else part for part in argv[:4]] + argv[4:]
        try:
            self._process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[control],
                start_new_session=True,
                bufsize=0,
            )
        except BaseException:
            self._close_control()
            raise
        finally:
            os.close(control)

    def __enter__(self) -> "_Kept":
        return self

    def __exit__(self, *_: object) -> None:
        self._close_control()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(KEEPER_GRACE_S)
        if self._process.poll() is None or (self._process.returncode or 0) < 0:
            _kill_session(self._process.pid)
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()

    def kill(self) -> None:
        """Asks the keeper to kill everything, and sees to it if there is no keeper any more. Returns at once."""
        self._close_control()
        backstop = threading.Timer(KEEPER_GRACE_S, self._kill_leftovers)
        backstop.daemon = True
        backstop.start()

    def stream(self, on_line: Callable[[str], None]) -> None:
        """Every line until the last process that holds the output is gone."""
        lines, out = Lines(), self._process.stdout
        while out and (chunk := out.read(CHUNK_BYTES)):
            for line in lines.feed(chunk):
                on_line(line)
        for line in lines.end():
            on_line(line)

    def wait(self) -> int:
        code = self._process.wait()
        return 128 - code if code < 0 else code

    def _kill_leftovers(self) -> None:
        if self._process.returncode is None:
            _kill_session(self._process.pid)

    def _close_control(self) -> None:
        with self._lock:
            control, self._control = self._control, -1
        if control >= 0:
            os.close(control)


def _kill_session(session: int) -> None:
    """Kills every process of a session: the straggler hunt for a keeper that was itself killed or is stuck."""
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)


@contextmanager
def alarm(timeout_s: float | None, action: Callable[[], None]) -> Iterator[threading.Event]:
    """Acts once if the block takes longer than this; the event tells whether it did."""
    rang = threading.Event()

    def ring() -> None:
        rang.set()
        action()

    timer = threading.Timer(timeout_s, ring) if timeout_s is not None else None
    if timer:
        timer.daemon = True
        timer.start()
    try:
        yield rang
    finally:
        if timer:
            timer.cancel()
