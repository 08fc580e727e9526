"""One board with everything that can be said of it: which benchmarks are common, the scores, and all tests as one family."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchfleet_results.boards.dimensions import By
from benchfleet_results.boards.grouping import BoardData, Measured
from benchfleet_results.boards.model import Ranked
from benchfleet_results.boards.ranking import Common, Ranking, common, ranked, scored
from benchfleet_results.boards.relations import Standing, judge
from benchfleet_results.boards.tasks import GroupKey
from benchfleet_results.metrics import Scale
from benchfleet_results.series import Series
from benchfleet_results.statistics.sample import Sample


@dataclass(frozen=True)
class JudgedBoard:
    """`singles` has a standing for each series of the board; it is empty where nothing is compared."""

    shared: Common
    scores: Ranking | None
    ranking: list[Ranked]
    singles: Sequence[Standing[GroupKey]]
    told_apart: bool
    tests: int


def judged(board: BoardData, by: By) -> JudgedBoard:
    shared = common(board, by)
    scores = scored(board, shared)
    found = judge(
        scores.samples if scores else None,
        [] if board.key.not_compared else [samples(board, one) for one in board.series],
        scale=board.key.scale,
    )
    ranking = ranked(board, shared, by, scores, found.overall) if scores and found.overall else []
    told_apart = found.overall is not None and found.overall.told_apart
    return JudgedBoard(shared, scores, ranking, found.single, told_apart, found.tests)


def samples(board: BoardData, series: Series) -> tuple[dict[GroupKey, Sample], Scale]:
    """One side for each group that has it, on the scale on which all of them can be compared."""
    found = {key: data.series[series] for key, data in board.groups.items() if series in data.series}
    scale = common_scale(found.values(), board.key.scale)
    return {key: measured.sample(scale) for key, measured in found.items()}, scale


def common_scale(found: Iterable[Measured], scale: Scale) -> Scale:
    """Without logarithms there are no ratios: then the means are compared as they are."""
    return scale if scale != "ratio" or all(one.has_logarithms for one in found) else "count"
