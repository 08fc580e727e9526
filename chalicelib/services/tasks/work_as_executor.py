"""What a runner that announced itself says of its tasks: its heartbeats renew both leases, its results count for its reliability.

A process that was fenced is told so, whatever its task's lease says: what it measured beside its successor is dropped.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from benchfleet_contract.registry.executors import ExecutorHeartbeat
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import HeartbeatReply

from chalicelib.domain.errors import InvalidRunner
from chalicelib.domain.ports import Clock, Refused, Tasks, Verdict
from chalicelib.domain.records import Task
from chalicelib.domain.registry.demanding import held_mark, held_task
from chalicelib.domain.registry.ports import ExecutorRefused, Executors
from chalicelib.domain.transitions import IN_FLIGHT
from chalicelib.services.present import renewed
from chalicelib.services.registry.heartbeat import Heartbeat
from chalicelib.services.registry.who import Caller, own

_TASKS_HOLDER = Caller("", is_admin=True)  # who holds a task of an executor speaks for that executor


@dataclass(frozen=True)
class WorkAsExecutor:
    tasks: Tasks
    executors: Executors
    beat_executor: Heartbeat
    clock: Clock

    def renew(self, task: Task, executor_id: str, heartbeat: ExecutorHeartbeat) -> HeartbeatReply:
        """`task` is as its own renewal left it. Raises InvalidRunner for another executor's task; Fenced, Gone, and others."""
        if task.executor_id != executor_id:
            raise InvalidRunner
        told = self.beat_executor(executor_id, heartbeat, _TASKS_HOLDER)
        return renewed(task).model_copy(update={"executor": told.model_dump(mode="json")})

    def finish(
        self, run_id: str, number: int, verdict: Verdict, executor_id: str, generation: int, finish: Callable[[], None]
    ) -> None:
        """Raises Fenced, Gone, ExecutorNotFound, and what `finish` raises."""
        own(self.executors, executor_id, generation, _TASKS_HOLDER, self.clock())
        finish()
        if verdict.attempt is not None:
            mark = held_mark(run_id, number, verdict.attempt)
            with suppress(ExecutorRefused):  # counted already
                succeeded = verdict.status is TaskStatus.COMPLETED
                self.executors.release(executor_id, frozenset({mark}), succeeded=succeeded)


@dataclass(frozen=True)
class HandBackTasks:
    """Tasks of an executor that is gone, or of a process that was fenced: given to others before their leases end."""

    tasks: Tasks
    clock: Clock

    def __call__(self, marks: frozenset[str]) -> int:
        """How many; what has ended, or went on to another attempt, is left alone."""
        return sum(self._hand_back(*held) for held in map(held_task, marks) if held)

    def is_held(self, mark: str) -> bool:
        """Is the task that the mark stands for still at work in that attempt? True of a reserved slot."""
        held = held_task(mark)
        if held is None:
            return True
        run_id, number, attempt = held
        task = self.tasks.get(run_id, number)
        return task is not None and task.status in IN_FLIGHT and task.attempt == attempt

    def _hand_back(self, run_id: str, number: int, attempt: int) -> bool:
        task = self.tasks.get(run_id, number)
        if task is None or task.status not in IN_FLIGHT or task.attempt != attempt:
            return False
        with suppress(Refused):
            if task.attempt < task.max_attempts:
                self.tasks.requeue(task)
            else:
                self.tasks.time_out(task, now_ms=self.clock())
            return True
        return False
