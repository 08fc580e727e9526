"""Runners as processes of this machine, one a group of a run, for people without Docker or a cloud."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

RUNNER = (sys.executable, "-m", "runner_image")
GRACE_S = 15.0  # a runner drains on SIGTERM; what still runs then is killed
HIDDEN = ("AWS_", "BENCHFLEET_", "PUBLIC_READ")  # the Lambdas' settings are none of a runner's business

Group = tuple[str, str]  # provider, instance type


class LocalLauncher:
    """Starts runners and ends them: on `stop()`, or when the block ends. The key travels in the environment, never argv.

    `log_dir` takes one file a runner; without it a runner writes where this process does.
    """

    def __init__(
        self,
        *,
        api_url: str,
        api_key: str,
        slots: int | None = None,
        isolation: str = "process",
        log_dir: Path | None = None,
        runner: Sequence[str] = RUNNER,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._api_url = api_url
        self._slots = slots or os.cpu_count() or 1
        self._isolation = isolation
        self._log_dir = log_dir
        self._runner = tuple(runner)
        kept = {name: value for name, value in environment.items() if not name.startswith(HIDDEN)}
        self._environment = kept | {"BENCHFLEET_API_URL": api_url, "BENCHFLEET_API_KEY": api_key}
        self._running: list[subprocess.Popen[bytes]] = []
        self._files = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def launch(self, run_id: str, groups: Iterable[Group]) -> list[subprocess.Popen[bytes]]:
        """One runner a group, with `slots` slots each. Raises OSError if a process cannot be started."""
        started = [self._start(run_id, provider=provider, instance_type=kind) for provider, kind in groups]
        self._running += started
        return started

    def alive(self) -> int:
        return sum(process.poll() is None for process in self._running)

    def stop(self, *, grace_s: float = GRACE_S, monotonic: Callable[[], float] = time.monotonic) -> None:
        """SIGTERM to all, then SIGKILL to the process group of each that has not ended within `grace_s` seconds."""
        for process in self._running:
            if process.poll() is None:
                process.terminate()
        deadline = monotonic() + grace_s
        for process in self._running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - monotonic()))
            with suppress(ProcessLookupError):  # its children, too: a session of its own is a group of its own
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._running.clear()
        self._files.close()

    def _start(self, run_id: str, *, provider: str, instance_type: str) -> subprocess.Popen[bytes]:
        flags = {
            "--orchestrator-url": self._api_url,
            "--run-id": run_id,
            "--provider": provider,
            "--instance-type": instance_type,
            "--slots": str(self._slots),
            "--isolation": self._isolation,
        }
        argv = [*self._runner, *(word for flag in flags.items() for word in flag)]
        output = None
        if self._log_dir:
            name = f"{run_id}-{provider}-{instance_type}".replace("/", "_")
            output = self._files.enter_context((self._log_dir / f"{name}.log").open("ab"))
        return subprocess.Popen(
            argv,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=True,  # Ctrl-C is for us: we tell runners to drain
        )
