"""Who is best: geometric means over the benchmarks that every group has, or plain means of what may be zero."""

from dataclasses import dataclass

from benchfleet_results.series import Series
from benchfleet_results.statistics.comparing import exp
from benchfleet_results.statistics.scores import Score, score

from benchfleet.report.dataset import GroupKey
from benchfleet.report.dimensions import By, label
from benchfleet.report.grouping import BoardData, name_of, rounding
from benchfleet.report.model import CONFIDENCE, Interval, LeftOut, Ranked, Relation
from benchfleet.report.relations import to_best


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
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        return f"not measured on {', '.join(absent[:3])}{more}"
    if board.key.scale != "ratio" or all(data.series[series].has_logarithms for data in board.groups.values()):
        return None
    return "a task's mean is zero or less, and has no place in a geometric mean: it is compared by its difference"


def rank(board: BoardData, shared: Common, by: By) -> list[Ranked]:
    """Best first; empty without a common benchmark, and where plain means have no common unit."""
    if not shared.series or board.key.not_compared or (board.key.scale != "ratio" and not shared.unit):
        return []
    scores = _scores(board, [name_of(series) for series in shared.series])
    relations = to_best({key: found.sample for key, found in scores.items()}, scale=board.key.scale)
    best = scores[next(iter(relations))]
    return [
        _ranked(key, related, board, by, place=place, shared=shared, score=scores[key], best=best)
        for place, (key, related) in enumerate(relations.items(), start=1)
    ]


def _scores(board: BoardData, names: list[str]) -> dict[GroupKey, Score]:
    every = (task[name] for data in board.groups.values() for task in data.costs for name in names if name in task)
    equal = rounding(every, board.key.scale)
    return {key: score(data.costs, names, rounding=equal) for key, data in board.groups.items()}


def _ranked(
    key: GroupKey, related: Relation, board: BoardData, by: By, *, place: int, shared: Common, score: Score, best: Score
) -> Ranked:
    ratio, in_one_unit = board.key.scale == "ratio", shared.unit is not None
    return Ranked(
        **key._asdict(),
        label=label(key, by),
        place=place,
        tasks=score.tasks,
        geometric_mean=in_unit(score.sample.mean, board.key.better) if ratio and in_one_unit else None,
        geometric_mean_interval=_interval(score, board) if ratio and in_one_unit else None,
        mean=None if ratio else _plain(score.sample.mean, board.key.better),
        mean_interval=None if ratio else _plain_interval(score, board),
        relative_interval=_relative(score, best) if ratio else None,
        to_best=related,
    )


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
