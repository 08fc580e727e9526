"""The interval of a mean where repeats have a long tail to one side.

Student's interval is the same to both sides. Where most repeats are alike and a few are slow, it lies too low: of twenty
exponential ones 8 % of the intervals end below the mean, and 0.5 % begin above it. P. Hall, "On the removal of skewness
by transformation", Journal of the Royal Statistical Society B 54 (1992), makes t symmetric by a cubic that can be turned
round. What is simulated: docs/benchmarks.md.
"""

import math
from collections.abc import Sequence

LEAST = 20  # repeats: of fewer, the skewness that is seen says little of the one that there is
_SIGNIFICANT = 1.959964  # two-sided 5 %


def skewness(deviations: Sequence[float]) -> float:
    """g1, the third standardised moment of what is given as distances from its mean; 0 where nothing varies."""
    second = math.fsum(one * one for one in deviations) / len(deviations)
    if second == 0:
        return 0.0
    return math.fsum((one / math.sqrt(second)) ** 3 for one in deviations) / len(deviations)


def is_skewed(deviations: Sequence[float]) -> bool:
    """By R. B. D'Agostino's test, "Transformation to normality of the null distribution of g1", Biometrika 57 (1970), at 5 %.

    Never of fewer than `LEAST`.
    """
    return len(deviations) >= LEAST and abs(_normal(skewness(deviations), len(deviations))) > _SIGNIFICANT


def reach(deviations: Sequence[float], quantile: float) -> tuple[float, float]:
    """How far below and above the mean its interval goes, in standard errors; `quantile` is Student's.

    Hall's interval and Student's together: what is longer on each side. Both are `quantile` where nothing is skewed.
    """
    if not is_skewed(deviations):
        return quantile, quantile
    size = len(deviations)
    adjusted = skewness(deviations) * math.sqrt(size * (size - 1)) / (size - 2)
    below, above = _turned_round(quantile, adjusted, size), -_turned_round(-quantile, adjusted, size)
    return max(quantile, below), max(quantile, above)


def _turned_round(value: float, skew: float, size: int) -> float:
    """Hall's g3 solved for t: g3(t) = t + k (t² / 3 + 1 / 6) + k² t³ / 27 with k = skewness / √size."""
    share = skew / math.sqrt(size)
    return 3 / share * (math.cbrt(1 + share * (value - share / 6)) - 1)


def _normal(skew: float, size: int) -> float:
    """D'Agostino's Z: standard normal where the values are."""
    scaled = skew * math.sqrt((size + 1) * (size + 3) / (6 * (size - 2)))
    kurtosis = 3.0 * (size**2 + 27 * size - 70) * (size + 1) * (size + 3)
    kurtosis /= (size - 2) * (size + 5) * (size + 7) * (size + 9)
    squared = math.sqrt(2 * (kurtosis - 1)) - 1
    return math.asinh(scaled / math.sqrt(2 / (squared - 1))) / math.sqrt(math.log(squared) / 2)
