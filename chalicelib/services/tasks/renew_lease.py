"""A heartbeat: one conditional write, one write unit."""

from dataclasses import dataclass

from benchfleet_contract.tasks import HeartbeatReply

from chalicelib.domain.ports import Beat, Refused, Tasks
from chalicelib.domain.records import Task
from chalicelib.services.present import renewed
from chalicelib.services.tasks.refusals import explain


@dataclass(frozen=True)
class RenewLease:
    tasks: Tasks

    def __call__(self, run_id: str, number: int, beat: Beat) -> HeartbeatReply:
        """Raises as `task`."""
        return renewed(self.task(run_id, number, beat))

    def task(self, run_id: str, number: int, beat: Beat) -> Task:
        """The task as it is then. Raises TaskNotFound, InvalidRunner, Forbidden, LeaseLost, TaskFinished, TaskCancelled."""
        try:
            return self.tasks.renew(run_id, number, beat)
        except Refused as refused:
            raise explain(
                refused.task, runner_id=beat.runner_id, attempt=beat.attempt, fleet_key=beat.fleet_key
            ) from None
