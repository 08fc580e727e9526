"""When pyperf calls a benchmark unstable.

The four rules of `pyperf check`, as its documentation has them ("Analyze benchmark results") and version 2.11 computes them
(`format_checks` in `pyperf/_cli.py`, `required_nprocesses` in `pyperf/_bench.py`). pyperf counts the worker processes of one
file; here each sample of a task counts as one, which asks for the same where samples of one process are independent.
"""

import math
from collections.abc import Sequence
from statistics import fmean

from benchfleet_results.statistics.sample import variance

SPREAD = 0.10  # standard deviation, as a share of the mean
EXTREME = 0.50  # distance of the lowest or highest value from the mean, as a share of it
SHORTEST_S = 1e-3  # a raw value
_Z = 1.96  # of 95 %
_WIDTH = 0.01  # of the whole interval, as a share of the mean


def spread(values: Sequence[float]) -> float | None:
    """The standard deviation as a share of the mean; None for fewer than two values, or a mean of zero."""
    if len(values) < 2 or not (mean := fmean(values)):
        return None
    return math.sqrt(variance(values, mean)) / abs(
        mean
    )  # `stdev` counts in fractions, which took half of a report's time


def extreme(values: Sequence[float]) -> float | None:
    """The lowest or highest value's distance from the mean as a share of it, whichever is farther; negative: below."""
    mean = fmean(values)
    return max((min(values) / mean - 1, max(values) / mean - 1), key=abs) if mean else None


def required(relative_spread: float) -> int:
    """Values that make the mean certain to 1 % at 95 %: 4 Z² σ² / W²."""
    return math.ceil(round(4 * _Z**2 * relative_spread**2 / _WIDTH**2, 6))
