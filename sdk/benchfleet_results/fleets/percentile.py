"""Two percentiles: the one that aggregation 1.0.0 promises, and the interpolated one of our own fields."""

import math
from collections.abc import Sequence
from statistics import fmean

from benchfleet_contract.fleets.results import Spread


def observed(ordered: Sequence[float], p: float) -> float:
    """Of values in ascending order: the one at zero-based index ceil(p / 100 * (n - 1)); 0.0 of none.

    It is always one of the values, and its rank is rounded up: [1, 2] has the median 2.
    """
    if not ordered:
        return 0.0
    index = math.ceil(round(p / 100 * (len(ordered) - 1), 9))  # 0.07 * 100 would be 7.000000000000001
    return ordered[min(index, len(ordered) - 1)]


def interpolated(ordered: Sequence[float], p: float) -> float:
    """Linear between neighbours, at rank p / 100 * (n - 1): method 7 of R. J. Hyndman and Y. Fan, "Sample Quantiles in
    Statistical Packages", The American Statistician 50 (1996). Raises ValueError for no values.
    """
    if not ordered:
        raise ValueError("no values have no percentile")
    rank = p / 100 * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def spread(values: Sequence[float]) -> Spread | None:
    """None of no values."""
    if not values:
        return None
    ordered = sorted(values)
    middle = {f"p{p}": interpolated(ordered, p) for p in (50, 90, 95, 99)}
    return Spread(count=len(ordered), mean=fmean(ordered), min=ordered[0], max=ordered[-1], **middle)
