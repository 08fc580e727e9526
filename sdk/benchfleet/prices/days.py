"""The days of prices, as they stand beside every amount that comes of them."""

from collections.abc import Iterable


def by_prices(days: Iterable[str | None]) -> str:
    """`by prices of 2026-07-09`, or of the first and the last of several days; empty where none is known."""
    known = sorted({day for day in days if day})
    if not known:
        return ""
    return f"by prices of {known[0]}" + (f" to {known[-1]}" if len(known) > 1 else "")
