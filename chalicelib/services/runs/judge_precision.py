"""Ends the tasks of a run with a goal that are not needed. May be called any number of times, at any moment.

It goes by what it finds, never by what a message says: so messages may come twice, late, in any order, or not at all, as
the sweep sends one a minute. What a task measured is read once and kept.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from benchfleet_contract.states import StopReason, TaskStatus

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.ports import Clock, Measured, Measurements, Refused, Results, Runs, Tasks
from chalicelib.domain.precision import not_needed, stops
from chalicelib.domain.records import Run, RunState, Task

_READERS = 4  # each holds one output.json
_WRITERS = 8
_TRIES = 3  # another judge may note stops at the same moment
_log = logging.getLogger(__name__)
One = TypeVar("One")
Other = TypeVar("Other")


@dataclass(frozen=True)
class JudgePrecision:
    runs: Runs
    tasks: Tasks
    measurements: Measurements
    results: Results
    clock: Clock

    def __call__(self, run_id: str) -> None:
        """Does nothing for a run that is unknown, is ending, or has no goal.

        Raises Unavailable, after all else is done, when the bucket did not give a result: the queue then asks again.
        """
        run = self._judged(run_id)
        if run is None:
            return
        tasks = list(self.tasks.all(run))
        measured, untold = self._measured(run, tasks)
        for _ in range(_TRIES):
            fresh = stops(run, tasks, measured, now_ms=self.clock())
            if not fresh or self.runs.note_stops(run_id, fresh):
                run = run.evolve(stops={**run.stops, **fresh})
                break
            again = self._judged(run_id)
            if again is None:
                return
            run = again
        self._spare(run, tasks)
        if untold:
            raise Unavailable(f"{untold} results of run {run_id} could not be read")

    def _judged(self, run_id: str) -> Run | None:
        found = self.runs.get(run_id)
        if found is None or found[0].goal is None or found[0].state is not RunState.RUNNING or found[0].ending:
            return None
        return found[0]

    def _measured(self, run: Run, tasks: Iterable[Task]) -> tuple[list[Measured], int]:
        """What is known, and how many results could not be had now."""
        known = self.measurements.all(run.run_id)
        kept = {(one.number, one.attempt) for one in known}
        wanted = [
            task for task in tasks
            if task.status is TaskStatus.COMPLETED and (task.number, task.attempt) not in kept
        ]  # fmt: skip
        read = _each(self._read, wanted, threads=_READERS)
        fresh = [one for one in read if one]
        self.measurements.keep(run.run_id, fresh)
        return [*known, *fresh], len(read) - len(fresh)

    def _read(self, task: Task) -> Measured | None:
        try:
            return self.results.read(task)
        except Unavailable as error:
            _log.warning("the result of task %s cannot be judged by: %s", task.id, error)
            return None

    def _spare(self, run: Run, tasks: Sequence[Task]) -> None:
        now_ms = self.clock()

        def spare(found: tuple[Task, StopReason]) -> None:
            with suppress(Refused):  # it was claimed meanwhile: then it counts
                self.tasks.spare(*found, now_ms=now_ms)

        _each(spare, not_needed(run, tasks), threads=_WRITERS)


def _each(work: Callable[[One], Other], items: Sequence[One], *, threads: int) -> list[Other]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))
