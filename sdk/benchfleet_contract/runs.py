"""Runs: what is asked for, what is told."""

from typing import Annotated, Any, Literal

from pydantic import Field

from benchfleet_contract import limits
from benchfleet_contract.document import Document
from benchfleet_contract.launches import LaunchState
from benchfleet_contract.provisioning import CloudProvision
from benchfleet_contract.registry.models import RunModel
from benchfleet_contract.states import ArchiveState, Order, RunStatus, StopReason, TaskStatus


class PerInstanceType(Document):
    tasks: int


class Instance(Document):
    """One entry of a provider's list: `provider` is the key that it stood under."""

    provider: str
    instance_type: str
    alias: str | None


class Subject(Document):
    """One of the things that a run compares on each machine.

    On the wire everything but `name` and `image` stands beside them: `options` are those keys. They are merged over the run's
    `workload_options`, key by key, and win. `image` is the container image in which the subject runs.
    """

    name: str
    image: str | None = None
    options: dict[str, Any] = {}


class Precision(Document):
    """When a run has measured enough: half the width of the 95 % interval is `target` (a share of the mean: 0.01 is 1 %).

    `pilot` tasks of each instance and subject are done in any case. After `max_time_s` no new ones are handed out.
    """

    target: float
    pilot: int
    max_time_s: int | None


class RunRequest(Document):
    """A body of `POST /runs` that has passed validation (see `run_request.py`).

    With `noise_floor` the last of `subjects` is the first one under another name (`names.again`). `provision` says, by
    provider, how the control plane brings machines: `instances_each` of each type, for at most `max_cost` USD in all.
    """

    run_id: str | None
    ruby_version: str | None
    workload: str
    workload_options: dict[str, Any]
    tasks_per_instance: int
    lease_s: int
    max_attempts: int
    deadline_s: int
    metadata: dict[str, Any]
    instances: list[Instance]
    subjects: list[Subject] = []
    order: Order = "interleaved"
    shards: int = 1
    noise_floor: bool = False
    model: RunModel | None = None
    precision: Precision | None = None  # then `tasks_per_instance` is the most that may be done
    provision: dict[str, CloudProvision] = {}
    instances_each: int = 1
    max_cost: float | None = None


class NewTask(Document):
    id: str
    provider: str
    instance_type: str
    instance_type_alias: str | None
    run_number: int
    status: TaskStatus
    subject: str | None = None
    part: str | None = None


class CreatedRun(Document):
    """Reply of `POST /runs`. `tasks` holds the first 1,000; the rest is at `GET /runs/{id}/tasks`."""

    run_id: str
    tasks_created: int
    tasks: list[NewTask]
    warnings: list[str]


class TaskCounts(Document):
    total: int = 0
    pending: int = 0
    claimed: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0


class LostResult(Document):
    """An accepted result that is not in the archive as files: it could not be unpacked, or nothing was uploaded."""

    task_id: str
    archived: Literal["corrupt", "missing"]
    reason: str


class Archive(Document):
    """`whole`, `corrupt` and `missing` count uploads once the archive is ready; `lost` names the first 20 of the last two."""

    state: ArchiveState
    whole: int | None = None
    corrupt: int | None = None
    missing: int | None = None
    lost: list[LostResult] = []
    key: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None  # hex
    url: str | None = None  # signed when it was asked for; good for an hour
    error: str | None = None


class GroupCounts(TaskCounts):
    """The counts of one (provider, instance type, subject); `subject` is None in a run that names no subjects."""

    provider: str
    instance_type: str
    subject: str | None = None


class GroupStop(Document):
    """Why no more tasks of one (provider, instance type, subject) are handed out, and what was known at `at`.

    `tasks` had been measured; `half_width` is that of the widest interval, as a share of the mean: 0.01 is 1 %. It is null
    where there was none.
    """

    provider: str
    instance_type: str
    subject: str | None = None
    reason: StopReason
    at: str
    tasks: int
    half_width: float | None


class RunPrecision(Precision):
    """`stops` has an entry for each group of which no more tasks are handed out."""

    max_tasks: int
    stops: list[GroupStop] = []


class RunListItem(Document):
    run_id: str
    status: RunStatus
    ruby_version: str | None
    created_at: str
    workload: str


class RunList(Document):
    runs: list[RunListItem]
    next_cursor: str | None = None


class RunDetail(Document):
    run_id: str
    status: RunStatus
    ruby_version: str | None
    per_instance_type: PerInstanceType
    tasks: TaskCounts
    gzip_url: str | None
    created_at: str
    completed_at: str | None
    deadline_at: str
    reason: str | None  # why the run ended as it did, when it did not simply complete
    workload: str
    workload_options: dict[str, Any]
    lease_s: int = limits.DEFAULT_LEASE_S
    max_attempts: int = limits.DEFAULT_MAX_ATTEMPTS
    metadata: dict[str, Any]
    archive: Archive
    groups: list[GroupCounts]
    precision: Annotated[RunPrecision | None, Field(exclude_if=lambda value: value is None)] = None
    # How many machines that were asked for are in which state; only where the control plane brings machines.
    launches: Annotated[dict[LaunchState, int] | None, Field(exclude_if=lambda value: value is None)] = None
    # What an executor must have to get its tasks; only of a run that demands it.
    model: Annotated[RunModel | None, Field(exclude_if=lambda value: value is None)] = None
