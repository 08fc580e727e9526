"""What a machine costs by the hour: from a file that the user names, else from the prices that this machine knows."""

import os
from collections.abc import Callable
from pathlib import Path

Rate = tuple[float, str]  # USD an hour, and the day of that price
Hourly = Callable[[str, str, bool], Rate | None]  # region, instance type, spot; None: unknown


def hourly(file: str | None) -> Hourly:
    """Raises ConfigError for a file that is no price table."""
    return _of_file(Path(file)) if file else _known()


def _of_file(path: Path) -> Hourly:
    from benchfleet.report.prices import load

    table = load(path)

    def rate(region: str, size: str, spot: bool) -> Rate | None:
        found = table.find("aws", [size], "spot" if spot else "on-demand")
        return (found.usd_per_hour, found.date) if found else None

    return rate


def _known() -> Hourly:
    from benchfleet_results.prices.machines import machine_quote

    from benchfleet.prices.kept import file_of, known_prices

    books = known_prices(file_of(os.environ))

    def rate(region: str, size: str, spot: bool) -> Rate | None:
        found, _ = machine_quote(books, region, size, "spot" if spot else "on-demand")
        return (float(found.usd), found.date) if found else None

    return rate
