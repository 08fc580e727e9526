"""What work and machines cost."""

from benchfleet_results.boards.model import Compares, Interval, Needed, Part, Relation
from pydantic import Field

from benchfleet.report.prices import Kind


class Value(Compares):
    """Speed for money, of the whole instance. Without a price there is neither a place nor a number, and never a zero."""

    kind: Kind = "on-demand"
    place: int | None = Field(description="among those of its kind, shared as in the ranking")
    usd_per_hour: float | None
    slots_at_work: float | None = Field(
        default=None, description="that the speed of a task was multiplied by; null where not recorded: then 1"
    )
    per_dollar: float | None = Field(description="work for a dollar, relative to the best: 1 or less")
    interval: Interval | None = Field(description="of the speed alone, as `relative_interval` in the ranking")
    usd_per_million: float | None = Field(
        default=None,
        description="for a million runs of the mean benchmark, or a million of what a rate counts; null for other units",
    )
    to_best: Relation = Field(default_factory=lambda: Relation(), description="of what the same work costs")
    needed: Needed | None = Field(default=None, description="as in the ranking, for what the same work costs")
    source: str | None
    date: str | None


class MachineCost(Part):
    """What the tasks of a machine cost: their machine time by its price. Waiting and starting up is not in it."""

    provider: str
    name: str
    kind: Kind
    usd_per_hour: float
    source: str = Field(description="who says that price")
    date: str = Field(description="the day of that price")
    hours: float
    usd: float
    tasks: int
    not_timed: int = Field(description="tasks whose start or end is not known: their time is missing")
