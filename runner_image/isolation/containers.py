"""One container that lives as long as its runner holds it, and commands as execs inside it.

The container's first process reads its standard input, which this runner holds open: when the runner dies, whatever it
dies of, the engine closes that input, the process ends and the engine removes the container. Killing the container
kills everything in it, so a stop needs no process hunting.
"""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, overload

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from docker.utils.socket import frames_iter

from runner_image.isolation.lines import Lines
from runner_image.isolation.protocol import Used, isolation_failed

ENGINE_TIMEOUT_S = 60
KILLED = 137  # exit code of what the engine cannot tell of any more
HOLD = ["sh", "-c", "exec cat >/dev/null"]  # the first process: ends when the runner's end of its input is closed
_ALL_BUT_THE_FIRST = "kill -{signal} -1"
_POLL_S = 0.05


class Box:
    """A running container; `close` it. `container` was created with HOLD, its standard input open, and auto-remove."""

    def __init__(self, container: Container, api: Any, *, closing: Callable[["Box"], None] = lambda _box: None) -> None:
        """Starts it. Raises DockerException; then nothing of it is left. `closing` is called before it is killed or removed."""
        self.container, self._api, self._closing, self._settling = container, api, closing, threading.Lock()
        self._line = container.attach_socket(params={"stdin": 1, "stream": 1})
        try:
            container.start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Kills and removes the container. Every process in it is dead afterwards."""
        self._settle()
        with contextlib.suppress(NotFound, APIError):
            self.container.remove(force=True)
        with contextlib.suppress(NotFound, APIError):
            self.container.wait(condition="removed")
        _hang_up(self._line)

    def kill(self) -> None:
        self._settle()
        with contextlib.suppress(DockerException):
            self.container.kill()

    def kill_soon(self) -> None:
        """Returns at once: the caller keeps leases or watches a clock."""
        threading.Thread(target=self.kill, daemon=True).start()

    def _settle(self) -> None:
        """One at a time: who closes a container waits for the last reading of who is about to kill it."""
        with self._settling:
            self._closing(self)

    @property
    def alive(self) -> bool:
        try:
            self.container.reload()
        except DockerException:
            return False
        return bool(self.container.status == "running")

    def used(self) -> Used | None:
        """What it has used so far; None where the engine does not tell, as of a container that has ended."""
        try:
            told = self._api.stats(self.container.id, stream=False, one_shot=True)["cpu_stats"]
            cpu_ns, held_ns = told["cpu_usage"]["total_usage"], told.get("throttling_data", {}).get("throttled_time", 0)
        except (DockerException, OSError, KeyError, TypeError):
            return None
        return Used(cpu_ns / 1e9, held_ns / 1e9) if cpu_ns else None

    def stream(self, argv: list[str], *, cwd: str, environment: Mapping[str, str]) -> "Exec":
        """Starts a command whose output is to be read."""
        made = self._api.exec_create(self.container.id, argv, workdir=cwd, environment=dict(environment))
        return Exec(self._api, made["Id"], self._api.exec_start(made["Id"], socket=True))

    def detach(self, argv: list[str], *, cwd: str, environment: Mapping[str, str]) -> "Exec":
        """Starts a command that writes to nobody here."""
        made = self._api.exec_create(self.container.id, argv, workdir=cwd, environment=dict(environment))
        self._api.exec_start(made["Id"], detach=True)
        return Exec(self._api, made["Id"])

    def signal_all(self, signal: str) -> None:
        """Sends `TERM`, `KILL` … to every process of the container but the first."""
        with contextlib.suppress(DockerException):
            self.detach(["sh", "-c", _ALL_BUT_THE_FIRST.format(signal=signal)], cwd="/", environment={})


class Exec:
    """A command inside a container."""

    def __init__(self, api: Any, exec_id: str, stream: Any = None) -> None:
        self._api, self._id, self._stream = api, exec_id, stream

    def lines(self) -> Iterator[str]:
        """Both outputs, merged as they came, until the command has ended or the container is dead."""
        lines = Lines()
        try:
            for _channel, chunk in frames_iter(self._stream, tty=False):  # type: ignore[no-untyped-call]
                yield from lines.feed(chunk)
            yield from lines.end()
        finally:
            _hang_up(self._stream)

    @property
    def pid(self) -> int:
        """As the engine's machine sees it; 0 if it has ended."""
        return int(self._api.exec_inspect(self._id)["Pid"])

    def poll(self) -> int | None:
        """The exit code; KILLED where the container was killed under it. None while it runs."""
        try:
            found = self._api.exec_inspect(self._id)
        except NotFound:
            return KILLED
        if found["Running"]:
            return None
        return KILLED if found["ExitCode"] is None else int(found["ExitCode"])

    @overload
    def wait(self) -> int: ...
    @overload
    def wait(self, timeout_s: float) -> int | None: ...
    def wait(self, timeout_s: float = math.inf) -> int | None:
        """The exit code, or None if it still runs after that time."""
        ends = time.monotonic() + timeout_s
        while (code := self.poll()) is None and time.monotonic() < ends:
            time.sleep(_POLL_S)
        return code


def _hang_up(line: Any) -> None:
    """docker-py hands out a SocketIO over HTTP, and over TLS or npipe something else: close what there is."""
    with contextlib.suppress(OSError):
        getattr(line, "_sock", line).close()
    with contextlib.suppress(OSError):
        line.close()


@contextmanager
def engine_faults() -> Iterator[None]:
    """Raises TaskError `isolation_failed` for whatever the engine could not do."""
    try:
        yield
    except DockerException as error:
        raise isolation_failed(f"The Docker engine failed: {error}") from error


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
