"""What there is of a stage, and what it costs by the hour."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchfleet.nuke.thing import Thing
from benchfleet.prices.days import by_prices


@dataclass(frozen=True)
class Inventory:
    """`things` go; `kept` stay without a flag of their own; `strangers` lack the tag and are not touched."""

    regions: Sequence[str]
    things: Sequence[Thing]
    kept: Sequence[Thing] = ()
    strangers: Sequence[Thing] = ()

    @property
    def hourly_usd(self) -> float:
        """Of what has a price by the hour that is known."""
        return sum(it.hourly_usd or 0.0 for it in self.things)

    @property
    def unpriced(self) -> int:
        """Things that cost by the hour and have no known price."""
        return sum(it.by_hour and it.hourly_usd is None for it in self.things)

    @property
    def costs(self) -> str:
        """A sentence without a full stop."""
        by_hour = [it for it in self.things if it.by_hour]
        if not by_hour:
            return "Nothing of it costs by the hour; storage and requests cost by use"
        days = by_prices(it.price_date for it in by_hour)
        known = ", ".join(filter(None, [f"Machines cost {self.hourly_usd:.4f} USD an hour", days]))
        if self.unpriced == len(by_hour):
            known = "What its machines cost an hour is unknown: `benchfleet prices update` asks AWS, --prices FILE names a table"
        elif self.unpriced:
            known += f", and {self.unpriced} more that the price table does not name"
        return f"{known}; storage and requests cost by use"
