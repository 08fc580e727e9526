"""How far the samples themselves can be believed."""

from typing import Literal

from benchfleet_results.boards.model import Group, Part
from pydantic import Field

Grade = Literal["good", "fair", "poor", "unknown"]


class QualityFinding(Part):
    """What speaks against a series: seen in `tasks` of its tasks."""

    kind: str = Field(description="the check that found it, such as `warm-up`, `spread`, `foreign cpu`")
    size: float = Field(description="orders findings of one kind, the largest being the worst")
    grade: Grade = Field(description="fair or poor; unknown where a check could not be made")
    tasks: int
    words: str = Field(description="with its numbers: `falls from 3.000 s to 1.050 s: warm-up is not over`")


class SeriesQuality(Group):
    """One series of one group, over all of its tasks. Its grade is that of its worst finding."""

    role: Literal["measured", "baseline"]
    workload: str
    benchmark: str
    variant: str
    metric: str
    unit: str
    grade: Grade
    tasks: int
    samples: int
    findings: list[QualityFinding] = Field(description="worst first")


class FindingCount(Part):
    """One kind of finding over the whole report. `series` of them have it; `poor` of those are poor because of it."""

    kind: str
    title: str = Field(description="what it means, in words that follow a number: `warm-up not over`")
    series: int
    poor: int
    worst: list[str] = Field(description="up to three of those series, the worst first, with what was found")


class Span(Part):
    """Over the tasks that recorded it."""

    median: float
    most: float
    tasks: int


class GroupConditions(Group):
    """What else the machines did while this group was measured."""

    role: Literal["measured", "baseline"]
    tasks: int = Field(description="with a result")
    recorded: int = Field(description="those whose metadata says anything of it")
    values: dict[str, Span] = Field(
        description="`load before`, `load after`, `runnable before`, `runnable after` (threads), `foreign cpu` (cores that "
        "others used), `steal` (share), `throttled` (share of the task's time), `busy slots` (beside the task's own), "
        "`clock` (MHz after it), `attempt`; what was not recorded is not there"
    )


class Quality(Part):
    """How far the samples themselves can be believed, whatever they are compared with."""

    headline: str = Field(default="", description="one line for the whole report")
    good: int = 0
    fair: int = 0
    poor: int = 0
    unknown: int = 0
    shortened: list[str] = Field(
        default=[], description="modes that measured less than usual, with who: `effort: fast on aws c8g.large`"
    )
    not_recorded: list[str] = Field(default=[], description="what no check could look at, with who lacks it")
    findings: list[FindingCount] = Field(default=[], description="poor ones first, then by number of series")
    series: list[SeriesQuality] = Field(default=[], description="worst first")
    conditions: list[GroupConditions] = Field(default=[])
