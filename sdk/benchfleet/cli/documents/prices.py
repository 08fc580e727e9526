"""What `benchfleet prices list|update --json` and `benchfleet cost --json` print."""

from typing import Literal

from pydantic import Field

from benchfleet.cli.documents.base import Document


class KnownPrice(Document):
    """`market` says the unit: on-demand and spot are USD an hour; of parts and services it stands in the name."""

    region: str
    name: str
    market: Literal["on-demand", "spot", "parts", "services"]
    usd: float
    source: str
    date: str


class PricesListed(Document):
    prices: list[KnownPrice]


class MissingPrice(Document):
    """AWS offers no such type there."""

    region: str
    name: str


class PricesUpdated(Document):
    """`file`: where they are kept; `published`: the object of the control plane's bucket, null without --publish."""

    file: str
    updated: int
    published: str | None
    missing: list[MissingPrice]


class MachineCost(Document):
    """One machine of a run. `hours`: from its launch to its end, or to now; null if it was never launched."""

    name: str
    provider: str
    instance_type: str
    region: str | None
    market: Literal["on-demand", "spot"]
    state: str
    hours: float | None
    hourly_usd: float | None
    usd: float | None
    source: str | None = Field(
        description="of the price that this machine knows for it of that day; null where it knows none"
    )
    date: str | None = Field(description="of the price by which the control plane has counted it")


class RunCost(Document):
    """`usd` is the sum of what is known; `unknown` names machines that were launched and whose price is not known.

    `open`: machines that still run, and cost more by the hour.
    """

    run_id: str
    usd: float
    unknown: list[str]
    open: list[str]
    machines: list[MachineCost]
    truncated: bool = Field(description="the run had more machines than are told of here")
