"""Isolation `docker`: one container per task, the task's commands as execs inside it.

The container's first process reads its standard input, which this runner holds open: when the runner dies, whatever it
dies of, the engine closes that input, the process ends and the engine removes the container. Killing the container
kills everything in it, so a stop needs no process hunting. Nothing of the host is visible inside but the work dir; what it can
reach over the network is `container_network.py`'s affair.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.utils.socket import frames_iter

from runner_image.errors import TaskError
from runner_image.isolation.container_network import METADATA, ContainerNetwork, shut
from runner_image.isolation.lines import Lines
from runner_image.isolation.processes import alarm
from runner_image.isolation.protocol import TIMED_OUT, Execute, isolation_failed
from runner_image.stopping import Stop

WORK = "/work"  # the work dir, as seen inside
LABEL = "benchfleet"
ENGINE_TIMEOUT_S = 60
NOBODY = 65534  # who runs inside when the runner itself is root
MAX_PROCESSES = 4096
MERGED = ("sh", "-c", 'exec "$@" 2>&1', "sh")  # one pipe for both outputs: the engine's two come in any order
WAIT_FOR_RUNNER = ["sh", "-c", "cat >/dev/null; exit 0"]


@dataclass(frozen=True)
class Limits:
    """Of one container. `memory_bytes` None means no limit; `shut` are the addresses that it may not reach on a bridge."""

    memory_bytes: int | None = None
    network: ContainerNetwork = ContainerNetwork.BRIDGE
    shut: tuple[str, ...] = METADATA


class DockerIsolation:
    """Runs a task's commands in a container of `image`. Raises TaskError where the engine fails us."""

    name = "docker"

    def __init__(self, engine: docker.DockerClient, image: str, *, limits: Limits, labels: Mapping[str, str]) -> None:
        self._engine, self._limits = engine, limits
        self.image: str | None = image
        self._image = image
        self._labels = {LABEL: "task", **labels}

    @property
    def environment(self) -> Mapping[str, str]:
        return {}  # the image's own

    @contextmanager
    def open(self, work_dir: Path, *, core: int | None, stop: Stop) -> Iterator[Execute]:
        own = _own(work_dir)
        executor = _Executor(
            self._engine.api,
            lambda: self._create(work_dir, core=core, user=own),
            work_dir=work_dir,
            stop=stop,
            started=self._shut,
        )
        try:
            yield executor
        finally:
            executor.close()

    def _create(self, work_dir: Path, *, core: int | None, user: str) -> Container:
        self._need_image()
        return self._engine.containers.create(
            self._image,
            entrypoint=WAIT_FOR_RUNNER,
            command=[],
            stdin_open=True,
            network_mode=self._limits.network.value,
            user=user,
            working_dir=WORK,
            environment={"HOME": f"{WORK}/.home"},
            volumes={str(work_dir): {"bind": WORK, "mode": "rw"}},
            cpuset_cpus=None if core is None else str(core),
            mem_limit=self._limits.memory_bytes,
            pids_limit=MAX_PROCESSES,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            labels=self._labels,
            auto_remove=True,
        )

    def _shut(self, container: Container) -> None:
        if self._limits.network is ContainerNetwork.BRIDGE:
            shut(self._engine, container, image=self._image, addresses=self._limits.shut, labels=self._labels)

    def _need_image(self) -> None:
        try:
            self._engine.images.get(self._image)
        except ImageNotFound:
            self._engine.images.pull(self._image)


