"""A task runner as a process of this machine."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from benchfleet.exceptions import AuthError, BenchfleetError
from benchfleet.local.environment import child_environment
from benchfleet.local.processes import PATIENCE_S, Background, Identity

RUNNER = (sys.executable, "-m", "runner_image")
KEY_REFUSED, CANNOT_WORK = 4, 5  # the exit codes with which a runner says so


@dataclass(frozen=True)
class RunnerPlan:
    """What the runner is told. The key travels through a pipe: arguments and environment could be read by benchmarks."""

    api_url: str
    key: str = field(repr=False)
    run_id: str
    provider: str
    instance_type: str
    slots: int
    isolation: str = "process"
    image: str | None = None
    cores_per_slot: int = 1

    def command(self, runner: Sequence[str] = RUNNER) -> list[str]:
        return [
            *runner,
            *("--orchestrator-url", self.api_url, "--run-id", self.run_id),
            *("--provider", self.provider, "--instance-type", self.instance_type),
            *("--slots", str(self.slots), "--isolation", self.isolation, "--api-key-file", "-"),
            *(("--image", self.image) if self.image else ()),
            *(("--cores-per-slot", str(self.cores_per_slot)) if self.cores_per_slot > 1 else ()),
        ]


class LocalRunner:
    """Runs from `start` to `stop`, or while its block does. `log` None: it writes where this process does."""

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], log: Path | None, key: str | None = None
    ) -> None:
        """`key` is what the process reads from its standard input."""
        self._command = list(command)
        self._key = key
        self._environment = dict(environment)
        self._log = log
        self._process: Background | None = None

    @classmethod
    def of(cls, plan: RunnerPlan, *, log: Path | None, runner: Sequence[str] = RUNNER) -> Self:
        return cls(plan.command(runner), environment=child_environment(os.environ), log=log, key=plan.key)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Raises BenchfleetError if the process cannot be started."""
        self._process = Background.start(self._command, environment=self._environment, log=self._log, told=self._key)

    def find_again(self, identity: Identity, *, log: Path | None) -> None:
        """It was started by an earlier command and writes to `log`; whether it still runs is for `alive` to say."""
        self._log = log
        self._process = Background(identity, log=log)

    @property
    def process(self) -> Background:
        if self._process is None:
            raise BenchfleetError("the runner was not started")
        return self._process

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.alive

    @property
    def exit_code(self) -> int | None:
        return self.process.exit_code

    def check(self) -> None:
        """Raises BenchfleetError, with the end of the log, if the runner has ended with an error."""
        code = self.exit_code
        if code == KEY_REFUSED:
            raise AuthError(f"the runner's key is refused:\n{self.process.log_tail()}", status=401)
        if code == CANNOT_WORK:
            words = "the runner left: three tasks in a row failed by this machine's own fault"
            raise BenchfleetError(f"{words} (exit code {code}):\n{self.process.log_tail()}")
        if code:
            raise BenchfleetError(f"the runner ended with exit code {code}:\n{self.process.log_tail()}")

    def stop(self, *, patience_s: Sequence[float] = PATIENCE_S) -> None:
        """Asks, insists, and at last kills the whole process group."""
        if self._process is not None:
            self._process.end(patience_s=patience_s)
