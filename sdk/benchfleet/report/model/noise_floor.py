"""What was measured twice."""

from typing import Literal

from benchfleet_results.boards.model import Part, Relation
from pydantic import Field


class FloorRow(Part):
    """One benchmark of what was measured twice: the second time in relation to the first."""

    benchmark: str
    unit: str
    relation: Relation


class NoiseFloor(Part):
    """One subject under two names on one machine: what differs between them is noise. `relation` is over all benchmarks."""

    provider: str
    name: str
    variant: str | None
    metric: str
    better: Literal["lower", "higher"]
    subject: str
    again: str = Field(description="the second name, which stands nowhere else in the report")
    label: str = Field(description="machine, and variant and metric where they have to be said")
    unit: str | None
    relation: Relation = Field(description="of the second time to the first")
    benchmarks: list[FloorRow]
