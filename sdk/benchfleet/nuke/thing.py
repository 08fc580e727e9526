"""One thing of the account that belongs to a stage."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Thing:
    """`kind` and `name` as people call them; `details` is empty or a few words. `hourly_usd` None: unknown, or no price by
    the hour; `by_hour` tells which. `price_date` is the day of that price.
    """

    kind: str
    name: str
    region: str
    details: str = ""
    hourly_usd: float | None = None
    by_hour: bool = False
    price_date: str | None = None

    @property
    def words(self) -> str:
        return f"{self.kind} {self.name} in {self.region}"
