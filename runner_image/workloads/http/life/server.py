"""A server from its start to its end. Whatever happens, nothing of it is left afterwards.

Its own signal goes to every process of its tree first, so that it can flush and end in order; who is left after its grace
is killed by the slot, which knows all that the command ever started.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psutil

from runner_image.isolation.protocol import Running
from runner_image.workloads.http.frameworks.record import Framework, filled
from runner_image.workloads.http.life import ports
from runner_image.workloads.http.life.app import App
from runner_image.workloads.http.life.failures import REMEDIES, Kind, ServerFailed, tail
from runner_image.workloads.http.life.log_cap import LogCap
from runner_image.workloads.http.life.memory_cap import MemoryCap
from runner_image.workloads.http.life.readiness import NotReady, wait_until_ready
from runner_image.workloads.http.life.tree import exit_code, is_alive, measured, processes
from runner_image.workloads.protocol import Slot

READY_S = 30.0
_PORTS = 3  # that are tried where somebody else was faster
_POLL_S = 0.01
_TAKEN = ("address already in use", "eaddrinuse", "address in use")
_KINDS: dict[str, Kind] = {"foreign": "foreign_port", "elsewhere": "wrong_port", "silent": "not_ready"}


class Server:
    """Use it as a block: it runs inside, and is gone after it.

    `startup_s`: seconds from the start of its process to its first 2xx. `stubborn`: it had to be killed in the end.
    """

    def __init__(
        self,
        slot: Slot,
        framework: Framework,
        app: App,
        *,
        logs: Path,
        port: int = 0,
        ready_s: float = READY_S,
        memory_bytes: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slot, self._framework, self._app, self._wanted = slot, framework, app, port
        self._ready_s, self._sleep, self._clock = ready_s, sleep, clock
        self._out, self._err = logs / "server_stdout.log", logs / "server_stderr.log"
        self._running: Running | None = None
        self._logs = LogCap([self._out, self._err])
        self._memory = MemoryCap(self._tree, most_bytes=memory_bytes)
        self._held = ExitStack()
        self.command: list[str] = []
        self.port, self.startup_s, self.stubborn = 0, 0.0, False

    def __enter__(self) -> "Server":
        """Raises ServerFailed."""
        self._held.enter_context(self._logs)
        self._held.enter_context(self._memory)
        try:
            for tries_left in reversed(range(_PORTS if self._wanted == 0 else 1)):
                if self._started(last=tries_left == 0):
                    break
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def base_url(self) -> str:
        return f"http://{ports.HOST}:{self.port}"

    @property
    def pid(self) -> int:
        return self._running.pid if self._running else 0

    @property
    def cut_bytes(self) -> int:
        """How much of its logs was dropped: see LogCap."""
        return self._logs.cut_bytes

    def pids(self) -> set[int]:
        """What is measured: the server and everything that it has started, or those of them that its record names."""
        return measured(self.pid, self._framework.measure) if self.pid else set()

    def alive(self) -> None:
        """Raises ServerFailed `died` or `out_of_memory` where it has ended, with the ends of its logs."""
        self._memory.look()
        self._require_memory()
        code = exit_code(self._running) if self._running else 0
        if code is not None:
            raise self._failure("died", f"The server of {self._framework.name} ended with exit code {code} under load")

    def end(self) -> None:
        """Its own signal, its grace, then the end of everything. May be called again."""
        running, self._running = self._running, None
        if running is not None:
            self.stubborn = not self._asked_to_end(running)
            running.stop(grace_s=0.2)
        self._held.close()

    def tails(self) -> dict[str, str]:
        return {"stdout": tail(self._out), "stderr": tail(self._err)}

    def _started(self, *, last: bool) -> bool:
        """False: somebody else took the port in between, and another one may be tried."""
        try:
            with ports.held(self._wanted) as held:
                self.port = held.port
                running = self._launch(held)
        except ports.PortTaken as error:
            raise ServerFailed("foreign_port", str(error)) from error
        began = self._clock()
        try:
            wait_until_ready(
                running, self.port, self._framework.health_paths,
                within_s=self._ready_s, sleep=self._sleep, clock=self._clock,
            )  # fmt: skip
        except NotReady as seen:
            if not last and self._was_taken(seen):
                running.stop(grace_s=0.2)
                return False
            raise self._not_ready(seen) from seen
        self.startup_s = self._clock() - began
        return True

    def _launch(self, held: ports.Held) -> Running:
        values = self._app.values(self._framework, port=held.port, host=ports.HOST)
        self.command = filled(self._framework.start, values)
        own = dict(
            zip(self._framework.environment, filled([*self._framework.environment.values()], values), strict=True)
        )
        environment = {"PORT": str(held.port), **self._app.environment, **own}
        held.release()
        self._running = running = self._slot.start(
            self.command, cwd=self._app.folder, environment=environment, stdout=self._out, stderr=self._err
        )
        return running

    def _was_taken(self, seen: NotReady) -> bool:
        said = " ".join(self.tails().values()).lower()
        return seen.seen == "foreign" or (seen.seen == "ended" and any(words in said for words in _TAKEN))

    def _tree(self) -> set[int]:
        return {each.pid for each in processes(self.pid)} if self.pid else set()

    def _require_memory(self) -> None:
        used = self._memory.over_bytes
        if used is not None:
            most, mib = self._memory.most_bytes, 1024**2
            raise self._failure(
                "out_of_memory",
                f"The server of {self._framework.name} was ended: it used {used // mib} MiB of memory, more than {most // mib}",
            )

    def _not_ready(self, seen: NotReady) -> ServerFailed:
        self._require_memory()
        if seen.seen == "ended":
            code = self._running.poll() if self._running else None
            if code == 127:
                return self._failure(
                    "unavailable", f"{self.command[0]} is not here, which starts {self._framework.name}"
                )
            return self._failure("not_started", f"The server of {self._framework.name} did not start: {seen.words}")
        return self._failure(_KINDS[seen.seen], f"The server of {self._framework.name}: {seen.words}")

    def _failure(self, kind: Kind, message: str) -> ServerFailed:
        return ServerFailed(kind, message, remedy=REMEDIES[kind], tails=self.tails())

    def _asked_to_end(self, running: Running) -> bool:
        """Whether the server and all that it started ended by themselves."""
        wanted, tree = signal.Signals[f"SIG{self._framework.stop_signal}"], list(processes(running.pid))
        for each in tree:
            with contextlib.suppress(OSError, psutil.Error):
                os.kill(each.pid, wanted)
        end = self._clock() + self._framework.grace_s
        while any(is_alive(each) for each in tree):
            if self._clock() >= end:
                return False
            time.sleep(_POLL_S)
        return True
