"""Runners as processes of this machine, one a group of a run, for people without Docker or a cloud."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from benchfleet.local.environment import child_environment
from benchfleet.local.processes import end_all
from benchfleet.local.runner import RUNNER, LocalRunner, RunnerPlan

GRACE_S = 15.0  # a runner drains on SIGTERM; what still runs then is killed

Group = tuple[str, str]  # provider, instance type


class LocalLauncher:
    """Starts runners and ends them: on `stop()`, or when the block ends.

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
        self._api_key = api_key
        self._slots = slots or os.cpu_count() or 1
        self._isolation = isolation
        self._log_dir = log_dir
        self._runner = tuple(runner)
        self._environment = environment
        self._running: list[LocalRunner] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def launch(self, run_id: str, groups: Iterable[Group]) -> list[LocalRunner]:
        """One runner a group, with `slots` slots each. Raises BenchfleetError if a process cannot be started."""
        started = []
        for provider, kind in groups:  # each is known at once: `stop` ends it, also if the next one cannot be started
            started.append(self._start(run_id, provider=provider, instance_type=kind))
            self._running.append(started[-1])
        return started

    def alive(self) -> int:
        return sum(runner.alive for runner in self._running)

    def stop(self, *, grace_s: float = GRACE_S) -> None:
        """SIGTERM to all, then SIGKILL to the process group of each that has not ended within `grace_s` seconds."""
        end_all([runner.process for runner in self._running], patience_s=(grace_s,))
        self._running.clear()

    def _start(self, run_id: str, *, provider: str, instance_type: str) -> LocalRunner:
        plan = RunnerPlan(
            api_url=self._api_url,
            key=self._api_key,
            run_id=run_id,
            provider=provider,
            instance_type=instance_type,
            slots=self._slots,
            isolation=self._isolation,
        )
        name = f"{run_id}-{provider}-{instance_type}".replace("/", "_")
        log = self._log_dir / f"{name}.log" if self._log_dir else None
        environment = child_environment(self._environment)
        runner = LocalRunner(plan.command(self._runner), environment=environment, log=log, key=plan.key)
        runner.start()
        return runner
