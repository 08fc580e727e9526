"""A metric over runs."""

from typing import Literal

from benchfleet_results.boards.model import Group, Interval, Part, Relation
from benchfleet_results.metrics import Scale
from pydantic import Field


class HistoryRun(Part):
    """One run of a history."""

    run_id: str
    at: str = Field(description="UTC: when its first task started, else when it was created")
    marks: list[str] = Field(default=[], description="names that `--mark` gave it")


class HistoryPoint(Part):
    """What one run measured of a series. The interval is within the run: what differs from run to run is not in it."""

    run_id: str
    at: str
    value: float = Field(description="in the unit; of a geometric mean, too")
    interval: Interval | None
    tasks: int
    changed: list[str] = Field(
        default=[],
        description="facts of its tasks that differ from those of the run before: `isolation: process → docker`",
    )


class HistoryLevel(Part):
    """Runs without a step between them."""

    first: int = Field(description="index in `points`")
    runs: int
    mean: float = Field(description="over the runs, in the unit; geometric on the ratio scale")


class HistoryStep(Part):
    """A change of level, beyond the noise from run to run."""

    at: int = Field(description="index in `points` of the first run of the new level")
    run_id: str
    previous: str = Field(description="the run before it")
    old: float
    new: float
    relation: Relation = Field(description="of the new level to the old: larger is worse")
    changed: list[str] = Field(default=[], description="as that run's point has it: the step may come from there")


class HistorySince(Part):
    """The newest run against a named one. Steps between them are what is beyond noise; this is one run against another."""

    mark: str
    run_id: str
    ratio: float | None = Field(description="larger is worse")
    difference: float | None = Field(default=None, description="in the unit, where the scale is no ratio")
    steps: int


class HistorySeries(Group):
    """One metric over the runs. `benchmark` null: the geometric mean over `benchmarks`."""

    workload: str
    variant: str
    metric: str
    better: Literal["lower", "higher"]
    scale: Scale
    benchmark: str | None
    benchmarks: list[str]
    unit: str | None = Field(description="null: of a geometric mean over several units, whose values are only relative")
    points: list[HistoryPoint] = Field(description="in order of time")
    levels: list[HistoryLevel] = Field(description="empty where no steps were looked for")
    steps: list[HistoryStep]
    since: list[HistorySince] = Field(default=[])
    note: str | None = Field(default=None, description="why no steps were looked for")


class History(Part):
    """A metric over runs. A step has the verdict of a test between the runs before and after it."""

    runs: list[HistoryRun] = Field(description="in order of time")
    unread: list[str] = Field(default=[], description="runs that are not in it, with the reason")
    tests: int = Field(
        description="size of the family that p_adjusted is corrected for: all places for a step, of all series"
    )
    series: list[HistorySeries] = Field(description="with steps first, then geometric means, then benchmarks")
    left_out: int = Field(default=0, description="series beyond the limit")
