"""How the samples of one benchmark lie: quartiles and a histogram. A mean of two humps is where nothing was measured."""

from collections.abc import Sequence
from itertools import chain
from statistics import quantiles

from benchfleet.report.model.board import Distribution

_FEWEST, _BINS_MOST = 8, 24  # samples that make a histogram; bins


def distribution(by_task: Sequence[Sequence[float]]) -> Distribution | None:
    values = sorted(chain.from_iterable(by_task))
    if not values:
        return None
    low, middle, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return Distribution(
        minimum=values[0], quartiles=(low, middle, high), maximum=values[-1], histogram=_histogram(values)
    )


def _histogram(values: Sequence[float]) -> list[int]:
    """About the square root of their number of bins, as spreadsheets do; all in the first one if all are equal."""
    if len(values) < _FEWEST:
        return []
    bins = min(_BINS_MOST, max(6, round(len(values) ** 0.5)))
    counts, low, width = [0] * bins, values[0], (values[-1] - values[0]) / bins
    for value in values:
        counts[min(int((value - low) / width), bins - 1) if width > 0 else 0] += 1
    return counts
