"""Who may speak for a task, and why a conditional write on one was refused: the item came back with the refusal."""

from dataclasses import dataclass

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.errors import (
    BadRequest,
    Forbidden,
    InvalidRunner,
    LeaseLost,
    Refusal,
    TaskCancelled,
    TaskFinished,
    TaskNotFound,
)
from chalicelib.domain.ports import Tasks
from chalicelib.domain.records import Task
from chalicelib.domain.transitions import IN_FLIGHT


def explain(task: Task | None, *, runner_id: str, attempt: int | None, fleet_key: bool = False) -> Refusal:
    """The order of checks is the reference system's: unknown task, then foreign runner, then state."""
    if task is None:
        return TaskNotFound()
    if task.runner_id != runner_id:
        # A first attempt has "" for a former runner: a caller without a name must not be taken for it.
        former = bool(runner_id) and task.former_runner_id == runner_id
        lost = former or (attempt is not None and attempt < task.attempt)
        return LeaseLost("The lease of this task went to another runner") if lost else InvalidRunner()
    if attempt is not None and attempt != task.attempt:
        return LeaseLost(f"This is attempt {task.attempt} of the task, not {attempt}")
    if task.status is TaskStatus.CANCELLED:
        return TaskCancelled("The task was cancelled")
    if task.status in IN_FLIGHT and fleet_key and task.bound:
        words = "This attempt has a token of its own, which its claim was answered with: a runner's key may not speak for it"
        return Forbidden(words, code="attempt_token_needed")
    if task.status in IN_FLIGHT:
        return BadRequest("The key was not issued for this attempt of the task", code="foreign_key")
    if task.status is TaskStatus.PENDING:
        return LeaseLost("The lease of this task ran out")
    return TaskFinished(f"The task has already {task.status}")


@dataclass(frozen=True)
class CheckOwner:
    tasks: Tasks

    def __call__(self, run_id: str, number: int, *, runner_id: str) -> None:
        """Raises TaskNotFound, InvalidRunner or LeaseLost unless the task is or was this runner's."""
        task = self.tasks.get(run_id, number)
        if task is None or task.runner_id != runner_id:
            raise explain(task, runner_id=runner_id, attempt=None)
