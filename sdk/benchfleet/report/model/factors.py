"""One subject or variant against another."""

from typing import Literal

from benchfleet_results.boards.model import Interval, Part, Relation
from pydantic import Field


class Factor(Part):
    """One benchmark, or all of them (`benchmark` null: the geometric mean), of the new against the old."""

    benchmark: str | None
    benchmarks: int
    unit: str | None
    old: float | None
    new: float | None
    factor: float | None = Field(
        description="of speeds: how many times as fast the new is; of anything else new / old. Null without a ratio"
    )
    interval: Interval | None = Field(description="of the factor, with the confidence of `relation`")
    relation: Relation = Field(description="of the new to the old: larger is worse")


class FactorTable(Part):
    """A variant or a subject against another one, on the same machine: `old` is the one that was listed first."""

    dimension: Literal["variant", "subject"]
    title: str = Field(description="where, and of what")
    provider: str | None
    name: str | None
    subject: str | None
    variant: str | None
    workload: str
    metric: str
    better: Literal["lower", "higher"]
    speed: bool
    old: str
    new: str
    overall: Factor | None = Field(description="null without a common benchmark")
    rows: list[Factor]
    within_noise: int = Field(
        description="of `rows`, within noise or with too few repeats to tell: what tables leave out unless all are asked for"
    )

    @property
    def tested(self) -> bool:
        """Has it an interval?"""
        rows = [row.relation for row in (self.overall, *self.rows) if row]
        return any(relation.interval or relation.difference_interval for relation in rows)
