"""What a board says of its groups: their places, and how each is related to the best.

Every `ratio` says how many times worse than the reference something is, whichever way its metric points: 1.25 is a time
of 125 %, or a throughput of 1 / 1.25. What may be zero has a `difference` in its unit instead, and more is worse there,
too. Intervals are [low, high] at 95 %. None means that nothing can be said.
"""

from typing import Literal

from benchfleet_contract.document import Document
from pydantic import ConfigDict, Field

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.tasks import GroupKey

Interval = tuple[float, float]
# `best`: beyond noise of all others. `first`: the best number, but not told apart from all others. `ahead`: the best number,
# and of some others nothing can be said, from too few repeats.
Verdict = Literal["best", "first", "ahead", "better", "worse", "unclear", "unknown", "not_compared"]
Over = Literal["instances", "tasks", "samples"]
CONFIDENCE = 0.95
LEVEL = 0.05  # an adjusted p below this is beyond noise


class Part(Document):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="forbid")


class Group(Part):
    """Tasks of one machine (`name` is the alias, or else the instance type) and, in runs that have some, one subject."""

    provider: str
    name: str
    subject: str | None = None
    label: str = Field(description="what is shown: the group without what it has in common with the others")

    @property
    def identity(self) -> str:
        """Machine and subject, whatever is compared."""
        return identity(self.provider, self.name, self.subject)


class Compares(Group):
    variant: str | None = Field(default=None, description="where variants are compared with each other")

    @property
    def key(self) -> GroupKey:
        return GroupKey(self.provider, self.name, self.subject, self.variant)


class LeftOut(Part):
    benchmark: str
    unit: str
    reason: str


class Relation(Part):
    """To a reference: the best group, or the same thing in the baseline. It has a ratio or a difference, never both."""

    ratio: float | None = Field(
        default=None,
        description="how many times worse: where more is better, the reference's value over its own (1.25 is a rate of 80 %)",
    )
    interval: Interval | None = Field(default=None, description="of the ratio")
    difference: float | None = Field(
        default=None, description="of task means, in their unit, where one is zero or less, or the scale no ratio"
    )
    difference_interval: Interval | None = None
    p: float | None = Field(
        default=None,
        description="two-sided t test, paired on shared units, else Welch's: on logs, or on means for a difference",
    )
    p_adjusted: float | None = Field(
        default=None, description="after correction for all tests of the board; below 0.05 is beyond noise"
    )
    confidence: float = Field(
        default=CONFIDENCE,
        description="of the interval, corrected as p_adjusted is: it leaves out 0 exactly where the verdict is beyond noise",
    )
    detectable: float | None = Field(
        default=None,
        description="smallest effect that these repeats find with 80 % probability: a ratio of 1 or more, or a difference",
    )
    verdict: Verdict = "unknown"

    @property
    def distance(self) -> float | None:
        """What the rows of one table are sorted by."""
        return self.difference if self.ratio is None else self.ratio

    @property
    def beyond_noise(self) -> bool:
        return self.verdict in ("better", "worse")


class Needed(Part):
    """How many of them, in each group, would tell a difference as large as the one seen from noise (80 % power)."""

    level: Literal["instances", "tasks"]
    count: int


class Ranked(Compares):
    place: int = Field(description="1 + the groups that are better beyond noise: shared where that cannot be said")
    tasks: int
    instances: int | None = Field(default=None, description="that its tasks ran on; null where not recorded")
    interval_over: Over = Field(default="tasks", description="what the intervals take for independent repeats")
    needed: Needed | None = Field(
        default=None, description="where it is within noise of the first; null where that cannot be computed"
    )
    geometric_mean: float | None = Field(description="in the board's unit; null where units are mixed, or no ratios")
    geometric_mean_interval: Interval | None
    mean: float | None = Field(default=None, description="over the common benchmarks, where the scale is no ratio")
    mean_interval: Interval | None = None
    relative_interval: Interval | None = Field(
        description="of the geometric mean alone, as a multiple of the best's geometric mean, larger being worse"
    )
    narrow: bool = Field(
        default=False,
        description="may the interval of the mean be narrow by luck? fewer than 20 repeats, which vary much less than those of "
        "the others",
    )
    to_best: Relation

    @property
    def centre(self) -> float | None:
        return self.mean if self.geometric_mean is None else self.geometric_mean

    @property
    def centre_interval(self) -> Interval | None:
        return self.geometric_mean_interval or self.mean_interval
