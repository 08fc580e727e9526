"""Fails the pending tasks of types of which no machine can be had: nobody should wait for a deadline to learn that."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.launch_planning import Situation, hopeless
from chalicelib.domain.launch_records import Failure
from chalicelib.domain.ports import Refused, Tasks
from chalicelib.domain.records import Demand, Run, Task

_WRITERS = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GiveUp:
    tasks: Tasks

    def __call__(self, situation: Situation) -> None:
        """Again and again until none is pending: a look that was killed half way is finished by the next."""
        for demand, failure in hopeless(situation):
            _log.warning("no machine for %s of run %s: %s", demand, situation.run.run_id, failure.code)
            self._fail(situation.run, demand, failure, now_ms=situation.now_ms)

    def _fail(self, run: Run, demand: Demand, failure: Failure, *, now_ms: int) -> None:
        def fail(task: Task) -> None:
            with suppress(Refused):  # somebody claimed it after all
                self.tasks.give_up(task, failure, now_ms=now_ms)

        pending = (t for t in self.tasks.all(run) if t.status is TaskStatus.PENDING and t.demand == demand)
        with ThreadPoolExecutor(_WRITERS) as pool:
            for _ in pool.map(fail, pending):
                pass
