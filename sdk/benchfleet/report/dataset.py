"""What was read from results folders, before anything is computed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

Outcome = Literal["measured", "partial", "failed", "cancelled", "missing", "corrupt", "unreadable", "empty"]
UNKNOWN = "unknown"  # a provider that no metadata names
HAS_RESULTS: frozenset[Outcome] = frozenset({"measured", "partial"})


class GroupKey(NamedTuple):
    """What is compared: tasks of one provider under one name, the alias or else the instance type."""

    provider: str
    name: str


class Series(NamedTuple):
    """What was measured. Only samples of the same series are ever compared."""

    workload: str
    benchmark: str
    variant: str
    metric: str
    unit: str
    better: Literal["lower", "higher"]


@dataclass(frozen=True)
class Samples:
    """One series of one task; `dropped` samples were no usable numbers (NaN, infinite, beyond all sense).

    `listed`: how many times the task listed it, which is once unless two of its parts have the same name.
    """

    series: Series
    values: tuple[float, ...]
    dropped: int = 0
    listed: int = 1


@dataclass(frozen=True)
class Failure:
    benchmark: str
    variant: str
    reason: str


@dataclass(frozen=True)
class Task:
    """`host` names the instance that it ran on, as well as can be told. `environment` is flat: name → value."""

    run_id: str
    number: int | None
    folder: str
    provider: str
    instance_type: str
    alias: str | None
    outcome: Outcome
    reason: str | None
    samples: tuple[Samples, ...] = ()
    failures: tuple[Failure, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    host: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    clock: str | None = None  # what the runner says of its clock, where that was set back

    @property
    def group(self) -> GroupKey:
        return GroupKey(self.provider, self.alias or self.instance_type)


@dataclass(frozen=True)
class Run:
    """A folder. `about` is its run.json, as far as that was there."""

    run_id: str
    folder: Path
    about: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    runs: tuple[Run, ...]
    tasks: tuple[Task, ...]

    def of_runs(self, run_ids: frozenset[str]) -> "Dataset":
        return Dataset(
            tuple(run for run in self.runs if run.run_id in run_ids),
            tuple(task for task in self.tasks if task.run_id in run_ids),
        )
