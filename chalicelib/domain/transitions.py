"""The legal arrows, as tables. Every conditional write of `store/expressions.py` draws its states from here."""

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.records import RunState

P, C, R = TaskStatus.PENDING, TaskStatus.CLAIMED, TaskStatus.RUNNING
D, F, X = TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED

TASK: dict[TaskStatus, frozenset[TaskStatus]] = {
    P: frozenset({C, F, X}),  # claim; deadline; stop
    C: frozenset({C, R, D, F, X, P}),  # beat; running; complete; fail or timeout; stop; lease ran out
    R: frozenset({R, D, F, X, P}),
    D: frozenset(),
    F: frozenset(),
    X: frozenset(),
}

RUN: dict[RunState, frozenset[RunState]] = {
    RunState.CREATING: frozenset({RunState.RUNNING}),
    RunState.RUNNING: frozenset({RunState.COMPLETED, RunState.FAILED, RunState.CANCELLED}),
    RunState.COMPLETED: frozenset({RunState.DELETING}),
    RunState.FAILED: frozenset({RunState.DELETING}),
    RunState.CANCELLED: frozenset({RunState.DELETING}),
    RunState.DELETING: frozenset({RunState.DELETED}),
    RunState.DELETED: frozenset(),
}

OPEN = frozenset(status for status, targets in TASK.items() if targets)
IN_FLIGHT = frozenset({C, R})
TERMINAL = frozenset(TASK) - OPEN
