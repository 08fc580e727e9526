"""Where a task's commands run: in a process tree of this machine, or in containers. Says what both offer, and picks one.

Importing this must not import the docker SDK: most runners never need it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol

from runner_image.errors import TaskError
from runner_image.stopping import Stop

TIMED_OUT = 124  # exit code of a command that ran into its timeout, as timeout(1) has it
TERM_GRACE_S = 0.5  # between asking a stopped command to end and killing it: enough to flush, too short to measure on
CONTAINER_MARKS = (".dockerenv", "run/.containerenv")
NOTHING: Mapping[str, str] = MappingProxyType({})


class Running(Protocol):
    """A command that was started and goes on by itself, until it ends, is stopped, or its slot is closed.

    `pid` is the command's own, as the machine sees it (with isolation `docker`: the engine's machine).
    """

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """The exit code once the command has ended; everything that it started is dead by then. None while it runs."""

    def stop(self, *, grace_s: float = TERM_GRACE_S) -> int:
        """SIGTERM, after `grace_s` SIGKILL, to everything that the command started. Returns the exit code."""


class Slot(Protocol):
    """Where the commands of one task run.

    `cores` are those that every command is pinned to; empty: to none. `environment` is what every command sees before its
    own additions: no secret of the runner, save the credentials that the kind declares. `image` None: no container.
    Paths of the work dir are understood in arguments, variables and working directories; nothing else of this process can
    be counted on inside the slot. Every call raises `Stopped` when the task was stopped; what ran is dead by then.
    """

    cores: tuple[int, ...]
    image: str | None

    @property
    def environment(self) -> Mapping[str, str]: ...

    def run(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        timeout_s: float | None = None,
    ) -> int:
        """Runs one command to its end; `on_line` gets each line of stdout and stderr, merged. Returns the exit code.

        127 where there is no such program, TIMED_OUT when `timeout_s` has passed. Everything that the command started is
        dead afterwards.
        """

    def start(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: Path,
        stderr: Path | None = None,
    ) -> Running:
        """Starts a command that goes on beside others, such as a server; they reach it over loopback.

        `stdout` and `stderr` are files of the work dir, made anew; without `stderr` both go to `stdout`. A program that is
        not there ends with 127.
        """


@dataclass(frozen=True)
class OfficialImage:
    """The public image that a kind of work is to run in where there are containers and nobody chose an image.

    `packages` (of Debian) are added to it. `is_in` tells by an image's variables and labels whether it serves as well.
    """

    name: str
    packages: tuple[str, ...] = ()
    is_in: Callable[[Mapping[str, str]], bool] = lambda _facts: False


@dataclass(frozen=True)
class Used:
    """CPU seconds that commands have used, and seconds for which a quota held them back, since the runner's start.

    Only of commands that do not run below the runner's process. `unread` counts containers that ended before they were
    asked.
    """

    cpu_s: float = 0.0
    throttled_s: float = 0.0
    unread: int = 0


class Isolation(Protocol):
    """Opened once per task."""

    name: Literal["docker", "process"]
    image: str | None

    def used(self) -> Used:
        """By the commands of all slots so far."""

    def open(
        self,
        work_dir: Path,
        *,
        stop: Stop,
        cores: tuple[int, ...] = (),
        image: str | None = None,
        official: OfficialImage | None = None,
        credentials: Mapping[str, str] = NOTHING,
    ) -> AbstractContextManager[Slot]:
        """Leaving the block kills whatever is left. `image` is the task's own; `official` its kind's.

        Raises TaskError where that image cannot be used.
        """


def inside_container(root: Path = Path("/")) -> bool:
    return any((root / mark).exists() for mark in CONTAINER_MARKS)


def isolation_failed(message: str) -> TaskError:
    """This machine could not isolate a task as it was told to: no fault of what was to be measured."""
    return TaskError(message, error_type="isolation_failed")


def require_startable(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raises TaskError for what no machine can start: the fault of what was asked for, not of this one."""
    odd = next((word for word in (*command, *environment.values()) if "\0" in word), None)
    if odd is not None:
        raise _not_startable(f"{odd!r} has a NUL in it")
    for name in environment:
        if not name or "=" in name or "\0" in name:
            raise _not_startable(f"no variable can be called {name!r}")


def _not_startable(why: str) -> TaskError:
    return TaskError(f"The command cannot be started: {why}", error_type="benchmark_failed", failure_class="benchmark")


def choose(wanted: str | None, *, contained: bool, engine_ready: Callable[[], bool]) -> str:
    """`docker` or `process`: as wanted; else docker where an engine can run our image, but never inside a container."""
    if wanted:
        return wanted
    return "docker" if not contained and engine_ready() else "process"
