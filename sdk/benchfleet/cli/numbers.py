"""Numbers as people read them."""

from benchfleet_results.statistics import Estimate

from benchfleet.report.words import scale
from benchfleet.report.words import share as share_of

__all__ = ["mean_and_interval", "scale"]


def mean_and_interval(found: Estimate, *, unit: str) -> tuple[str, str, str]:
    """(mean, interval, half width in per cent of the mean); the last two are empty where there is no interval."""
    factor, name = scale(found.mean, unit=unit)
    mean = f"{found.mean / factor:.4g} {name}"
    if found.interval is None:
        return mean, "", ""
    low, high = (end / factor for end in found.interval)
    share = "" if found.relative is None else f"± {share_of(found.relative)}"
    return mean, f"{low:.4g} to {high:.4g} {name}", share
