"""What the control plane remembers. Times are integer milliseconds since the epoch, UTC (`*_ms`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from benchfleet_contract.names import folder_name, task_id
from benchfleet_contract.run_options import ruby_version_of
from benchfleet_contract.states import (
    ArchiveState,
    FailureClass,
    HeartbeatStatus,
    Order,
    ResultState,
    StopReason,
    TaskStatus,
)

if TYPE_CHECKING:
    from benchfleet_contract.registry.models import RunModel

    from chalicelib.domain.fleets import Fleet


class RunState(StrEnum):
    """A run that is `creating`, `deleting` or `deleted` is shown to nobody: it exists whole or not at all."""

    CREATING = "creating"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETING = "deleting"
    DELETED = "deleted"  # nothing is left but this word, which keeps its id from being used again too soon


class Ending(StrEnum):
    """Why a run's open tasks are being closed from outside."""

    STOPPED = "stopped"
    DEADLINE = "deadline_exceeded"


@dataclass(frozen=True)
class Demand:
    """What a task demands of its runner, exactly: claims go by it. `model` is one that the runner must serve."""

    provider: str
    instance_type: str
    model: str | None = None


@dataclass(frozen=True)
class Group:
    """The tasks of one demand and one subject within a run: how many, and in which blocks all tasks of the demand are."""

    demand: Demand
    total: int
    blocks: tuple[int, ...]
    subject: str | None = None


@dataclass(frozen=True)
class Contents:
    """What an archive holds of the uploads. `lost`: the first that are not whole, as (task id, how, why)."""

    whole: int
    corrupt: int
    missing: int
    lost: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class ArchiveRecord:
    """Where a run's archive is and how far it has come. Nobody else builds it before `building_until_ms`."""

    state: ArchiveState = ArchiveState.NONE
    key: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    error: str | None = None
    building_until_ms: int | None = None
    contents: Contents | None = None


@dataclass(frozen=True)
class Goal:
    """When a run has measured enough: half of its intervals is at most `target`, a share of the mean (0.01: 1 %).

    `pilot` tasks of each instance and subject come first. After `max_time_s` no new repeat is begun.
    """

    target: float
    pilot: int
    max_time_s: int | None = None


@dataclass(frozen=True)
class Stop:
    """Why a group needs no more tasks, and what was known then: `tasks` measured, half of the widest interval."""

    reason: StopReason
    at_ms: int
    tasks: int
    half_width: float | None


@dataclass(frozen=True)
class Run:
    """One order: what is measured, on which machines and how often, and how far that has come."""

    run_id: str
    state: RunState
    body_sha256: str
    created_ms: int
    deadline_ms: int
    ruby_version: str | None
    workload: str
    workload_options: dict[str, Any]
    tasks_per_instance: int
    task_count: int
    lease_s: int
    max_attempts: int
    metadata: dict[str, Any]
    groups: tuple[Group, ...]
    warnings: tuple[str, ...] = ()
    completed_ms: int | None = None
    ending: Ending | None = None
    reason: str | None = None
    archive: ArchiveRecord = field(default_factory=ArchiveRecord)
    order: Order = "interleaved"
    shards: int = 1
    shared_options: dict[str, Any] | None = None  # of tasks without `options_at`, if these are not workload_options
    label: str | None = None  # a few words for lists of runs
    origin: str = "api"  # who made it
    noise_floor: bool = False  # is the last subject the first one under another name?
    goal: Goal | None = None
    stops: Mapping[int, Stop] = field(default_factory=dict)  # by the group's ordinal
    model: "RunModel | None" = None  # what its tasks demand of a runner beside the place
    fleet: "Fleet | None" = None  # the machines that are brought for it
    mirrored: bool = False  # as the plan says; runs made before there was such an order have none

    def groups_of(self, demand: Demand) -> list[tuple[int, Group]]:
        """The groups of a demand, one a subject, with their ordinals."""
        return [(i, group) for i, group in enumerate(self.groups) if group.demand == demand]

    def blocks_of(self, demand: Demand) -> tuple[int, ...]:
        """Where the tasks of a demand are; nowhere when the run has none."""
        return next((group.blocks for group in self.groups if group.demand == demand), ())

    @property
    def demands(self) -> tuple[Demand, ...]:
        """Each of them once."""
        return tuple(dict.fromkeys(group.demand for group in self.groups))

    @property
    def places(self) -> tuple[tuple[Demand, int], ...]:
        """Each demand with each of its blocks, once."""
        return tuple(dict.fromkeys((group.demand, block) for group in self.groups for block in group.blocks))

    def header(self, demand: Demand) -> "Header":
        """What stands beside the tasks of a demand."""
        options = self.workload_options if self.shared_options is None else self.shared_options
        blocks = self.blocks_of(demand)
        return Header(self.is_open, self.ruby_version, self.workload, options, blocks, self._is_in_order(demand))

    def _is_in_order(self, demand: Demand) -> bool:
        """What ends early should have few repeats half done, and subjects that take turns should be near in time. A large
        run has many runners, which would race for the same task.
        """
        if self.order == "abba" or self.goal is not None:
            return True
        in_turns = self.order == "interleaved" and len(self.groups_of(demand)) > 1
        return in_turns and len(self.blocks_of(demand)) == 1

    @property
    def asked_ruby_version(self) -> str | None:
        """The one that all of its tasks are asked for, wherever it stands; subjects may have others."""
        return ruby_version_of(self.workload, self.workload_options, self.ruby_version)

    @property
    def is_open(self) -> bool:
        """May tasks still be claimed?"""
        return self.state is RunState.RUNNING and self.ending is None

    @property
    def is_shown(self) -> bool:
        """Does it exist, as far as anybody is told?"""
        return self.state not in (RunState.CREATING, RunState.DELETING, RunState.DELETED)

    def evolve(self, **changes: Any) -> Self:
        return replace(self, **changes)


