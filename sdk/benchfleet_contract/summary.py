"""What a run measured, in short: the rankings of its report."""

from typing import Literal

from pydantic import Field

from benchfleet_contract.document import Document

Interval = tuple[float, float]


class SummaryRow(Document):
    """A group of a ranking. Numbers are null where nothing can be said."""

    place: int = Field(description="1 + the groups that are better beyond noise: shared where that cannot be said")
    label: str
    mean: float | None = Field(description="geometric on the scale `ratio`, else plain; in the board's unit")
    interval: Interval | None = Field(description="of the mean, at 95 %")
    ratio: float | None = Field(description="to the first; above 1 is worse")
    ratio_interval: Interval | None
    difference: float | None = Field(description="to the first, in the unit; where the scale is no ratio")
    difference_interval: Interval | None
    verdict: str = Field(
        description="`best`, `first` (not told apart), `ahead` (first, from too few repeats to tell), `worse`, `unclear` "
        "(within noise), `unknown` (too few repeats)"
    )
    tasks: int
    instances: int | None


class SummaryBoard(Document):
    """Groups that are compared with each other."""

    title: str
    metric: str
    unit: str | None = Field(description="null where the benchmarks have several")
    better: Literal["lower", "higher"]
    scale: str
    benchmarks: int = Field(description="that every group measured: the ranking is over them")
    benchmarks_digest: str | None = Field(
        default=None,
        description="of their names and units: scores of two runs are comparable where it is the same. Older ones have none",
    )
    benchmarks_left_out: int
    not_compared: str | None = Field(description="why there is no ranking")
    told_apart: bool = Field(description="the first is better than all others beyond noise")
    ranking: list[SummaryRow] = Field(description="best first")


class RunSummary(Document):
    """Written once, when the run's archive is built. `omitted` says what it has no room for; the report has it all."""

    schema_version: Literal[1] = 1
    run_id: str
    by: list[str] = Field(description="what is compared: `machine`, `subject`, `variant`")
    tasks: int = Field(description="with a result that could be read")
    boards: list[SummaryBoard]
    omitted: list[str]
