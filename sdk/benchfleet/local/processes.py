"""Processes in the background that may outlive this command, and that a later command finds again."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from benchfleet.exceptions import BenchfleetError
from benchfleet.local.aside import on_all_cores

PATIENCE_S = (3.0, 10.0)  # after each SIGTERM: a runner lets its task end after the first and stops it after the second
_LOOK_EVERY_S = 0.02
_KILLED_S = 10.0  # how long a killed process may take to be gone: the kernel's business, not ours
_TAIL_LINES = 15


@dataclass(frozen=True)
class Identity:
    """A pid alone may be somebody else's by now: `started` tells one owner of the number from the next."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """None if there is no such process, or only its corpse."""
        started = _started(pid)
        return cls(pid, started) if started else None

    @property
    def alive(self) -> bool:
        return _started(self.pid) == self.started


def _started(pid: int) -> str | None:
    """When the process was started: ticks of this boot on Linux, what `ps` says elsewhere; None for no live process."""
    if not Path("/proc/self/stat").exists():
        told = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True)
        return told.stdout.decode(errors="replace").strip() or None
    try:
        told_of = Path(f"/proc/{pid}/stat").read_bytes()  # with a name in any bytes: the kernel cuts it after 15
    except OSError:
        return None
    fields = told_of.rpartition(b")")[2].decode().split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


class Background:
    """One process in a session of its own: a terminal's Ctrl-C does not reach it. Started here, or found again."""

    def __init__(self, identity: Identity, *, log: Path | None, child: subprocess.Popen[bytes] | None = None) -> None:
        self.identity = identity
        self.log = log
        self._child = child

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path | None,
        silent: bool = False,
        told: str | None = None,
    ) -> Self:
        """`log` None: it writes where we do. `silent` drops its stdout. `told`: a short text that stands on its stdin.

        Raises BenchfleetError if it cannot start.
        """
        try:
            with contextlib.ExitStack() as files:
                output = files.enter_context(open(_private(log), "ab")) if log else None
                files.enter_context(on_all_cores())
                child = subprocess.Popen(
                    command,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL if told is None else files.enter_context(_pipe_with(told)),
                    stdout=subprocess.DEVNULL if silent else output,
                    stderr=subprocess.STDOUT if output and not silent else output,
                    start_new_session=True,
                )
        except OSError as error:
            raise BenchfleetError(f"cannot start {command[0]}: {error.strerror}: {error.filename}") from error
        return cls(Identity.of(child.pid) or Identity(child.pid, ""), log=log, child=child)

    @property
    def pid(self) -> int:
        return self.identity.pid

    @property
    def alive(self) -> bool:
        return self._child.poll() is None if self._child else self.identity.alive

    @property
    def exit_code(self) -> int | None:
        """None while it runs, and for one that is not our child: only a parent is told."""
        return self._child.poll() if self._child else None

    def log_tail(self) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]) if self.log else ""
        except OSError:
            return ""

    def ask_to_end(self) -> None:
        """SIGTERM, if it is still there and still the one we mean."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def end(self, *, patience_s: Sequence[float] = PATIENCE_S) -> None:
        """Asks, insists, and at last kills the whole process group. Leaves nothing of it behind."""
        end_all([self], patience_s=patience_s)

    def kill_group(self) -> None:
        """Its children, too: a session of its own is a group of its own."""
        if not self.alive and (self._child is None or Identity.of(self.pid)):
            return  # ended long ago, and the number may be somebody else's group by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def ended_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() >= until:
                return False
            time.sleep(_LOOK_EVERY_S)
        return True

    def let_go(self) -> None:
        """It is to outlive this command: nobody will wait for it."""
        if self._child is not None and self._child.poll() is None:
            self._child.returncode = 0  # else Python warns about a child that still runs
            self._child = None


def end_all(processes: Sequence[Background], *, patience_s: Sequence[float] = PATIENCE_S) -> None:
    """Side by side: asks each after every pause in `patience_s` seconds, then kills what is left, and its children."""
    for seconds in patience_s:
        for process in processes:
            process.ask_to_end()
        until = time.monotonic() + seconds
        if all([process.ended_within(until - time.monotonic()) for process in processes]):
            break
    for process in processes:
        process.kill_group()
    for process in processes:
        process.ended_within(_KILLED_S)


def _pipe_with(text: str) -> BinaryIO:
    """The end to read from of a pipe that holds the text, and then is at its end."""
    readable, writable = os.pipe()
    with open(writable, "wb") as pipe:
        pipe.write(text.encode())
    return open(readable, "rb")


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
