"""What a workload is: prepare, run with progress, collect.

A workload runs in one task's work dir, inside the isolation that its slot gives it (a process group or a container).
It knows nothing of HTTP, leases or uploads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchfleet_contract.results import Output

from runner_image.errors import TaskError
from runner_image.isolation.protocol import TIMED_OUT, OfficialImage, Slot

if TYPE_CHECKING:  # most tasks are of no fleet
    from benchfleet_contract.fleets.leases import LeaseReply, LeaseRequest
    from benchfleet_contract.fleets.outcomes import Outcome as TestOutcome

__all__ = [
    "TIMED_OUT",
    "FleetControl",
    "Job",
    "Outcome",
    "Prepared",
    "Progress",
    "Slot",
    "Workload",
    "WorkloadError",
]


@dataclass(frozen=True)
class Progress:
    """Where a workload is. `percent` is 0 to 100."""

    percent: int
    benchmark: str | None = None
    message: str | None = None


class FleetControl(Protocol):
    """What a shard of a fleet asks of the control plane. Safe to share between threads.

    Each call repeats itself while its failure may pass; it raises Stopped where the task is not ours any more, and
    TaskError where the control plane stays away.
    """

    def work(self) -> "tuple[Mapping[str, Any], Sequence[TestOutcome]]":
        """The shard (see benchfleet_contract/fleets/plan.py), and what earlier attempts have kept of it, oldest first."""

    def keep(self, number: int, outcomes: Sequence["TestOutcome"]) -> None:
        """A chunk of the journal, in place of what had this number; it outlives this runner when the call returns."""

    def lease(self, request: "LeaseRequest") -> "LeaseReply":
        """Quota, concurrency and budget for the next requests, and what became of the last ones."""

    def select(self, model: str) -> str:
        """The base URL of an executor of the registry that serves this model now. Raises LookupError if none does."""


@dataclass(frozen=True)
class Job:
    """What a task asks of its workload. `options` are the run's `workload_options`, as given.

    `fleet` and `credentials` (the runner's declared variables) are for work that sends its requests from the runner itself.
    `subject` is what the run calls that which is measured; `repeat` counts its tasks from 1.
    """

    task_id: str
    work_dir: Path
    options: Mapping[str, Any]
    ruby_version: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    fleet: FleetControl | None = None
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    attempt: int = 1
    subject: str | None = None
    repeat: int = 1


@dataclass(frozen=True)
class Prepared:
    """What `prepare` found out: the exact command, the suite's commit, versions of interpreter and suite.

    `build`: how the interpreter was built, as it says itself.
    """

    command: list[str]
    versions: dict[str, str]
    suite_commit: str | None = None
    build: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What `collect` gathered. No measurement at all is a failure of the task; `output.failures` beside some is partial.

    `note` says what was changed to make it fit the contract's bounds, and what else is odd about it.
    """

    output: Output
    exit_code: int
    note: str = ""


class WorkloadError(TaskError):
    """The workload could not give a result: by default, what was to be measured is to blame."""

    def __init__(self, message: str, *, error_type: str = "benchmark_failed", failure_class: str = "benchmark") -> None:
        super().__init__(message, error_type=error_type, failure_class=failure_class)


class Workload(Protocol):
    """One kind of benchmark. `prepare` and `run` raise WorkloadError; `collect` writes `output.json` and `output.txt`.

    `credentials` name variables of the runner's environment without which it cannot work. Nothing else that looks like a
    secret reaches its commands. `scratch` names folders of the work dir that are no result: clones, environments.
    """

    name: str
    credentials: tuple[str, ...]
    scratch: tuple[str, ...]

    def image(self, job: Job) -> OfficialImage | None:
        """Where containers are used and nobody chose an image; None: the runner's."""

    def prepare(self, job: Job, slot: Slot, report: Callable[[Progress], None]) -> Prepared: ...

    def run(self, job: Job, prepared: Prepared, slot: Slot, report: Callable[[Progress], None]) -> int: ...

    def collect(self, job: Job, prepared: Prepared, exit_code: int) -> Outcome: ...
