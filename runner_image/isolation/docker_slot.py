"""The slot of a task with isolation `docker`: one container for its commands, another for each that is started beside them.

What was started has a container of its own in the network of the first, so that both meet on loopback, and so that it can be
stopped with everything that it started while the others go on.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol, TypedDict

from runner_image.errors import TaskError
from runner_image.isolation.alarm import alarm
from runner_image.isolation.containers import KILLED, Box, Exec, engine_faults
from runner_image.isolation.protocol import NOTHING, TERM_GRACE_S, TIMED_OUT, require_startable
from runner_image.stopping import Stop

WORK = "/work"  # the work dir, as seen inside
MERGED = ("sh", "-c", 'exec "$@" 2>&1', "sh")  # one pipe for both outputs: the engine's two come in any order
TO_FILES = (
    "sh",
    "-c",
    'out=$1 err=$2; shift 2; if [ "$err" ]; then exec "$@" >"$out" 2>"$err"; else exec "$@" >"$out" 2>&1; fi',
    "sh",
)
END_S = 5.0  # for what was killed inside a container to be gone; then the container is killed


class MakeBox(Protocol):
    """Starts a container for a slot: in a network of its own, or in that of another container (its id)."""

    def __call__(self, *, beside: str | None = None) -> Box: ...


class DockerSlot:
    """Leaving the block kills and removes its containers. The first is made for the first command, and anew after a timeout."""

    def __init__(
        self,
        make: MakeBox,
        *,
        work_dir: Path,
        stop: Stop,
        cores: tuple[int, ...] = (),
        image: str | None = None,
        credentials: Mapping[str, str] = NOTHING,
    ) -> None:
        self._make, self._work_dir, self._stop, self._credentials = make, work_dir, stop, credentials
        self.cores, self.image = cores, image
        self._first: Box | None = None
        self._others: list[Started] = []

    def __enter__(self) -> "DockerSlot":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def environment(self) -> Mapping[str, str]:
        return self._credentials  # beside the image's own

    def close(self) -> None:
        """Every process of the task is dead afterwards."""
        others, self._others = self._others, []
        for started in others:
            started.close()
        first, self._first = self._first, None
        if first:
            first.close()

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
        require_startable(command, environment)
        with self._unless_stopped(), engine_faults():
            box, spared = self._box(), threading.Event()
            running = box.stream([*MERGED, *self._all_inside(command)], **self._place(cwd, environment))
            with self._stop.calling(box.kill_soon), alarm(timeout_s, lambda: self._end(box, running, spared)) as rang:
                for line in running.lines():
                    on_line(line)
                code = running.wait()
            if self._stop.reason or (rang.is_set() and not spared.is_set()):
                self.close()
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
        require_startable(command, environment)
        files = [self._inside(str(stdout)), self._inside(str(stderr)) if stderr else ""]
        for path in filter(None, [stdout, stderr]):
            path.unlink(missing_ok=True)  # made anew, and through no link
        with self._unless_stopped(), engine_faults():
            box = self._make(beside=self._box().container.id)
            try:
                running = box.detach([*TO_FILES, *files, *self._all_inside(command)], **self._place(cwd, environment))
                self._others.append(Started(box, running, stop=self._stop))
            except BaseException:
                box.close()
                raise
        self._stop.check()
        return self._others[-1]

    @contextmanager
    def _unless_stopped(self) -> Iterator[None]:
        """An engine that fails over a container that a stop has just killed is no fault of its own."""
        try:
            yield
        except TaskError:
            if self._stop.reason:
                self.close()
            self._stop.check()
            raise

    def _box(self) -> Box:
        if self._first is None:
            self._first = self._make()
        return self._first

    def _end(self, box: Box, running: Exec, spared: threading.Event) -> None:
        """Ends what took too long. With a server beside it the container stays, since both share its network."""
        if any(started.poll() is None for started in self._others):
            spared.set()
            box.signal_all("KILL")
            if running.wait(END_S) is not None:
                return
            spared.clear()
        box.kill()

    def _place(self, cwd: Path, environment: Mapping[str, str]) -> "_Place":
        inside = {name: self._inside(value) for name, value in {**self._credentials, **environment}.items()}
        return _Place(cwd=self._inside(str(cwd)), environment=inside)

    def _all_inside(self, words: list[str]) -> list[str]:
        return [self._inside(word) for word in words]

    def _inside(self, text: str) -> str:
        """A path of the work dir, wherever it stands in an argument, as the container knows it."""
        return text.replace(str(self._work_dir), WORK)


class _Place(TypedDict):
    cwd: str
    environment: dict[str, str]


class Started:
    """A command in a container of its own, which is removed when the command has ended."""

    def __init__(self, box: Box, running: Exec, *, stop: Stop) -> None:
        self._box, self._running, self._held = box, running, ExitStack()
        self._code: int | None = None
        self.pid = running.pid
        self._held.callback(box.close)
        self._held.enter_context(stop.calling(box.kill_soon))

    def poll(self) -> int | None:
        if self._code is None:
            with engine_faults():
                self._code = self._running.poll()
            if self._code is not None:
                self._held.close()
        return self._code

    def stop(self, *, grace_s: float = TERM_GRACE_S) -> int:
        if self.poll() is None:
            self._box.signal_all("TERM")
            with engine_faults():
                self._code = self._running.wait(grace_s)
        return self.close()

    def close(self) -> int:
        """Kills it, if it still runs. Returns the exit code."""
        self._code = KILLED if self._code is None else self._code
        self._held.close()
        return self._code
