"""One task's result, reduced to what a rule about a run's precision needs: a logarithm for each benchmark."""

import math
from collections.abc import Iterable
from statistics import fmean
from typing import NamedTuple

from benchfleet_results.registry import metric_of
from benchfleet_results.series import Samples

USUAL_METRIC = "time"  # what decides where anything has it; what else was measured comes along


class Board(NamedTuple):
    """What is compared with nothing else, as in a report: a metric of a variant."""

    workload: str
    variant: str
    metric: str
    better: str


Costs = dict[Board, dict[str, float]]  # benchmark → logarithm of the mean of its samples


def costs_of(samples: Iterable[Samples]) -> Costs:
    """What a geometric mean can be made of. Shares, counts, and what is never compared, are left out."""
    found: Costs = {}
    for one in samples:
        metric = metric_of(one.series)
        mean = fmean(one.values) if one.values else 0.0
        if metric.scale == "ratio" and not metric.not_compared and mean > 0:
            series = one.series
            board = Board(series.workload, series.variant, series.metric, series.better)
            found.setdefault(board, {})[repr((series.benchmark, series.unit))] = math.log(mean)
    return found


def deciding(boards: Iterable[Board]) -> list[Board]:
    """Those that decide whether a run is precise enough: times where there are any, else all. Each once, in order."""
    known = sorted(set(boards))
    return [board for board in known if board.metric == USUAL_METRIC] or known
