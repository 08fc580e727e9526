"""Where a row of numbers changes its level.

PELT (R. Killick, P. Fearnhead and I. A. Eckley, "Optimal detection of changepoints with a linear computational cost",
Journal of the American Statistical Association 107, 2012) with squared distances from each segment's mean, as the package
ruptures has it (C. Truong, L. Oudre and N. Vayatis, "Selective review of offline change point detection methods", Signal
Processing 167, 2020). The noise is taken from differences of neighbours, which a step hardly enters: half their mean
square (J. von Neumann and others, "The mean square successive difference", Annals of Mathematical Statistics 12, 1941).
"""

import math
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from statistics import fmean

from benchfleet.exceptions import UsageError

LEAST_RUNS = 6  # of fewer, noise cannot be told from a step
SHORTEST = 2  # runs of a segment: one run that is off is no new level
# The cost of a step is this, times the variance, times ln n. 2 would be usual for a known variance and many runs; with an
# estimated one and few runs that finds steps where there are none: `make bench` has the rates (topic history_steps).
PENALTY = 5.0


def available() -> None:
    """Raises UsageError without the package."""
    if find_spec("ruptures") is None:
        raise UsageError(
            "--history needs the package ruptures: pip install 'benchfleet[history]' (Python 3.11 to 3.13)"
        )


def change_points(values: Sequence[float], *, floor: float = 0.0, penalty: float = PENALTY) -> list[int]:
    """The index of the first value of each new level. `floor`: the least variance, which rounding makes.

    Needs `available`. Empty for fewer than six values, and where all of them are equal.
    """
    noise = max(variance(values), floor)
    if len(values) < LEAST_RUNS or noise <= 0:
        return []
    from numpy import array  # ruptures brings it; both are loaded by a history alone
    from ruptures import KernelCPD

    centre = fmean(values)
    scaled = array([[(value - centre) / math.sqrt(noise)] for value in values])
    found = KernelCPD(kernel="linear", min_size=SHORTEST).fit(scaled).predict(pen=penalty * math.log(len(values)))
    return [int(index) for index in found[:-1]]


def variance(values: Sequence[float]) -> float:
    """Of the noise around levels that change seldom; 0 for fewer than two values."""
    squares = [(after - before) ** 2 for before, after in pairwise(values)]
    return fmean(squares) / 2 if squares else 0.0
