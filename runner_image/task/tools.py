"""What every task of a runner shares, and the words for how a task ended."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import httpx

from runner_image.control.session import Session
from runner_image.isolation.protocol import Isolation
from runner_image.machine.system import System
from runner_image.task.at_work import AtWork
from runner_image.workloads.protocol import Workload


class TaskEnd(StrEnum):
    COMPLETED = "completed"
    FAILED = "failed"
    DROPPED = "dropped"  # cancelled, or the lease was lost: the result is nobody's


@dataclass(frozen=True)
class Tools:
    """`versions` are the runner's own; `forced_workload` replaces what tasks ask for; `debug` keeps work dirs.

    `credentials` are what kinds of work may ask for by name. `at_work` counts the slots that have a task.
    """

    session: Session
    store: httpx.Client
    isolation: Isolation
    workload: Callable[[str], Workload]
    work_root: Path
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    system: System = field(default_factory=System)
    cloud: Mapping[str, str] | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    forced_workload: str | None = None
    runner_session: Session | None = None  # where `session` speaks for one attempt only
    debug: bool = False
    at_work: AtWork = field(default_factory=AtWork)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
