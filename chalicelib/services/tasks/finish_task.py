"""Ends a task: accepted once; the same word said again is accepted again.

A failure of the infrastructure ends it only when no attempt is left: before that the task is given to another runner.
"""

from dataclasses import dataclass, replace

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.errors import BadRequest, Refusal
from chalicelib.domain.handing_back import by_infrastructure, history, is_holder, was_handed_back
from chalicelib.domain.ports import Refused, Storage, Tasks, Verdict
from chalicelib.domain.records import Task
from chalicelib.domain.transitions import IN_FLIGHT
from chalicelib.services.tasks.refusals import explain


@dataclass(frozen=True)
class FinishTask:
    tasks: Tasks
    storage: Storage

    def __call__(self, run_id: str, number: int, verdict: Verdict) -> None:
        """`verdict` names the keys as the runner sent them.

        Raises BadRequest for a key of this attempt that we did not issue; TaskNotFound, InvalidRunner, Forbidden, LeaseLost,
        TaskFinished, TaskCancelled; Unavailable when the bucket does not tell what a client uploaded that does not say.
        """
        bound = self._bind(run_id, number, verdict)
        if by_infrastructure(bound):
            task = self.tasks.get(run_id, number)
            if task and self._tried_again(task, bound):
                return
            if task and task.attempt > 1 and is_holder(task, bound):
                bound = replace(bound, reason=history(task, bound))
        key = bound.result_key or bound.error_key
        bound = replace(bound, seal=(bound.seal or self.storage.seal_of(key)) if key else None)
        try:
            self.tasks.finish(run_id, number, bound)
        except Refused as refused:
            if not _said_before(refused.task, bound):
                raise _refusal(refused.task, bound) from None

    def _tried_again(self, task: Task, verdict: Verdict) -> bool:
        """Hands the task back while attempts are left; what is said again was done already."""
        if was_handed_back(task, verdict):
            return True
        if not is_holder(task, verdict) or task.attempt >= task.max_attempts:
            return False
        try:
            self.tasks.hand_back(task, verdict)
        except Refused:  # whatever came between is explained where the task is ended
            return False
        return True

    def _bind(self, run_id: str, number: int, verdict: Verdict) -> Verdict:
        """Ties the verdict to the attempt whose upload key it names; only keys that we issued are ever stored.

        A name that nobody issued, from the holder of the task, means the key that was issued: clients of the reference
        system make up names of their own.
        """
        kind = "result" if verdict.status is TaskStatus.COMPLETED else "error"
        key = verdict.result_key or verdict.error_key
        if key is None:
            return verdict
        issued = self.storage.nonce_of(key, run_id=run_id, number=number, kind=kind)
        if issued is None or issued.nonce is None:
            task = self._owned(run_id, number, verdict)
            if task.nonce is None or (issued is None and task.status not in IN_FLIGHT):
                raise _refusal(task, verdict)
            result, error = self.storage.upload_keys(task)
            if issued is None and key.partition("/")[0] == result.partition("/")[0]:  # made by us, for another task
                raise BadRequest(f"s3_{kind}_key was not issued for this task: {key[:200]}", code="foreign_key")
            key = result if kind == "result" else error
            issued = self.storage.nonce_of(key, run_id=run_id, number=number, kind=kind)
        nonce, attempt = (issued.nonce, issued.attempt) if issued else (None, None)
        bound = replace(verdict, nonce=nonce, attempt=verdict.attempt if verdict.attempt is not None else attempt)
        return replace(bound, result_key=key) if kind == "result" else replace(bound, error_key=key)

    def _owned(self, run_id: str, number: int, verdict: Verdict) -> Task:
        task = self.tasks.get(run_id, number)
        if task is None or task.runner_id != verdict.runner_id:
            raise _refusal(task, verdict)
        return task


def _refusal(task: Task | None, verdict: Verdict) -> Refusal:
    return explain(task, runner_id=verdict.runner_id, attempt=verdict.attempt, fleet_key=verdict.fleet_key)


def _said_before(task: Task | None, verdict: Verdict) -> bool:
    if task is None or task.runner_id != verdict.runner_id or task.status is not verdict.status:
        return False
    if verdict.attempt not in (None, task.attempt):
        return False
    same_keys = (task.result_key, task.error_key) == (verdict.result_key, verdict.error_key)
    return same_keys and task.error_type == verdict.error_type
