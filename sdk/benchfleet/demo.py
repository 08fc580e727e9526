"""The whole system on this machine, for one real run: `benchfleet run --emulator`, and nothing of it stays but results."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import RunStatus

from benchfleet.client import Client
from benchfleet.config import load
from benchfleet.exceptions import BenchfleetError, RunFailed
from benchfleet.local.isolation import Isolation
from benchfleet.profiles.settings import Connection
from benchfleet.results.folder import Row, read
from benchfleet.running.driver import RunDriver
from benchfleet.running.options import RunOptions
from benchfleet.running.providers.local import PROVIDER, LocalProvisioner
from benchfleet.running.session import Tools
from benchfleet.watch.polling import Display

PROCESSES = Isolation("process", "the demo needs no engine")


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
    """Does all of it. Raises BenchfleetError, and Interrupted once everything has ended."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="benchfleet-demo-") as state:
        options = RunOptions(
            demo.config,
            results=demo.results,
            state_dir=Path(state),
            emulator=True,
            timeout_s=demo.timeout_s,
            slots=demo.slots,
            stays=False,
        )
        ended = RunDriver(options, _tools(shown)).run()
    if ended.run is None or ended.folder is None:
        raise BenchfleetError(ended.words)
    return Ended(ended.run, ended.folder, rows=read(ended.folder), took_s=time.monotonic() - started)


def _tools(shown: Display) -> Tools:
    return Tools(
        load=load,
        connection=lambda url: Connection(url or "", None, None),  # never asked for: the emulator brings its own
        client=lambda url, key: Client(url, key=key),
        watcher=lambda url, key: Client(url, key=key, repeats=False),
        provisioners={PROVIDER: LocalProvisioner(isolate=lambda *_, **__: PROCESSES)},
        display=shown,
    )
