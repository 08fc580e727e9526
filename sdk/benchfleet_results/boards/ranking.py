"""Who is best: geometric means over the benchmarks that every group has, or plain means of what may be zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from benchfleet_results.boards.dimensions import By, label
from benchfleet_results.boards.grouping import BoardData, GroupData, name_of, rounding
from benchfleet_results.boards.model import CONFIDENCE, Interval, LeftOut, Needed, Over, Ranked, Relation
from benchfleet_results.boards.relations import Standing, enough
from benchfleet_results.boards.tasks import GroupKey
from benchfleet_results.metrics import Scale
from benchfleet_results.series import Series
from benchfleet_results.statistics.comparing import exp
from benchfleet_results.statistics.narrow import narrow
from benchfleet_results.statistics.sample import Sample
from benchfleet_results.statistics.scores import Score, score


@dataclass(frozen=True)
class Common:
    """The benchmarks that all groups of a board have, and why the others are none of them."""

    series: list[Series]
    left_out: list[LeftOut]

    @property
    def unit(self) -> str | None:
        units = {found.unit for found in self.series}
        return units.pop() if len(units) == 1 else None


def common(board: BoardData, by: By) -> Common:
    reasons = {series: _reason(board, series, by) for series in board.series}
    left_out = [LeftOut(benchmark=s.benchmark, unit=s.unit, reason=why) for s, why in reasons.items() if why]
    return Common([series for series, why in reasons.items() if not why], left_out)


def _reason(board: BoardData, series: Series, by: By) -> str | None:
    absent = [label(key, by) for key, data in board.groups.items() if series not in data.series]
    if absent:
        return f"not measured on {_some(absent)}"
    if board.key.scale == "ratio" and not all(data.series[series].has_logarithms for data in board.groups.values()):
        return "a task's mean is zero or less, and has no place in a geometric mean: it is compared by its difference"
    few = [
        f"{label(key, by)} ({len(data.series[series].taken)} of {len(data.executed)})"
        for key, data in board.groups.items()
        if not data.has_enough(series)
    ]
    return f"measured in too few tasks of {_some(few)}: half of them are needed, and two" if few else None


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


@dataclass(frozen=True)
class Ranking:
    """Each group's score over the common benchmarks, of what kind its units are, and whose intervals may be narrow by luck."""

    scores: Mapping[GroupKey, Score]
    over: Mapping[GroupKey, Over]
    narrow: frozenset[GroupKey] = frozenset()

    @property
    def samples(self) -> dict[GroupKey, Sample]:
        return {key: found.sample for key, found in self.scores.items()}


def scored(board: BoardData, shared: Common) -> Ranking | None:
    """None without a common benchmark, and where plain means have no common unit."""
    if not shared.series or board.key.not_compared or (board.key.scale != "ratio" and not shared.unit):
        return None
    found = {key: score_of(data, shared.series, board.key.scale) for key, data in board.groups.items()}
    over = {key: over for key, (_, over) in found.items()}
    samples = {key: (of.sample, over[key]) for key, (of, _) in found.items()}
    return Ranking({key: of for key, (of, _) in found.items()}, over, narrow_ones(samples, board.key.scale))


def narrow_ones(found: Mapping[GroupKey, tuple[Sample, Over]], scale: Scale) -> frozenset[GroupKey]:
    """Of groups with the same kind of units. Counts and shares of zero do not vary, and that is no luck."""
    if scale != "ratio":
        return frozenset()
    kinds = {over for _, over in found.values()}
    return frozenset().union(
        *(narrow({key: one for key, (one, over) in found.items() if over == kind}) for kind in kinds)
    )


def score_of(data: GroupData, series: Sequence[Series], scale: Scale) -> tuple[Score, Over]:
    """A group over a set of series, and what its units are."""
    names = [name_of(one) for one in series]
    found = data.units(names)
    equal = rounding((one for costs in found.costs.values() for one in costs.values()), scale)
    return score(found.costs, names, rounding=equal, floor=floor_of(data, series, scale), pairs=found.pairs), found.over


def floor_of(data: GroupData, series: Sequence[Series], scale: Scale) -> float:
    """Of a mean over series that were rounded independently: the squared error that rounding leaves."""
    return fmean(data.series[one].floor(scale) for one in series) / len(series)


def ranked(board: BoardData, shared: Common, by: By, ranking: Ranking, standing: Standing[GroupKey]) -> list[Ranked]:
    """Best first."""
    first = next(iter(standing.relations))
    return [
        _ranked(key, related, board, by, ranking=ranking, shared=shared, place=standing.places[key], first=first)
        for key, related in standing.relations.items()
    ]


def _ranked(
    key: GroupKey,
    related: Relation,
    board: BoardData,
    by: By,
    *,
    ranking: Ranking,
    shared: Common,
    place: int,
    first: GroupKey,
) -> Ranked:
    ratio, in_one_unit, found = board.key.scale == "ratio", shared.unit is not None, ranking.scores[key]
    names, data = [name_of(series) for series in shared.series], board.groups[key]
    return Ranked(
        **key._asdict(),
        label=label(key, by),
        place=place,
        tasks=sum(any(name in one.costs for name in names) for one in data.executed),
        instances=data.instances(names),
        interval_over=ranking.over[key],
        needed=needed_by(key, first, related, ranking),
        geometric_mean=in_unit(found.sample.mean, board.key.better) if ratio and in_one_unit else None,
        geometric_mean_interval=_interval(found, board) if ratio and in_one_unit else None,
        mean=None if ratio else _plain(found.sample.mean, board.key.better),
        mean_interval=None if ratio else _plain_interval(found, board),
        narrow=key in ranking.narrow,
        relative_interval=_relative(found, ranking.scores[first]) if ratio else None,
        to_best=related,
    )


def needed_by(key: GroupKey, first: GroupKey, related: Relation, ranking: Ranking) -> Needed | None:
    """In instances only where both sides have several."""
    count = enough(ranking.scores[key].sample, ranking.scores[first].sample, related)
    both = ranking.over[key] == ranking.over[first] == "instances"
    return Needed(level="instances" if both else "tasks", count=count) if count is not None else None


def in_unit(cost: float, better: str) -> float | None:
    """A mean on log scale, where larger is worse, back in the unit."""
    return exp(cost if better == "lower" else -cost)


def _plain(cost: float, better: str) -> float:
    return cost if better == "lower" or cost == 0 else -cost


def _plain_interval(found: Score, board: BoardData) -> Interval | None:
    """Cut at zero where nothing is below it, as a count or a share never is."""
    ends = found.ends(confidence=CONFIDENCE)
    if ends is None:
        return None
    low, high = ends if board.key.better == "lower" else (-ends[1], -ends[0])
    negative = any(mean < 0 for data in board.groups.values() for one in data.series.values() for mean in one.means)
    return low if negative else max(low, 0.0), high


def _interval(found: Score, board: BoardData) -> Interval | None:
    ends = found.interval(confidence=CONFIDENCE)
    if ends is None or board.key.better == "lower":
        return ends
    return 1 / ends[1], 1 / ends[0]


def _relative(found: Score, best: Score) -> Interval | None:
    """The interval of the score alone, as a multiple of the best: that one is taken as fixed."""
    ends, centre = found.interval(confidence=CONFIDENCE), best.geometric_mean
    return (ends[0] / centre, ends[1] / centre) if ends and centre else None
