"""Deletes what a run under deletion has left: objects, tasks, counters, and last the run itself.

May be called any number of times, at any moment, and be killed at any: each step deletes what it finds, and the run's own
item, which keeps the deletion in the sweep's sight, goes last. One at a time works on a run: an id that is free may be used
for a new run at once, and nobody may still be deleting then.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchfleet_contract.workloads.known import LLM

from chalicelib.domain.deleting import free_at_ms
from chalicelib.domain.ports import Clock, Deletions, Launches, Measurements, Runners, Storage, Tasks
from chalicelib.domain.records import Run

REMOVAL_LEASE_MS = 300_000  # then whoever took the run counts as dead, and another may
_RENEW_MS = 30_000
_log = logging.getLogger(__name__)


class RemovalTakenOver(Exception):
    """Another took the run: this one was silent for too long."""


@dataclass(frozen=True)
class RemoveRun:
    deletions: Deletions
    tasks: Tasks
    runners: Runners
    measurements: Measurements
    launches: Launches
    storage: Storage
    clock: Clock
    erase_fleet: Callable[[str], Iterator[int]] = lambda run_id: iter(())

    def __call__(self, run_id: str) -> None:
        """Does nothing for a run that is not being deleted, or that another has taken.

        Raises whatever a step raised, so that the queue delivers the message again.
        """
        now_ms = self.clock()
        taken = self.deletions.take(run_id, now_ms=now_ms, until_ms=now_ms + REMOVAL_LEASE_MS)
        if taken is None:
            return
        number, run = taken
        erased = sum(self._kept(run_id, number, self._steps(run)))
        _log.info("deleted %d objects and items of run %s", erased, run_id)
        free_ms = free_at_ms(run)
        if self.clock() < free_ms:
            self.deletions.hold(run_id, number, until_ms=free_ms)
        else:
            self.deletions.end(run_id, number)

    def _steps(self, run: Run) -> Iterator[int]:
        """Each step takes seconds, however large the run is."""
        of_stores = (
            self.storage.erase(run.run_id), self.tasks.erase(run.run_id, run.task_count), self.runners.erase(run.run_id),
            self.measurements.erase(run.run_id), self.launches.erase(run.run_id),
            self.erase_fleet(run.run_id) if run.workload == LLM else iter(()),
        )  # fmt: skip
        for steps in of_stores:
            yield from steps
            yield 0  # whoever was silent for too long learns it before what comes next: a new run may be there
        self.deletions.erase(run.run_id)

    def _kept(self, run_id: str, number: int, steps: Iterator[int]) -> Iterator[int]:
        """The steps; between them the right to delete is renewed. Raises RemovalTakenOver when it is gone."""
        renewed_ms = self.clock()
        for step in steps:
            yield step
            now_ms = self.clock()
            if now_ms > renewed_ms + _RENEW_MS:
                renewed_ms = now_ms
                if not self.deletions.keep(run_id, number, until_ms=now_ms + REMOVAL_LEASE_MS):
                    raise RemovalTakenOver(f"deletion {number} of run {run_id}")
