"""The files of a result: `output.json` and `metadata.json`, the same for every workload."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field

from benchfleet_contract.document import Document

SCHEMA_VERSION = 1

Sample = Annotated[float, Field(strict=True)]  # a JSON number: neither true nor "1.5" is one
Value = TypeVar("Value")
IfKnown = Annotated[
    Value | None, Field(exclude_if=lambda value: value is None)
]  # left out of the JSON where it is None


class Measurement(Document):
    """The samples of one benchmark under one variant. `warmup` samples are kept apart and never averaged.

    `shortest_raw_s` is the shortest interval that a clock timed for it, in seconds: where a sample is the mean of several
    loops, all of them together. `cpu_affinity` are the cores that it was bound to, as the measuring tool itself says.
    """

    model_config = ConfigDict(extra="forbid")

    benchmark: str
    variant: str  # `interp`, `yjit`, a python's name; `default` where there is only one
    metric: str = "time"
    unit: str  # `s`, `ms`, `req/s`, `bytes`
    better: Literal["lower", "higher"]
    samples: list[Sample]
    warmup: list[Sample] = []
    shortest_raw_s: IfKnown[Sample] = None
    cpu_affinity: IfKnown[list[int]] = None


class BenchmarkFailure(Document):
    """A benchmark that gave no result, while others of the same task did."""

    model_config = ConfigDict(extra="forbid")

    benchmark: str
    variant: str
    reason: str


class Output(Document):
    """`output.json`. `subject` is what was measured, in a run that compares several; else it is left out."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    workload: str
    subject: IfKnown[str] = None
    measurements: list[Measurement]
    failures: list[BenchmarkFailure] = []


class Machine(Document):
    """Where a result came from. None means that the system would not say.

    `instance` tells instances apart, and no more: the cloud's id, else `machine-<hash of its machine id>`, in a container
    `boot-<hash of the kernel's boot id>`. Runners of one machine have the same. `isolation` is what the task really got.
    """

    cpu_model: str | None
    logical_cores: int | None
    physical_cores: int | None
    pinned_cores: list[int] | None
    memory_bytes: int | None
    architecture: str
    kernel: str
    operating_system: str | None
    governor: str | None
    container_image: str | None
    cloud: dict[str, str] | None
    instance: IfKnown[str] = None
    isolation: IfKnown[Literal["docker", "process"]] = None
    smt: IfKnown[bool] = None  # do two hardware threads share a core?
    turbo: IfKnown[bool] = None
    aslr: IfKnown[int] = None  # kernel.randomize_va_space: 0 off, 1 without the heap, 2 all
    cpu_quota: IfKnown[float] = None  # of the runner's cgroup, in cores
    max_mhz: IfKnown[float] = None  # the highest that a core of the slot may have
    microcode: IfKnown[str] = None


class Provenance(Document):
    """What was run, exactly. `versions` holds name → version of interpreter, suite and runner.

    `build` holds how the measured interpreter or program was built, as it says itself: compiler, flags, options.
    """

    machine: Machine
    versions: dict[str, str]
    suite_commit: str | None
    command: list[str]
    build: IfKnown[dict[str, str]] = None


class Load(Document):
    """How busy the machine was at one moment. `runnable` threads include those of the runner, if any was."""

    load_1m: float | None = None
    runnable: int | None = None
    mhz: float | None = None  # mean of the slot's cores


class Conditions(Document):
    """What was going on around a task, from before its first command to after its last; None was not to be learned."""

    before: Load
    after: Load
    steal_share: float | None = None  # of the time of all cores, 0 to 1: taken by the hypervisor for other guests
    foreign_cpu: float | None = None  # cores, on average, that processes used which are not of this runner
    throttled_s: float | None = None  # for which a CPU quota held back the task's or the runner's cgroup
    slots: int | None = None  # of the runner
    busy_slots: int | None = None  # the most of them that had a task at one time, this one included


class Metadata(Document):
    """`metadata.json`. The first ten keys are the reference system's."""

    task_id: str
    provider: str
    instance_type: str
    ruby_version: str | None
    run: int
    start_time: str
    end_time: str
    status: Literal["success", "partial", "error"]
    runner_id: str
    alias: IfKnown[str] = None
    subject: IfKnown[str] = None
    part: IfKnown[str] = None
    run_id: str
    attempt: int
    workload: str
    workload_options: dict[str, Any]
    reason: str | None = None
    provenance: Provenance | None = None
    duration_s: float | None = None  # of a monotonic clock
    clock: IfKnown[str] = None  # why start_time and end_time do not tell the duration; absent if they do
    conditions: IfKnown[Conditions] = None
