"""The files of a result: `output.json` and `metadata.json`, the same for every workload."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1

Sample = Annotated[float, Field(strict=True)]  # a JSON number: neither true nor "1.5" is one


class Measurement(BaseModel):
    """The samples of one benchmark under one variant. `warmup` samples are kept apart and never averaged."""

    model_config = ConfigDict(extra="forbid")

    benchmark: str
    variant: str  # `interp`, `yjit`, a python's name; `default` where there is only one
    metric: str = "time"
    unit: str  # `s`, `ms`, `req/s`, `bytes`
    better: Literal["lower", "higher"]
    samples: list[Sample]
    warmup: list[Sample] = []


class BenchmarkFailure(BaseModel):
    """A benchmark that gave no result, while others of the same task did."""

    model_config = ConfigDict(extra="forbid")

    benchmark: str
    variant: str
    reason: str


class Output(BaseModel):
    """`output.json`. `subject` is what was measured, in a run that compares several; else it is left out."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1] = 1
    workload: str
    subject: str | None = None
    measurements: list[Measurement]
    failures: list[BenchmarkFailure] = []


class Machine(BaseModel):
    """Where a result came from. None means that the system would not say."""

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


class Provenance(BaseModel):
    """What was run, exactly. `versions` holds name → version of interpreter, suite and runner."""

    machine: Machine
    versions: dict[str, str]
    suite_commit: str | None
    command: list[str]


class Metadata(BaseModel):
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
    alias: str | None = None
    subject: str | None = None
    part: str | None = None
    run_id: str
    attempt: int
    workload: str
    workload_options: dict[str, Any]
    reason: str | None = None
    provenance: Provenance | None = None
    duration_s: float | None = None  # of a monotonic clock
    clock: str | None = None  # why start_time and end_time do not tell the duration; absent if they do
