"""A run against its baseline."""

from typing import Literal

from benchfleet_results.boards.model import Group, Part, Relation
from pydantic import Field


class Compared(Group):
    """This run against the baseline. `benchmark` null: the geometric mean over what both have."""

    workload: str
    variant: str
    metric: str
    better: Literal["lower", "higher"]
    benchmark: str | None
    unit: str | None
    benchmarks: int
    old: float | None
    new: float | None
    old_tasks: int
    new_tasks: int
    relation: Relation
    regression: bool = Field(default=False, description="worse beyond the threshold and beyond noise")
    threshold: float | None = Field(default=None, description="share that counts for this row")
    rule: str | None = Field(default=None, description="file and line that say so; null: the default threshold")


class Ignored(Part):
    """What a rule of the thresholds' file keeps out of the comparison."""

    what: str
    rule: str = Field(description="file and line")


class Gate(Part):
    """Whether the comparison passes, as `report --baseline` says it by its exit code."""

    passed: bool
    reasons: list[str] = Field(description="why not")
    required: int = Field(description="benchmarks of the baseline that have to be comparable")
    allow_failed: bool = Field(description="a benchmark or task that failed now and not before is no reason")


class RunComparison(Part):
    baseline: str
    runs: list[str]
    threshold: float = Field(default=0.05, description="share, where no rule says another one")
    thresholds: str | None = Field(default=None, description="file with the rules")
    tests: int = Field(description="how many the whole table has: what p_adjusted is corrected for")
    of_baseline: int = Field(description="benchmarks that the baseline measured, by machine, variant and metric")
    compared: int = Field(description="those of them that can be told from noise: measured on both sides, by two tasks")
    detectable: float | None = Field(
        default=None,
        description="the largest `detectable` ratio of a benchmark's row: what could be worse and not be found",
    )
    rows: list[Compared]
    failed: list[str] = Field(
        description="benchmarks and tasks that failed in this run, of what the baseline measured without failure; "
        "benchmarks that fewer of the tasks with a result measured than in the baseline, with both numbers"
    )
    only_in_baseline: list[str]
    only_new: list[str]
    ignored: list[Ignored] = Field(default=[])
    gate: Gate | None = None

    @property
    def workloads(self) -> set[str]:
        """Of everything that was compared."""
        return {row.workload for row in self.rows}

    @property
    def regressions(self) -> list[Compared]:
        return [row for row in self.rows if row.regression]


class Moment(Part):
    """One task of a comparison with a baseline, at its start."""

    run_id: str
    role: Literal["measured", "baseline"]
    label: str
    at: str
    value: float = Field(description="its means as a multiple of those of all tasks of both runs; above 1 is worse")
