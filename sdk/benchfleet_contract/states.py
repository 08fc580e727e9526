"""The states that people and programs see. Legal transitions are in `chalicelib/domain/transitions.py`."""

from enum import StrEnum


class RunStatus(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


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