class _Executor:
    """Starts the container with the first command, and anew after a timeout has killed it."""

    def __init__(
        self,
        api: Any,
        create: Callable[[], Container],
        *,
        work_dir: Path,
        stop: Stop,
        started: Callable[[Container], None],
    ) -> None:
        self._api, self._create, self._work_dir, self._stop = api, create, work_dir, stop
        self._started = started
        self._container: Container | None = None
        self._held = ExitStack()

    def __call__(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        timeout_s: float | None = None,
    ) -> int:
        """The exit code; 124 after a timeout. Raises Stopped when the container is dead."""
        self._stop.check()
        with self._unless_stopped(), _engine_faults():
            container = self._running()
            with self._stop.calling(self._kill_soon), alarm(timeout_s, self._kill_soon) as rang:
                code = self._exec(container, command, cwd=cwd, environment=environment, on_line=on_line)
            if rang.is_set() or self._stop.reason:
                self.close()
        self._stop.check()
        return TIMED_OUT if rang.is_set() else code

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

    def close(self) -> None:
        """Kills and removes the container, if there is one. Every process in it is dead afterwards."""
        container, self._container = self._container, None
        if container is not None:
            with contextlib.suppress(NotFound, APIError):
                container.remove(force=True)
            with contextlib.suppress(NotFound, APIError):
                container.wait(condition="removed")
        self._held.close()

    def _running(self) -> Container:
        if self._container is None:
            self._container = self._create()
            line = self._container.attach_socket(params={"stdin": 1, "stream": 1})
            self._held.callback(_hang_up, line)
            self._container.start()
            try:
                self._started(self._container)
            except BaseException:
                self.close()
                raise
        return self._container

    def _exec(
        self,
        container: Container,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> int:
        api = self._api
        inside = {key: self._inside(value) for key, value in environment.items()}
        argv = [*MERGED, *(self._inside(part) for part in command)]
        started = api.exec_create(container.id, argv, workdir=self._inside(str(cwd)), environment=inside)
        stream = api.exec_start(started["Id"], socket=True)
        try:
            for line in _lines_of(stream):
                on_line(line)
        finally:
            _hang_up(stream)
        return self._exit_code(started["Id"])

    def _exit_code(self, exec_id: str) -> int:
        try:
            code = self._api.exec_inspect(exec_id)["ExitCode"]
        except NotFound:  # the container was killed under it
            code = None
        return 137 if code is None else int(code)

    def _inside(self, text: str) -> str:
        """A path of the work dir, wherever it stands in an argument, as the container knows it."""
        return text.replace(str(self._work_dir), WORK)

    def _kill_soon(self) -> None:
        """Returns at once: the caller keeps leases or watches a clock."""
        threading.Thread(target=self._kill, daemon=True).start()

    def _kill(self) -> None:
        container = self._container
        if container is not None:
            with contextlib.suppress(DockerException):
                container.kill()


def _lines_of(stream: Any) -> Iterator[str]:
    """Both outputs, merged as they came, until the command has ended or the container is dead."""
    lines = Lines()
    for _channel, chunk in frames_iter(stream, tty=False):  # type: ignore[no-untyped-call]
        yield from lines.feed(chunk)
    yield from lines.end()


def _hang_up(line: Any) -> None:
    """docker-py hands out a SocketIO over HTTP, and over TLS or npipe something else: close what there is."""
    with contextlib.suppress(OSError):
        getattr(line, "_sock", line).close()
    with contextlib.suppress(OSError):
        line.close()


@contextmanager
def _engine_faults() -> Iterator[None]:
    try:
        yield
    except DockerException as error:
        raise isolation_failed(f"The Docker engine failed: {error}") from error


def _own(work_dir: Path) -> str:
    """Makes the work dir writable for the user inside, who is never root; returns `uid:gid`."""
    (work_dir / ".home").mkdir(exist_ok=True)
    if os.getuid() != 0:
        return f"{os.getuid()}:{os.getgid()}"
    for path in (work_dir, *work_dir.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return f"{NOBODY}:{NOBODY}"


def connect(timeout_s: int = ENGINE_TIMEOUT_S) -> docker.DockerClient | None:
    """A client of the engine that the environment names; None if none answers."""
    try:
        engine = docker.from_env(timeout=timeout_s)
    except DockerException:
        return None
    try:
        engine.ping()
    except DockerException:
        engine.close()
        return None
    return engine


def has_image(engine: docker.DockerClient, image: str) -> bool:
    try:
        engine.images.get(image)
    except DockerException:
        return False
    return True
