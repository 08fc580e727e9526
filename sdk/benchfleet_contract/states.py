"""The states that people and programs see. Legal transitions are in `chalicelib/domain/transitions.py`."""

from enum import StrEnum
from typing import Literal

Order = Literal["interleaved", "abba", "grouped"]  # of the tasks of a run that compares subjects


class RunStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """No task of the run is given out any more. Its archive may still have to be built."""
        return self is not RunStatus.RUNNING


class TaskStatus(StrEnum):
    PENDING = "pending"
    CLAIMED = "claimed"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED})


class ArchiveState(StrEnum):
    NONE = "none"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"

    @property
    def is_settled(self) -> bool:
        """It is not built any more: there, or given up."""
        return self in (ArchiveState.READY, ArchiveState.FAILED)


class StopReason(StrEnum):
    """Why a run with a target precision hands out no more tasks of a machine."""

    PRECISION = "precision_reached"
    TIME = "time_reached"
    TASKS = "max_tasks_reached"


NOT_NEEDED = frozenset({StopReason.PRECISION, StopReason.TIME})  # reasons of tasks that were cancelled by design

TESTS_FAILED, NO_TEST_SUCCEEDED = "tests_failed", "no_test_succeeded"  # of a fleet run that has ended
FLEET_RESULTS_FAILED = "fleet_results_failed"  # likewise: its results could not be made
NOT_PROVISIONED = "not_provisioned"  # of a task: no machine of its type could be had; of a run: no task got one
PARTLY_PROVISIONED = "partly_provisioned"  # of a run: some tasks got no machine


class HeartbeatStatus(StrEnum):
    BOOT = "boot"
    PROVISION = "provision"
    RUNNING = "running"
    UPLOADING = "uploading"
    FINISHED = "finished"
    ERROR = "error"


class FailureClass(StrEnum):
    """`benchmark`: the thing measured failed. `infrastructure`: we failed."""

    BENCHMARK = "benchmark"
    INFRASTRUCTURE = "infrastructure"


class ResultState(StrEnum):
    """What is wrong with what a task uploaded."""

    CORRUPT = "corrupt"  # there, and not to be unpacked
    MISSING = "missing"
