"""What a comparison could have found, and how many repeats would find what it saw.

The smallest effect that a two-sided t test at level α finds with probability β is about (t(1 - α/2) + t(β)) standard
errors: H. S. Bloom, "Minimum detectable effects", Evaluation Review 19 (1995).
"""

import math

from benchfleet_results.statistics.sample import Error
from benchfleet_results.statistics.student import t_quantile

POWER = 0.8
_MOST = 1_000_000


def detectable(error: Error, *, level: float) -> float:
    """On the scale of the means: what would be found in four of five repetitions of the whole measurement."""
    factor = t_quantile(1 - level / 2, degrees=error.degrees) + t_quantile(POWER, degrees=error.degrees)
    return factor * math.sqrt(error.squared)


def needed(difference: float, error: Error, *, units: int, level: float) -> int | None:
    """How many units in each group would make `difference` detectable, if their spread stays as it is.

    `units`: how many each group has now (the smaller number). None if there is no difference, or beyond a million.
    """
    if difference == 0 or units < 1:
        return None

    def enough(count: int) -> bool:
        grown = count / units
        degrees = max(1.0, (error.degrees + _per_unit(error, units)) * grown - _per_unit(error, units))
        return detectable(Error(error.squared / grown, degrees), level=level) <= abs(difference)

    if not enough(_MOST):
        return None
    low, high = units, _MOST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _per_unit(error: Error, units: int) -> float:
    """Groups that the degrees of freedom come from: one where units are paired, else up to two."""
    return 1.0 if error.degrees < units else 2.0
