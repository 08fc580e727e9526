"""Groups beside each other: rankings, benchmarks, and where their spread comes from."""

from typing import Literal

from benchfleet_results.boards.dimensions import Dimension
from benchfleet_results.boards.model import Compares, Interval, LeftOut, Over, Part, Ranked, Relation
from benchfleet_results.metrics import Scale
from pydantic import Field

from benchfleet.report.model.money import Value


class Distribution(Part):
    """All samples of a cell, whatever task they are of. `quartiles`: of type 7 of Hyndman and Fan, as R and NumPy have."""

    minimum: float
    quartiles: tuple[float, float, float] = Field(description="25 %, median, 75 %")
    maximum: float
    histogram: list[int] = Field(
        description="counts in bins of equal width from minimum to maximum; empty with few samples"
    )

    @property
    def median(self) -> float:
        return self.quartiles[1]


class Spread(Part):
    """Standard deviations as shares of the mean.

    `next`: of what more would narrow the interval most; null where only one level can be told.
    """

    between_instances: float | None = Field(default=None, description="null with fewer than two known instances")
    between_tasks: float = Field(description="of one instance, where instances are known; else of all")
    within_tasks: float
    share_between: float | None = Field(description="of the variance of one sample, the part between tasks")
    clamped: bool = Field(description="an estimate between tasks or instances was negative, so 0 is shown")
    next: Over | None = None


class GroupSpread(Compares):
    """Medians over a board's benchmarks; `benchmarks` counts those with two tasks or more and two samples in one."""

    between_instances: float | None = None
    between_tasks: float
    within_tasks: float
    benchmarks: int
    next: Over | None = None


class Cell(Compares):
    """One benchmark on one group. `interval_over` says what was repeated: `samples` only if one task was to measure it.

    There is no interval if one task did, or tasks of one instance, and several were to.

    `mean` is the mean that is compared: on the ratio scale the geometric one over instances or tasks.
    """

    mean: float
    interval: Interval | None
    interval_over: Over
    tasks: int
    instances: int | None = Field(default=None, description="that its tasks ran on; null where not recorded")
    samples: int
    dropped: int = Field(description="samples that were no usable numbers")
    narrow: bool = Field(
        default=False,
        description="may the interval of the mean be narrow by luck? fewer than 20 repeats, which vary much less than those of "
        "the others",
    )
    task_means: list[float]
    distribution: Distribution | None = Field(default=None, description="null without samples")
    to_best: Relation
    spread: Spread | None


class Benchmark(Part):
    benchmark: str
    unit: str
    common: bool = Field(
        description="measured in at least half of the tasks (and two) of every group of the board, so part of the ranking"
    )
    missing: list[str] = Field(description="groups without it")
    cells: list[Cell] = Field(description="best first")


class Board(Part):
    """Groups that are compared with each other. What they are not compared by, they have in common, or it is null."""

    title: str = Field(description="tells the board from the others of the report")
    by: list[Dimension]
    workload: str
    provider: str | None
    name: str | None
    subject: str | None
    variant: str | None
    metric: str
    better: Literal["lower", "higher"]
    scale: Scale = Field(
        description="`ratio`: quotients, geometric means; `share` and `count`: differences, plain means"
    )
    not_compared: str | None = Field(description="why no group is called better")
    unit: str | None = Field(description="of the common benchmarks; null where they have several")
    common: list[str]
    left_out: list[LeftOut]
    absent: list[str] = Field(description="groups without any measurement here")
    ranking: list[Ranked]
    told_apart: bool = Field(
        default=False, description="the first of the ranking is better than all others beyond noise"
    )
    tests: int = Field(default=0, description="of the board: what p_adjusted is corrected for")
    value: list[Value]
    spread: list[GroupSpread]
    benchmarks: list[Benchmark]