@dataclass(frozen=True)
class Task:
    """One repeat of one group, and what became of it. `attempt` counts its claims; a lease is good until `lease_until_ms`."""

    run_id: str
    number: int
    group: int
    demand: Demand
    alias: str | None
    run_number: int
    status: TaskStatus
    max_attempts: int
    lease_ms: int
    attempt: int = 0
    runner_id: str | None = None
    former_runner_id: str | None = None
    claim_token: str | None = None
    nonce: str | None = None
    bound: bool | None = None  # its attempt has a token of its own: a key that all runners share may not speak for it
    executor_id: str | None = None  # of a runner that announced itself, with its generation
    generation: int | None = None
    claimed_ms: int | None = None
    lease_until_ms: int | None = None
    extended: bool = False
    not_before_ms: int | None = None
    heartbeat_ms: int | None = None
    heartbeat_status: HeartbeatStatus | None = None
    heartbeat_message: str | None = None
    current_benchmark: str | None = None
    progress_pct: int | None = None
    error_type: str | None = None
    error_message: str | None = None
    failure_class: FailureClass | None = None
    reason: str | None = None
    ended_ms: int | None = None
    result_key: str | None = None
    error_key: str | None = None
    seal: str | None = None  # what its upload was when the task ended (domain/seals.py)
    result: ResultState | None = None
    result_reason: str | None = None
    subject: str | None = None
    part: str | None = None
    image: str | None = None
    options_at: str | None = None  # where in the run's plan its options stand: `<offset>:<length>`; None: in the header

    @property
    def id(self) -> str:
        return task_id(self.run_id, self.number)

    @property
    def folder(self) -> str:
        return folder_name(self.alias, self.demand.instance_type, self.number, self.subject)


@dataclass(frozen=True)
class ClaimRequest:
    """One request for a task, and when it was made (`now_ms`, server time). `bound`: the attempt gets a token of its own.

    `executor_id` and `generation` are those of a runner that announced itself.
    """

    demand: Demand
    runner_id: str
    token: str
    nonce: str
    now_ms: int
    bound: bool = False
    executor_id: str | None = None
    generation: int | None = None


@dataclass(frozen=True)
class Header:
    """What a claim must know of its run, kept beside the tasks of each (block, demand).

    `options` are those of every task that has no `options_at`. `in_order`: tasks are handed out by their numbers.
    """

    open: bool
    ruby_version: str | None
    workload: str
    options: dict[str, Any]
    blocks: tuple[int, ...]
    in_order: bool = False


@dataclass(frozen=True)
class Candidates:
    """The pending tasks of one (block, demand), lowest number first; `header` is None when the demand has none there.

    `deferred` are pending tasks that were handed back by the runner that asks, and wait for another one.
    """

    header: Header | None
    numbers: tuple[int, ...]
    deferred: int = 0


@dataclass(frozen=True)
class Presence:
    """A runner that asked for work and got none, at `seen_ms`. `run_id` None: it asks for tasks of any run."""

    runner_id: str
    demand: Demand
    run_id: str | None
    seen_ms: int


@dataclass(frozen=True)
class ActiveRun:
    """The marker of a run that is not over: being created, running, or waiting for its archive."""

    run_id: str
    created_ms: int
    workload: str
    demands: frozenset[Demand]
