"""Fresh upload URLs, for a task that outlasts the first ones or a file whose length and checksum are known by now."""

from dataclasses import dataclass

from benchfleet_contract.tasks import UploadUrls

from chalicelib.domain.ports import Declared, Holder, Storage, Tasks
from chalicelib.domain.transitions import IN_FLIGHT
from chalicelib.services.tasks.refusals import explain


@dataclass(frozen=True)
class SignUploads:
    tasks: Tasks
    storage: Storage

    def __call__(
        self, run_id: str, number: int, *, runner_id: str, holder: Holder, declared: Declared | None
    ) -> UploadUrls:
        """Only for who holds the lease. Raises TaskNotFound, InvalidRunner, Forbidden, LeaseLost, TaskFinished, TaskCancelled."""
        task = self.tasks.get(run_id, number)
        mine = task and task.runner_id == runner_id and holder.attempt in (None, task.attempt)
        if not task or not mine or task.status not in IN_FLIGHT or (task.bound and holder.fleet_key):
            raise explain(task, runner_id=runner_id, attempt=holder.attempt, fleet_key=holder.fleet_key)
        return self.storage.sign_uploads(task, declared)
