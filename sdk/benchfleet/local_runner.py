"""A task runner as a process of this machine."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchfleet.exceptions import BenchfleetError

DRAIN_S = 3.0  # after the first SIGTERM, which lets a task end
CANCEL_S = 10.0  # after the second, which stops it
HIDDEN = ("AWS_", "BENCHFLEET_")
_TAIL_LINES = 15


@dataclass(frozen=True)
class RunnerPlan:
    """What the runner is told. The key travels in the environment: an argument could be read by every user."""

    api_url: str
    key: str
    run_id: str
    provider: str
    instance_type: str
    slots: int
    isolation: str = "process"

    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "runner_image"),
            *("--orchestrator-url", self.api_url, "--run-id", self.run_id),
            *("--provider", self.provider, "--instance-type", self.instance_type),
            *("--slots", str(self.slots), "--isolation", self.isolation),
        ]

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Without what is meant for the control plane or the cloud: an emulator in this process sets such variables."""
        kept = {name: value for name, value in inherited.items() if not name.startswith(HIDDEN)}
        return {**kept, "BENCHFLEET_API_KEY": self.key}


class LocalRunner:
    """Runs while its block does; leaves no process behind. Its own session keeps a terminal's Ctrl-C from it."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._log = log

    @classmethod
    def of(cls, plan: RunnerPlan, *, log: Path) -> Self:
        return cls(plan.command(), environment=plan.environment(os.environ), log=log)

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises BenchfleetError, with the end of the log, if the runner has ended with an error."""
        code = self._process.poll()
        if code:
            raise BenchfleetError(f"the runner ended with exit code {code}:\n{self.log_tail()}")

    def log_tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])

    def stop(self) -> None:
        """Asks, insists, and at last kills the whole process group."""
        for patience_s in (DRAIN_S, CANCEL_S):
            if self._ended_within(0):
                break
            self._process.terminate()
            if self._ended_within(patience_s):
                break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _ended_within(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
