"""Takes a run out of everybody's sight, and asks for the rest: one conditional write and one message."""

from dataclasses import dataclass

from chalicelib.domain.deleting import hindrance
from chalicelib.domain.errors import RunNotFound, RunNotOver
from chalicelib.domain.ports import Clock, Deletions, FinalizeQueue, Runs
from chalicelib.domain.records import RunState


@dataclass(frozen=True)
class DeleteRun:
    runs: Runs
    deletions: Deletions
    queue: FinalizeQueue
    clock: Clock

    def __call__(self, run_id: str) -> None:
        """Returns while the run is being deleted; the sweep goes on with what nobody is at.

        Raises RunNotFound, also once the deletion has ended, and RunNotOver.
        """
        found = self.runs.get(run_id)
        if found is None or found[0].state in (RunState.CREATING, RunState.DELETED):
            raise RunNotFound
        run, _ = found
        if run.state is RunState.DELETING:
            return
        if words := hindrance(run):
            raise RunNotOver(words)
        if self.deletions.begin(run_id, now_ms=self.clock()):
            self.queue.send_deletion(run_id)
