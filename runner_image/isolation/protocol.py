"""Where a task's commands run: in a process tree of this machine, or in a container. Picks one, and says what both are.

Importing this must not import the docker SDK: most runners never need it.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from runner_image.control.stopping import Stop, Stopped, StopReason
from runner_image.workloads.protocol import Execute, WorkloadError

__all__ = ["Isolation", "StopReason", "Stopped", "choose", "inside_container", "isolation_failed"]

CONTAINER_MARKS = (".dockerenv", "run/.containerenv")


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


def isolation_failed(message: str) -> WorkloadError:
    """This machine could not isolate a task as it was told to: no fault of what was to be measured."""
    return WorkloadError(message, error_type="isolation_failed", failure_class="infrastructure")


def choose(wanted: str | None, *, contained: bool, engine_ready: Callable[[], bool]) -> str:
    """`docker` or `process`: as wanted; else docker where an engine can run our image, but never inside a container."""
    if wanted:
        return wanted
    return "docker" if not contained and engine_ready() else "process"
