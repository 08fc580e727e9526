"""The whole system on this machine, for one real run."""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.runs import CreatedRun, RunDetail
from benchfleet_contract.states import RunStatus

from benchfleet.client import Client
from benchfleet.exceptions import BenchfleetError, ConfigError, RunFailed
from benchfleet.fetching import fetch
from benchfleet.following import Display, follow
from benchfleet.local_runner import LocalRunner, RunnerPlan
from benchfleet.results_folder import Row, read
from local_emulator.config import EmulatorConfig, Ready
from local_emulator.errors import EmulatorError
from local_emulator.stack import Emulator


@dataclass(frozen=True)
class Demo:
    """What was asked for. `timeout_s` bounds the run, from its creation to its archive."""

    config: Path
    results: Path
    slots: int
    timeout_s: float


@dataclass(frozen=True)
class Ended:
    """What came of it."""

    run: RunDetail
    folder: Path
    rows: list[Row]
    took_s: float

    def document(self) -> dict[str, Any]:
        return {
            "run_id": self.run.run_id,
            "status": self.run.status,
            "tasks": self.run.tasks.model_dump(),
            "results": str(self.folder),
            "archive": self.run.archive.model_dump(mode="json", exclude={"url"}),
            "took_s": round(self.took_s, 1),
            "measurements": [row.document() for row in self.rows],
        }

    def require_success(self) -> None:
        """Raises RunFailed unless every task completed and something was measured."""
        run, tasks = self.run, self.run.tasks
        if run.status != RunStatus.COMPLETED:
            raise RunFailed(f"run {run.run_id} is {run.status}: {run.reason or 'no reason given'}; see {self.folder}")
        if missing := tasks.total - tasks.completed:
            raise RunFailed(f"{missing} of {tasks.total} tasks of run {run.run_id} did not complete; see {self.folder}")
        if not self.rows:
            raise RunFailed(f"run {self.run.run_id} measured nothing; see {self.folder}")


def play(demo: Demo, shown: Display) -> Ended:
    """Does all of it. Raises BenchfleetError."""
    body = read_config(demo.config)
    started = time.monotonic()
    with ExitStack() as stack:
        shown.note("Starting the emulator")
        ready = stack.enter_context(_emulator())
        client = stack.enter_context(Client(ready.api_url, key=ready.keys.admin))
        created = client.create_run(body)
        shown.note(f"Run {created.run_id} with {created.tasks_created} tasks at {ready.api_url}")
        runners = [stack.enter_context(runner) for runner in _runners(demo, ready, created, stack)]
        ended = follow(
            client,
            created.run_id,
            display=shown,
            check=lambda: _check(runners),
            timeout_s=demo.timeout_s,
        )
        folder = fetch(ended, demo.results)
    return Ended(ended, folder, rows=read(folder), took_s=time.monotonic() - started)


def read_config(path: Path) -> dict[str, Any]:
    """Raises ConfigError if there is no JSON object."""
    try:
        body = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ConfigError(f"{path} must hold a JSON object")
    return body


@contextmanager
def _emulator() -> Iterator[Ready]:
    try:
        with Emulator(EmulatorConfig()) as emulator:
            yield emulator.ready
    except EmulatorError as error:
        raise BenchfleetError(str(error)) from error


def _check(runners: Sequence[LocalRunner]) -> None:
    for runner in runners:
        runner.check()


def _runners(demo: Demo, ready: Ready, created: CreatedRun, stack: ExitStack) -> Iterator[LocalRunner]:
    """One runner for each kind of task; their logs last as long as the stack."""
    logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchfleet-demo-")))
    kinds = sorted({(task.provider, task.instance_type) for task in created.tasks})
    for number, (provider, instance_type) in enumerate(kinds):
        plan = RunnerPlan(
            api_url=ready.api_url,
            key=ready.keys.runner,
            run_id=created.run_id,
            provider=provider,
            instance_type=instance_type,
            slots=demo.slots,
        )
        yield LocalRunner.of(plan, log=logs / f"runner-{number}.log")
