"""What a comparison could have found, and how many repeats would find what it saw.

The smallest effect that a two-sided t test at level α finds with probability β is about (t(1 - α/2) + t(β)) standard
errors: H. S. Bloom, "Minimum detectable effects", Evaluation Review 19 (1995).
"""

import math

from benchfleet_results.statistics.comparing import apart, error_between
from benchfleet_results.statistics.sample import Error, Sample
from benchfleet_results.statistics.student import t_quantile

POWER = 0.8
_MOST = 1_000_000


def detectable(error: Error, *, level: float) -> float:
    """On the scale of the means: what would be found in four of five repetitions of the whole measurement."""
    factor = t_quantile(1 - level / 2, degrees=error.degrees) + t_quantile(POWER, degrees=error.degrees)
    return factor * math.sqrt(error.squared)


def needed(this: Sample, other: Sample, *, level: float) -> int | None:
    """How many units on each side would make their difference detectable, if it and the spread of units stay as they are.

    None without a difference or without replication, and beyond a million.
    """
    error, difference = error_between(this, other), abs(apart(this, other))
    if error is None or difference == 0:
        return None
    spread, parts = _of_one(this, other, error)

    def enough(count: int) -> bool:
        squared = max(spread / count, this.floor + other.floor)
        return detectable(Error(squared, parts * (count - 1)), level=level) <= difference

    if not enough(_MOST):
        return None
    low, high = 2, _MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _of_one(this: Sample, other: Sample, error: Error) -> tuple[float, float]:
    """The variance of one unit's difference, and how many degrees of freedom one more unit on each side brings.

    One where units are paired, else one to two: those of Welch and Satterthwaite for sides of equal size.
    """
    if this.pairs_with(other):
        return error.squared * (error.degrees + 1), 1.0
    first, second = ((side.squared_error or 0.0) * (side.degrees + 1) for side in (this, other))
    whole = first + second
    return whole, 1 / ((first / whole) ** 2 + (second / whole) ** 2) if whole else 1.0
