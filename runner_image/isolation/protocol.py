"""Where a task's commands run: in a process tree of this machine, or in a container. Picks one, and says what both are.

Importing this must not import the docker SDK: most runners never need it.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from runner_image.errors import TaskError
from runner_image.stopping import Stop

CONTAINER_MARKS = (".dockerenv", "run/.containerenv")


TIMED_OUT = 124  # exit code of a command that ran into its timeout, as timeout(1) has it


class Execute(Protocol):
    """Runs one command to its end in the slot's isolation; `on_line` gets each line of stdout and stderr, merged.

    `environment` is added to the slot's own. Paths of the work dir are understood in arguments; nothing else of this
    process can be counted on inside the slot. Returns the exit code: 127 where there is no such program, TIMED_OUT
    when `timeout_s` has passed. Raises `Stopped` when the task was cancelled meanwhile. In
    both cases the whole process group is dead by then.
    """

    def __call__(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        timeout_s: float | None = None,
    ) -> int: ...


class Isolation(Protocol):
    """Opened once per task; what it yields runs the task's commands, one after another.

    `environment` is what every command sees before its own additions; it holds no secret of the runner.
    """

    name: str
    image: str | None

    @property
    def environment(self) -> Mapping[str, str]: ...

    def open(self, work_dir: Path, *, core: int | None, stop: Stop) -> AbstractContextManager[Execute]: ...


def inside_container(root: Path = Path("/")) -> bool:
    return any((root / mark).exists() for mark in CONTAINER_MARKS)


def isolation_failed(message: str) -> TaskError:
    """This machine could not isolate a task as it was told to: no fault of what was to be measured."""
    return TaskError(message, error_type="isolation_failed")


def choose(wanted: str | None, *, contained: bool, engine_ready: Callable[[], bool]) -> str:
    """`docker` or `process`: as wanted; else docker where an engine can run our image, but never inside a container."""
    if wanted:
        return wanted
    return "docker" if not contained and engine_ready() else "process"
