"""One command below its keeper (see keeper.py), as the runner sees it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import psutil

from runner_image.isolation import keeper

KEEPER_GRACE_S = 3.0  # for the keeper, after the command's grace: then its whole session is killed from here


class Kept:
    """Leaving the block kills whatever is left.

    `stdout` and `stderr` are descriptors; without `stdout`, `read` gives both outputs, merged.
    """

    def __init__(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        cores: tuple[int, ...],
        grace_s: float,
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> None:
        self._lock, self._grace_s = threading.Lock(), grace_s
        control, self._control = os.pipe()
        report, reported = os.pipe()
        wanted = ",".join(map(str, cores)) or keeper.ANY_CORE
        # -I: neither the work dir nor the workload's PYTHON* variables may change what the keeper imports
        argv = [sys.executable, "-I", "-S", keeper.__file__, str(control), str(reported), wanted, str(grace_s), "--"]
        try:
            self._process = subprocess.Popen(
                [*argv, *command],
                cwd=cwd,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if stdout is None else stdout,
                stderr=subprocess.STDOUT if stderr is None else stderr,
                pass_fds=[control, reported],
                start_new_session=True,
                bufsize=0,
            )
        except BaseException:
            self._close_control()
            os.close(report)
            raise
        finally:
            os.close(control)
            os.close(reported)
        self._report = report

    def read_pid(self) -> int:
        """Of the command, once; waits until it runs. 0 if it never did."""
        with os.fdopen(self._report, "rb") as report:
            self._report = -1
            return int(report.read() or b"0")

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        self.end(grace_s=self._grace_s)
        if self._process.stdout:
            self._process.stdout.close()
        if self._report >= 0:
            os.close(self._report)
            self._report = -1

    def read(self, most: int) -> bytes:
        """Output as it comes, empty at its end."""
        return self._process.stdout.read(most) if self._process.stdout else b""

    def poll(self) -> int | None:
        code = self._process.poll()
        return None if code is None else _as_shell(code)

    def wait(self) -> int:
        return _as_shell(self._process.wait())

    def kill(self) -> None:
        """Asks the keeper to kill everything, and sees to it if there is no keeper any more. Returns at once."""
        self._close_control()
        backstop = threading.Timer(self._grace_s + KEEPER_GRACE_S, self._kill_leftovers)
        backstop.daemon = True
        backstop.start()

    def end(self, *, grace_s: float) -> None:
        """Returns when everything is dead. `grace_s`: between asking and killing, if nobody has asked yet."""
        self._close_control(grace_s)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s + KEEPER_GRACE_S)
        if self._process.poll() is None or (self._process.returncode or 0) < 0:
            _kill_session(self._process.pid)
        self._process.wait()

    def _kill_leftovers(self) -> None:
        if self._process.returncode is None:
            _kill_session(self._process.pid)

    def _close_control(self, grace_s: float | None = None) -> None:
        with self._lock:
            control, self._control = self._control, -1
        if control >= 0:
            if grace_s is not None:
                with contextlib.suppress(BrokenPipeError):
                    os.write(control, str(grace_s).encode())
            os.close(control)


def _as_shell(code: int) -> int:
    return 128 - code if code < 0 else code


def _kill_session(session: int) -> None:
    """Kills every process of a session: the straggler hunt for a keeper that was itself killed or is stuck."""
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)
