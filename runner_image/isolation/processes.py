"""Isolation `process`: each command in a session and process group of its own, below a keeper (see keeper.py)."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from runner_image.errors import TaskError
from runner_image.isolation.alarm import alarm
from runner_image.isolation.kept import Kept
from runner_image.isolation.lines import Lines
from runner_image.isolation.protocol import (
    NOTHING,
    TERM_GRACE_S,
    TIMED_OUT,
    OfficialImage,
    Used,
    require_startable,
)
from runner_image.stopping import Stop

CHUNK_BYTES = 64 * 1024
_OWN_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class ProcessIsolation:
    """Runs commands as processes of this machine. `image` is the one that the runner itself is in, if it is in one."""

    name: Literal["docker", "process"] = "process"

    def __init__(
        self, environment: Mapping[str, str], *, image: str | None = None, term_grace_s: float = TERM_GRACE_S
    ) -> None:
        self._environment, self.image, self._grace_s = dict(environment), image, term_grace_s

    def used(self) -> Used:
        return Used()  # all of it runs below the runner

    @contextmanager
    def open(
        self,
        work_dir: Path,
        *,
        stop: Stop,
        cores: tuple[int, ...] = (),
        image: str | None = None,
        official: OfficialImage | None = None,
        credentials: Mapping[str, str] = NOTHING,
    ) -> Iterator["ProcessSlot"]:
        if image is not None:
            raise _no_image(image)
        environment = {**self._environment, **credentials}
        with ProcessSlot(environment, cores=cores, stop=stop, grace_s=self._grace_s, image=self.image) as slot:
            yield slot


def _no_image(image: str) -> TaskError:
    return TaskError(
        f"The task asks for the image {image!r}, but this runner runs tasks as processes: start it with --isolation docker "
        "on a machine with a Docker engine, or leave `image` out of the run's subjects",
        error_type="image_unavailable",
    )


class ProcessSlot:
    """Leaving the block kills what was started and still runs."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        cores: tuple[int, ...],
        stop: Stop,
        grace_s: float,
        image: str | None = None,
    ) -> None:
        self._environment, self._stop, self._grace_s = environment, stop, grace_s
        self.cores, self.image = cores, image
        self._started = ExitStack()

    def __enter__(self) -> "ProcessSlot":
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    @property
    def environment(self) -> Mapping[str, str]:
        return self._environment

    def run(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        timeout_s: float | None = None,
    ) -> int:
        self._stop.check()
        kept = self._kept(command, cwd=cwd, environment=environment)
        with kept, self._stop.calling(kept.kill), alarm(timeout_s, kept.kill) as rang:
            _stream(kept, on_line)
            code = kept.wait()
        self._stop.check()
        return TIMED_OUT if rang.is_set() else code

    def start(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: Path,
        stderr: Path | None = None,
    ) -> "Started":
        self._stop.check()
        with ExitStack() as held:
            out = _own_file(stdout, held)
            err = None if stderr is None else _own_file(stderr, held)
            kept = self._kept(command, cwd=cwd, environment=environment, stdout=out, stderr=err)
        self._started.enter_context(kept)
        self._started.enter_context(self._stop.calling(kept.kill))
        return Started(kept)

    def _kept(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: int | None = None,
        stderr: int | None = None,
    ) -> Kept:
        merged = {**self._environment, **environment}
        require_startable(command, merged)
        return Kept(
            command, cwd=cwd, environment=merged, cores=self.cores, grace_s=self._grace_s, stdout=stdout, stderr=stderr
        )


class Started:
    """A command that runs below its keeper while the task goes on."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.pid = kept.read_pid()

    def poll(self) -> int | None:
        return self._kept.poll()

    def stop(self, *, grace_s: float = TERM_GRACE_S) -> int:
        self._kept.end(grace_s=grace_s)
        return self._kept.wait()


def _own_file(path: Path, held: ExitStack) -> int:
    """The descriptor of a new file, whatever stood there: never through a link that a benchmark may have left."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    descriptor = os.open(path, _OWN_FILE, 0o644)
    held.callback(os.close, descriptor)
    return descriptor


def _stream(kept: Kept, on_line: Callable[[str], None]) -> None:
    """Every line until the last process that holds the output is gone."""
    lines = Lines()
    while chunk := kept.read(CHUNK_BYTES):
        for line in lines.feed(chunk):
            on_line(line)
    for line in lines.end():
        on_line(line)
