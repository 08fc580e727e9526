"""Numbers as people read them."""

from benchfleet.statistics import Estimate

_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def scale(value: float, *, unit: str) -> tuple[float, str]:
    """What to divide by, and the unit then. Only seconds are scaled."""
    if unit != "s" or value == 0:
        return 1.0, unit
    return next(((factor, name) for factor, name in _SECONDS if abs(value) >= factor), _SECONDS[-1])


def mean_and_interval(found: Estimate, *, unit: str) -> tuple[str, str, str]:
    """(mean, interval, half width in per cent of the mean); the last two are empty where there is no interval."""
    factor, name = scale(found.mean, unit=unit)
    mean = f"{found.mean / factor:.4g} {name}"
    if found.interval is None:
        return mean, "", ""
    low, high = (end / factor for end in found.interval)
    share = "" if found.relative is None else f"± {found.relative:.1%}"
    return mean, f"{low:.4g} to {high:.4g} {name}", share
