"""Each benchmark on its own: means, intervals, differences, and where its spread comes from."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from benchfleet_results.boards.dimensions import By, label
from benchfleet_results.boards.grouping import BoardData, Measured
from benchfleet_results.boards.judging import common_scale
from benchfleet_results.boards.model import CONFIDENCE, Interval, Over, Relation
from benchfleet_results.boards.ranking import Common, in_unit, narrow_ones
from benchfleet_results.boards.relations import NOT_COMPARED, Standing
from benchfleet_results.boards.tasks import GroupKey
from benchfleet_results.metrics import Scale
from benchfleet_results.series import Series
from benchfleet_results.statistics.comparing import as_ratios
from benchfleet_results.statistics.components import components
from benchfleet_results.statistics.estimates import half_width

from benchfleet.report.distributions import distribution
from benchfleet.report.model.board import Benchmark, Cell, GroupSpread, Spread


def table(board: BoardData, series: Series, by: By, shared: Common, standing: Standing[GroupKey]) -> Benchmark:
    """Best first. What is not compared is in the order of its means, too."""
    found = {key: data.series[series] for key, data in board.groups.items() if series in data.series}
    scale = common_scale(found.values(), board.key.scale)
    several = {key: (one.sample(scale), one.units(scale).over) for key, one in found.items() if len(one.taken) > 1}
    doubtful = narrow_ones(several, scale)
    return Benchmark(
        benchmark=series.benchmark,
        unit=series.unit,
        common=series in shared.series,
        missing=[label(key, by) for key in board.groups if key not in found],
        cells=[
            _cell(
                key,
                found[key],
                NOT_COMPARED if board.key.not_compared else related,
                by,
                scale,
                narrow=key in doubtful,
            )
            for key, related in standing.relations.items()
        ],
    )


def _cell(key: GroupKey, measured: Measured, related: Relation, by: By, scale: Scale, *, narrow: bool) -> Cell:
    mean, interval, over = centre(measured, scale)
    return Cell(
        **key._asdict(),
        label=label(key, by),
        mean=mean,
        interval=interval,
        interval_over=over,
        tasks=len(measured.taken),
        instances=measured.instances,
        samples=sum(map(len, measured.by_task)),
        dropped=measured.dropped,
        narrow=narrow,
        task_means=measured.means,
        distribution=distribution(measured.by_task),
        to_best=related,
        spread=spread(measured),
    )


def centre(measured: Measured, scale: Scale) -> tuple[float, Interval | None, Over]:
    """The mean that is compared, in the unit, with its interval and what that is over.

    A task that was not repeated has the interval of its samples. Of several that were to measure, one alone has none: its
    samples would say as much as the tasks beside it, and know less.
    """
    if measured.peers.executions == 1:
        return measured.means[0], _of_samples(measured), "samples"
    found, better = measured.sample(scale), measured.series.better
    mean = found.mean if better == "lower" else -found.mean
    ends = found.ends(confidence=CONFIDENCE)
    if ends is not None and better != "lower":
        ends = -ends[1], -ends[0]
    over = measured.units(scale).over
    if scale == "ratio":
        return in_unit(found.mean, better) or measured.means[0], ends and as_ratios(ends), over
    return mean, ends and _cut(*ends, measured), over


def _of_samples(measured: Measured) -> Interval | None:
    """With one task its samples are all there is."""
    (values,) = measured.by_task
    half = half_width(values, confidence=CONFIDENCE)
    return None if half is None else _cut(measured.means[0] - half, measured.means[0] + half, measured)


def _cut(low: float, high: float, measured: Measured) -> Interval:
    """At zero where no sample was negative: that loses no coverage and no sense."""
    negative = min(min(values) for values in measured.by_task) < 0
    return (low if negative else max(low, 0.0)), high


def spread(measured: Measured) -> Spread | None:
    """None where there is nothing to take apart, or no mean to relate it to."""
    parts = components(measured.by_task, [one.instance for one in measured.taken])
    values = [value for task in measured.by_task for value in task]
    centre = abs(sum(values) / len(values))
    if parts is None or centre == 0:
        return None
    return Spread(
        between_instances=None if parts.instances is None else math.sqrt(parts.instances) / centre,
        between_tasks=math.sqrt(parts.tasks) / centre,
        within_tasks=math.sqrt(parts.samples) / centre,
        share_between=parts.share,
        clamped=parts.clamped,
        next=parts.next,
    )


def group_spreads(found: Sequence[Benchmark]) -> list[GroupSpread]:
    """In the order in which the groups first appear."""
    spreads: dict[GroupKey, list[Spread]] = {}
    labels: dict[GroupKey, str] = {}
    for cell in (cell for one in found for cell in one.cells):
        key = GroupKey(cell.provider, cell.name, cell.subject, cell.variant)
        labels[key] = cell.label
        if cell.spread:
            spreads.setdefault(key, []).append(cell.spread)
    return [
        GroupSpread(
            **key._asdict(),
            label=labels[key],
            between_instances=_median(one.between_instances for one in mine),
            between_tasks=median(one.between_tasks for one in mine),
            within_tasks=median(one.within_tasks for one in mine),
            benchmarks=len(mine),
            next=_most([one.next for one in mine]),
        )
        for key, mine in spreads.items()
    ]


def _median(found: Iterable[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return median(known) if known else None


def _most(found: Sequence[Over | None]) -> Over | None:
    """What most benchmarks ask for."""
    known = Counter(one for one in found if one is not None)
    return known.most_common(1)[0][0] if known else None
