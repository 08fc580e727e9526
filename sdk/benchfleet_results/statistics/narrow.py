"""Which intervals may be narrow by luck: those of groups that vary much less than the others they stand beside.

The spread that few repeats show may be far too small: they may all be in one of two modes. Nothing in them tells. But
where others of the same table vary twice as much or more (in variance), chances are that these repeats have not yet met
what the others met. In simulations such intervals hold the mean in 0 to 92 % of cases, and all others in 92 % and more,
whatever the shape of the data (docs/adr/0058).
"""

from collections.abc import Hashable, Mapping
from statistics import fmean
from typing import TypeVar

from benchfleet_results.statistics.sample import Sample
from benchfleet_results.statistics.skewness import LEAST as MANY

_LESS = 2  # times the variance
Key = TypeVar("Key", bound=Hashable)


def narrow(samples: Mapping[Key, Sample]) -> frozenset[Key]:
    """Those whose units, fewer than twenty, vary by less than half of what units of all do on average."""
    known = {key: (one.squared_error * len(one.deviations), one) for key, one in samples.items() if one.squared_error}
    if len(known) < 2:
        return frozenset()
    typical = fmean(variance for variance, _ in known.values())
    return frozenset(
        key for key, (variance, one) in known.items() if len(one.deviations) < MANY and _LESS * variance < typical
    )
