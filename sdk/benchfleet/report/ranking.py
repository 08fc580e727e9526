"""Who is fastest: geometric means over the benchmarks that every group has."""

from dataclasses import dataclass

from benchfleet_results.series import Series

from benchfleet.report.grouping import BoardData, name_of
from benchfleet.report.model import CONFIDENCE, Interval, LeftOut, Ranked, label
from benchfleet.report.relations import to_best
from benchfleet.statistics.comparing import exp
from benchfleet.statistics.scores import Score, score


@dataclass(frozen=True)
class Common:
    """The benchmarks that all groups of a board have, and why the others are none of them."""

    series: list[Series]
    left_out: list[LeftOut]

    @property
    def unit(self) -> str | None:
        units = {found.unit for found in self.series}
        return units.pop() if len(units) == 1 else None


def common(board: BoardData) -> Common:
    reasons = {series: _reason(board, series) for series in board.series}
    left_out = [LeftOut(benchmark=s.benchmark, unit=s.unit, reason=why) for s, why in reasons.items() if why]
    return Common([series for series, why in reasons.items() if not why], left_out)


def _reason(board: BoardData, series: Series) -> str | None:
    absent = [label(*key) for key, data in board.groups.items() if series not in data.series]
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        return f"not measured on {', '.join(absent[:3])}{more}"
    if all(data.series[series].comparable for data in board.groups.values()):
        return None
    return "a task's mean is zero or less, and a ratio to that says nothing"


def rank(board: BoardData, shared: Common) -> list[Ranked]:
    """Best first; empty without a common benchmark."""
    if not shared.series:
        return []
    names = [name_of(series) for series in shared.series]
    scores = {key: score(data.logs, names) for key, data in board.groups.items()}
    relations = to_best({key: found.sample for key, found in scores.items()})
    best = next(iter(relations))
    return [
        Ranked(
            place=place,
            provider=key.provider,
            name=key.name,
            tasks=scores[key].tasks,
            geometric_mean=in_unit(scores[key].sample.mean, board.key.better) if shared.unit else None,
            geometric_mean_interval=_interval(scores[key], board) if shared.unit else None,
            relative_interval=_relative(scores[key], scores[best]),
            to_best=related,
        )
        for place, (key, related) in enumerate(relations.items(), start=1)
    ]


def in_unit(cost: float, better: str) -> float | None:
    """A mean on log scale, where larger is worse, back in the unit."""
    return exp(cost if better == "lower" else -cost)


def _interval(found: Score, board: BoardData) -> Interval | None:
    ends = found.interval(confidence=CONFIDENCE)
    if ends is None or board.key.better == "lower":
        return ends
    return 1 / ends[1], 1 / ends[0]


def _relative(found: Score, best: Score) -> Interval | None:
    """The interval of the score alone, as a multiple of the best: that one is taken as fixed."""
    ends, centre = found.interval(confidence=CONFIDENCE), best.geometric_mean
    return (ends[0] / centre, ends[1] / centre) if ends and centre else None
