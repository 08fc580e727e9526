"""Samples that lie far from all others of their task."""

from collections.abc import Sequence
from statistics import fmean, median

_LEAST = 8  # samples: of fewer, noise itself makes outliers
_FAR = 14.826  # median absolute deviations: ten standard deviations of normal noise
_SMALLEST = 0.01  # of the median: what is nearer matters to nobody, however quiet the rest is


def outliers(values: Sequence[float]) -> list[float]:
    """Those more than 14.826 median absolute deviations, and 1 %, from the median; none of fewer than eight.

    The rule of hyperfine (`outlier_detection.rs`: a modified Z-score above 10 · 1.4826), after B. Iglewicz and D. C.
    Hoaglin, How to Detect and Handle Outliers (1993). Their own 3.5 standard deviations are too near for few samples: at that,
    every eighth series of ten normal samples has an outlier, and with this rule one in a thousand.
    """
    if len(values) < _LEAST:
        return []
    middle = median(values)
    far = max(_FAR * median(abs(value - middle) for value in values), _SMALLEST * abs(middle))
    return [value for value in values if abs(value - middle) > far]


def shift(values: Sequence[float], far: Sequence[float]) -> float:
    """By how much outliers move the mean, as a share of the mean without them; 0 where that is zero."""
    others = list(values)
    for value in far:
        others.remove(value)
    rest = fmean(others) if others else 0.0
    return abs(fmean(values) / rest - 1) if rest else 0.0
