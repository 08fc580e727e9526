"""One task's result, reduced to what a rule about a run's precision needs: a logarithm and a step for each benchmark."""

import math
from collections.abc import Iterable, Iterator
from statistics import fmean
from typing import NamedTuple

from benchfleet_results.registry import metric_of
from benchfleet_results.series import Samples
from benchfleet_results.statistics.sample import resolution

USUAL_METRIC = "time"  # what decides where anything has it; what else was measured comes along


class Board(NamedTuple):
    """What is compared with nothing else, as in a report: a metric of a variant."""

    workload: str
    variant: str
    metric: str
    better: str


Costs = dict[Board, dict[str, float]]  # benchmark → logarithm of the mean of its samples
Steps = dict[Board, dict[str, float]]  # benchmark → in what step its samples were written down, in their unit


def costs_of(samples: Iterable[Samples]) -> Costs:
    """What a geometric mean can be made of. Shares, counts, and what is never compared, are left out."""
    found: Costs = {}
    for board, name, one in _compared(samples):
        found.setdefault(board, {})[name] = math.log(fmean(one.values))
    return found


def steps_of(samples: Iterable[Samples]) -> Steps:
    """Of the same benchmarks."""
    found: Steps = {}
    for board, name, one in _compared(samples):
        found.setdefault(board, {})[name] = resolution(one.values, one.series.unit)
    return found


def _compared(samples: Iterable[Samples]) -> Iterator[tuple[Board, str, Samples]]:
    for one in samples:
        series, metric = one.series, metric_of(one.series)
        if metric.scale == "ratio" and not metric.not_compared and one.values and fmean(one.values) > 0:
            board = Board(series.workload, series.variant, series.metric, series.better)
            yield board, repr((series.benchmark, series.unit)), one


def deciding(boards: Iterable[Board]) -> list[Board]:
    """Those that decide whether a run is precise enough: times where there are any, else all. Each once, in order."""
    known = sorted(set(boards))
    return [board for board in known if board.metric == USUAL_METRIC] or known
