"""On which scale a metric is compared, and whether it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from benchfleet_results import modes

Scale = Literal["ratio", "share", "count"]
SHARES = frozenset({"%", "percent", "share", "fraction"})
COUNTS = frozenset({"", "1", "count", "errors", "failures", "timeouts", "retries", "crashes"})


@dataclass(frozen=True)
class Metric:
    """`ratio`: above zero by nature (times, sizes, rates), compared by the quotient, on a log scale. `share`: of a whole.

    `count`: a number of events. The last two may be zero, so they are compared by their difference.
    `not_compared`: why no side of it is called better; None where it is compared.
    """

    scale: Scale = "ratio"
    not_compared: str | None = None


def by_unit(unit: str) -> Metric:
    """What the unit says of a metric that nobody described."""
    name = unit.strip().lower()
    if name in SHARES:
        return Metric("share")
    return Metric("count" if name in COUNTS else "ratio")


@dataclass(frozen=True)
class Aggregator:
    """How results of one kind of work are put together. `metrics` holds what their units do not say.

    `lead`: the metrics that a report begins with, in this order; then come the others by name.

    `variants`: what names of variants mean to who reads them for the first time.

    `condition` tells of a variant whether it is a condition of measuring, such as a load, and nothing to choose among.
    `shortened` takes a task's options and the number of samples that it has of a series, and names every mode among them
    that measures less than usual. `raw` takes the same: is each of these samples one interval that a clock timed?
    """

    kind: str
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    lead: Sequence[str] = ("time",)
    variants: Mapping[str, str] = field(default_factory=dict)
    condition: Callable[[str], bool] = lambda _variant: False
    shortened: Callable[[Mapping[str, Any], int], Sequence[modes.Mode]] = modes.none
    raw: Callable[[Mapping[str, Any], int], bool] = modes.never

    def rank(self, metric: str) -> int:
        """Its place among those that a report begins with; all others share the last one."""
        return self.lead.index(metric) if metric in self.lead else len(self.lead)

    def metric(self, name: str, *, unit: str) -> Metric:
        return self.metrics.get(name) or by_unit(unit)
