"""Keeps a run's counters from the table's stream, and notices when the last task has ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.counting import Change
from chalicelib.domain.metering import Meter
from chalicelib.domain.ports import Clock, FinalizeQueue, Runs
from chalicelib.domain.transitions import IN_FLIGHT

_TELLING = frozenset(
    {TaskStatus.COMPLETED, TaskStatus.PENDING}
)  # a result to judge by, or a task that may not be needed


@dataclass(frozen=True)
class CountChanges:
    runs: Runs
    queue: FinalizeQueue
    clock: Clock
    meter: Meter = field(default_factory=Meter)

    def __call__(self, changes: Mapping[str, list[Change]]) -> None:
        """`changes` by run. Told twice, they count once; the message may go out twice, and the finalizer knows."""
        for run_id, of_run in changes.items():
            self.meter.add(
                "Claims", sum(change.before is TaskStatus.PENDING and change.after in IN_FLIGHT for change in of_run)
            )
            counts = self.runs.count(run_id, of_run, now_ms=self.clock())
            if counts and counts.open() == 0:
                self.queue.send(run_id)
            elif counts and counts.judged and any(change.after in _TELLING for change in of_run):
                self.queue.send_judgement(run_id)
