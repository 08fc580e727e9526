"""Ends a run early."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from chalicelib.domain.errors import RunNotRunning
from chalicelib.domain.ports import Clock, FinalizeQueue, Launches, ProvisionQueue, Refused, Runs, Tasks
from chalicelib.domain.records import Ending, Run, Task
from chalicelib.domain.transitions import OPEN
from chalicelib.services.runs.read_runs import published

_AT_ONCE = 1_000  # tasks that the caller waits for; the finalizer ends the rest
_WRITERS = 8


@dataclass(frozen=True)
class EndOpenTasks:
    """Ends what is open of a run that is closing. A claim that raced it is ended too: any open task is, whoever holds it."""

    tasks: Tasks
    clock: Clock

    def __call__(self, run: Run, *, most: int | None = None) -> None:
        """At most `most` of them, all when None."""
        ending = run.ending or Ending.STOPPED
        still_open = (task for task in self.tasks.all(run) if task.status in OPEN)
        self._end(islice(still_open, most), ending)

    def _end(self, tasks: Iterable[Task], ending: Ending) -> None:
        now_ms = self.clock()

        def end(task: Task) -> None:
            with suppress(Refused):  # it has ended meanwhile, by itself
                self.tasks.end_open(task, ending, now_ms=now_ms)

        with ThreadPoolExecutor(_WRITERS) as pool:
            for _ in pool.map(end, tasks):
                pass


@dataclass(frozen=True)
class StopRun:
    runs: Runs
    tasks: Tasks
    end_open: EndOpenTasks
    queue: FinalizeQueue
    launches: Launches
    provision: ProvisionQueue

    def __call__(self, run_id: str) -> None:
        """Raises RunNotFound, RunNotRunning."""
        published(self.runs, run_id)
        if not self.runs.stop(run_id):
            raise RunNotRunning
        run, _ = published(self.runs, run_id)
        if run.fleet:  # first: machines cost money
            self.launches.hurry(run_id)
            self.provision.send(run_id)
        self.tasks.close_headers(run)
        self.end_open(run, most=_AT_ONCE)
        self.queue.send(run_id)
