"""Where an amount comes of prices, the day of these prices stands beside it."""

from io import StringIO

from benchfleet.cli.runs.shown import print_machines
from benchfleet.nuke.hourly import hourly
from benchfleet.nuke.inventory import Inventory
from benchfleet.nuke.thing import Thing
from benchfleet.prices.days import by_prices
from rich.console import Console

from tests.each_case import each_case
from tests.unit.test_run_costs import launches


@each_case(
    ("days", "words"),
    [
        (["2026-07-20", "2026-07-20"], "by prices of 2026-07-20"),
        (["2026-07-20", None, "2025-01-01"], "by prices of 2025-01-01 to 2026-07-20"),
        ([None], ""),
    ],
)
def test_the_first_and_the_last_day_are_told(days: list[str | None], words: str) -> None:
    assert by_prices(days) == words


def test_what_a_nuke_tells_by_the_hour_has_its_day() -> None:
    known = hourly(None)("us-east-1", "c8g.medium", False)
    assert known == (0.03988, "2026-07-20")
    machine = Thing("instance", "i-1", "us-east-1", "c8g.medium", known[0], by_hour=True, price_date=known[1])
    told = Inventory(["us-east-1"], [machine, Thing("stack", "benchfleet-dev", "us-east-1")]).costs
    assert told.startswith("Machines cost 0.0399 USD an hour, by prices of 2026-07-20; ")


def test_the_machines_of_a_run_are_shown_with_the_day_of_their_prices() -> None:
    out = StringIO()
    print_machines(launches({}, {"price_date": None}).launches, console=Console(file=out, width=200))
    assert "machines: 0.1500 USD, by prices of 2026-07-20; `benchfleet cost`" in out.getvalue()
