"""What the samples of a series say about themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median

from benchfleet_results.boards.units import base
from benchfleet_results.series import Series
from benchfleet_results.statistics import quality_outliers, quality_pyperf
from benchfleet_results.statistics.quality_serial import serial
from benchfleet_results.statistics.quality_trend import Trend, change, first_is_highest, trend

from benchfleet.report import words
from benchfleet.report.model.quality import QualityFinding
from benchfleet.report.quality.hits import Hit, finding, graded

LEVEL = 0.01  # of each test of order: at most so many of a hundred series of pure noise are called
_CHANGE = (0.01, 0.05)  # from first to last: fair, poor
_LAG_1 = 0.3  # three samples say as much as two independent ones
_SHIFT = (0.005, 0.025)  # of the mean by outliers: fair, poor
_FAR_TOO_FEW = 25  # times the samples: 2.5 % to each side where pyperf wants 0.5 %
_FEW = 5
_MANY = 8


@dataclass(frozen=True)
class Sequences:
    """A series of one group: its samples task by task, in the order that they were measured in."""

    series: Series
    by_task: Sequence[Sequence[float]]

    @property
    def count(self) -> int:
        return sum(map(len, self.by_task))

    @property
    def together(self) -> Sequence[Sequence[float]]:
        """What a check of spread is made of: where each task has one sample, all of them are one sequence."""
        alone = all(len(values) == 1 for values in self.by_task)
        return [[value for values in self.by_task for value in values]] if alone else self.by_task

    @cached_property
    def spreads(self) -> list[float | None]:
        """Of what `together` has."""
        return [quality_pyperf.spread(values) for values in self.together]

    @cached_property
    def trend(self) -> Trend | None:
        return trend(self.costs)

    @cached_property
    def costs(self) -> Sequence[Sequence[float]]:
        """As times, whichever way the metric points; empty where something has no reciprocal."""
        if self.series.better == "lower":
            return self.by_task
        fine = all(value > 0 for values in self.by_task for value in values)
        return [[1 / value for value in values] for values in self.by_task] if fine else []


def checked(of: Sequences) -> Iterator[QualityFinding]:
    """For what is compared as a ratio; counts and shares may be zero, and then none of this means anything."""
    order = list(_order(of))
    yield from order
    yield from _few(of)
    yield from _pyperf(of)
    yield from _between(of)
    yield from _outliers(of)
    yield from _equal(of)
    if not any(one.kind in ("warm-up", "slow-down") for one in order):  # a trend makes neighbours alike
        yield from _neighbours(of)


def _order(of: Sequences) -> Iterator[QualityFinding]:
    found, first, size = of.trend, first_is_highest(of.costs), change(of.costs)
    if found is None or size is None:
        return
    tasks = len(of.by_task)
    faster = found.falling <= LEVEL or (first is not None and first <= LEVEL)
    if faster and (grade := graded(size, fair=_CHANGE[0], poor=_CHANGE[1])):
        said = f"{_from_to(of)}: warm-up is not over"
        yield QualityFinding(kind="warm-up", size=size, grade=grade, tasks=tasks, words=said)
    elif found.rising <= LEVEL and (grade := graded(-size, fair=_CHANGE[0], poor=_CHANGE[1])):
        yield QualityFinding(
            kind="slow-down", size=-size, grade=grade, tasks=tasks, words=f"{_from_to(of)}: {_worse(of)}"
        )


def _worse(of: Sequences) -> str:
    """A size that grows is not slow."""
    slow = of.series.better == "higher" or base(of.series.unit)[0] == "s"
    return "it gets slower" if slow else "no level was reached"


def _from_to(of: Sequences) -> str:
    """In the samples' own unit, typical of the tasks."""
    long = [values for values in of.by_task if len(values) > 1]
    start = median(values[0] for values in long)
    end = median(median(values[-max(len(values) // 4, 1) :]) for values in long)
    way = "falls" if end < start else "rises"
    return f"{way} from {words.quantity(start, of.series.unit)} to {words.quantity(end, of.series.unit)}"


def _few(of: Sequences) -> Iterator[QualityFinding]:
    tasks = len(of.by_task)
    if of.count < _FEW:
        said = "one sample" if of.count == 1 else f"{of.count} samples"
        yield QualityFinding(kind="few samples", size=-of.count, grade="poor", tasks=tasks, words=f"only {said} in all")
        return
    found = of.trend
    if all(len(values) == 1 for values in of.by_task) or (found and found.least > LEVEL):
        said = "too few samples in a task to tell whether warm-up is over"
        yield QualityFinding(kind="not checked", size=-of.count, grade="unknown", tasks=tasks, words=said)


def _pyperf(of: Sequences) -> Iterator[QualityFinding]:
    """Its rule on raw values is in `timing`: that one is not about the samples."""
    tasks = len(of.together)
    yield from finding("spread", list(map(_spread, of.spreads)), tasks=tasks)
    yield from finding("extreme", [_extreme(values, of.series.unit) for values in of.together], tasks=tasks)
    yield from finding("precision", list(map(_precision, of.together, of.spreads)), tasks=tasks, least=0.5)


def _spread(share: float | None) -> Hit | None:
    if share is None or share < quality_pyperf.SPREAD:
        return None
    return Hit("poor", share, f"the standard deviation is {words.share(share)} of the mean")


def _extreme(values: Sequence[float], unit: str) -> Hit | None:
    apart = quality_pyperf.extreme(values)
    if apart is None or abs(apart) < quality_pyperf.EXTREME:
        return None
    value, way = (max(values), "above") if apart > 0 else (min(values), "below")
    return Hit("poor", abs(apart), f"{words.quantity(value, unit)} is {words.share(abs(apart))} {way} the mean")


def _precision(values: Sequence[float], share: float | None) -> Hit | None:
    if share is None or share >= quality_pyperf.SPREAD:  # pyperf says the one or the other
        return None
    needed = quality_pyperf.required(share)
    if needed <= len(values):
        return None
    said = f"{len(values)} samples; to be certain to 1 % takes {needed:,}"
    return Hit("poor" if needed > _FAR_TOO_FEW * len(values) else "fair", needed / len(values), said)


def _between(of: Sequences) -> Iterator[QualityFinding]:
    """pyperf's first rule, on the means of tasks."""
    share = quality_pyperf.spread([fmean(values) for values in of.by_task])
    if len(of.together) > 1 and share is not None and share >= quality_pyperf.SPREAD:
        said = f"the means of its tasks have a standard deviation of {words.share(share)}"
        yield QualityFinding(kind="between tasks", size=share, grade="poor", tasks=len(of.by_task), words=said)


def _outliers(of: Sequences) -> Iterator[QualityFinding]:
    far = [quality_outliers.outliers(values) for values in of.by_task]
    if not any(far):
        return
    shift = fmean(quality_outliers.shift(values, out) for values, out in zip(of.by_task, far, strict=True))
    said = f"{sum(map(len, far))} of {of.count} samples far from the rest; they move the mean by {words.share(shift)}"
    if grade := graded(shift, fair=_SHIFT[0], poor=_SHIFT[1]):
        yield QualityFinding(kind="outliers", size=shift, grade=grade, tasks=sum(map(bool, far)), words=said)


def _equal(of: Sequences) -> Iterator[QualityFinding]:
    """More than half of them have a twin: what wrote them down, or timed them, knew no finer steps."""
    if of.series.metric != "time":
        return
    long = [values for values in of.by_task if len(values) >= _MANY]
    hits = [Hit("fair", 1, _twins(values)) if len(set(values)) <= len(values) / 2 else None for values in long]
    yield from finding("resolution", hits, tasks=len(of.by_task))


def _twins(values: Sequence[float]) -> str:
    kinds = len(set(values))
    return f"{len(values)} samples have {kinds} different value{'s' * (kinds != 1)}: steps of the clock, or of rounding"


def _neighbours(of: Sequences) -> Iterator[QualityFinding]:
    found = serial(of.by_task)
    if found and found.p <= LEVEL and found.lag_1 >= _LAG_1:
        said = f"neighbouring samples correlate by {found.lag_1:.2f}: they are fewer than they seem"
        yield QualityFinding(kind="autocorrelation", size=found.lag_1, grade="fair", tasks=len(of.by_task), words=said)
