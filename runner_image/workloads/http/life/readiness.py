"""Is it ready? A 2xx on one of its health paths, from a socket that is its own."""

import http.client
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from runner_image.workloads.http.life import ports
from runner_image.workloads.http.life.tree import listening
from runner_image.workloads.http.whole import within

TRY_S = 2.0
EVERY_S = 0.03


class Starting(Protocol):
    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...


@dataclass(frozen=True)
class NotReady(Exception):
    """`seen` says what was there instead: `ended`, `foreign`, `elsewhere`, `silent` or `refusing`."""

    seen: str
    words: str


def wait_until_ready(
    running: Starting,
    port: int,
    paths: Sequence[str],
    *,
    within_s: float,
    sleep: Callable[[float], None],
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """The path that answered. Raises NotReady, or whatever `sleep` raises when the task is stopped."""
    end = clock() + within_s
    last, ours = "nothing listened", False
    while True:
        code = running.poll()
        if code is not None:
            raise NotReady("ended", f"it ended with exit code {code}")
        if ports.is_answered(port):
            ours = ours or port in listening(running.pid)  # asked once: it looks at every process of the machine
            if not ours and running.poll() is None:
                raise NotReady("foreign", f"port {port} is answered by a process that is not the server's")
            for path in paths:
                found, last = _asked(port, path, min(TRY_S, max(0.1, end - clock())))
                if found:
                    return path
        if clock() >= end:
            raise _too_late(running.pid, port, within_s, last)
        sleep(EVERY_S)


def _asked(port: int, path: str, timeout_s: float) -> tuple[bool, str]:
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=timeout_s)
    try:
        connection.connect()
        with within(timeout_s, partial(connection.sock.shutdown, socket.SHUT_RDWR)) as over:
            found = _answered(connection, path)
        return (False, f"GET {path} was not answered within {timeout_s:g} s") if over.is_set() else found
    except OSError as error:
        return False, _failed(path, error)
    finally:
        connection.close()


def _answered(connection: http.client.HTTPConnection, path: str) -> tuple[bool, str]:
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return False, _failed(path, error)
    return 200 <= status < 300, f"GET {path} was answered with {status}"


def _failed(path: str, error: Exception) -> str:
    return f"GET {path} failed: {type(error).__name__} {error}".rstrip()


def _too_late(pid: int, port: int, within_s: float, last: str) -> NotReady:
    others = sorted(listening(pid) - {port})
    if others and port not in listening(pid):
        where = ", ".join(map(str, others))
        return NotReady("elsewhere", f"after {within_s:g} s it listens on port {where}, not on {port}")
    return NotReady("silent", f"it was not ready after {within_s:g} s: {last}")
