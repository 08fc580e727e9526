"""From launches to what they cost. Pure."""

from datetime import datetime
from math import fsum

from benchfleet_contract.launches import LaunchList, LaunchView
from benchfleet_results.prices.books import PriceBooks
from benchfleet_results.prices.machines import machine_quote

from benchfleet.cli.documents.prices import MachineCost, RunCost

OPEN = ("starting", "running", "ending")


def cost_of(found: LaunchList, prices: PriceBooks, *, now: datetime) -> RunCost:
    """The control plane has counted each machine at the price it knew at its launch; `prices` only tell where such are from."""
    machines = [_machine(launch, prices, now) for launch in found.launches]
    return RunCost(
        run_id=found.run_id,
        usd=fsum(each.usd or 0.0 for each in machines),
        unknown=[each.name for each in machines if each.hours is not None and each.usd is None],
        open=[each.name for each in machines if each.state in OPEN],
        machines=machines,
        truncated=found.truncated,
    )


def _machine(launch: LaunchView, prices: PriceBooks, now: datetime) -> MachineCost:
    quote = None
    if launch.hourly_usd is not None and launch.region:
        quote, _ = machine_quote(prices, launch.region, launch.instance_type, launch.market)
    told = launch.price_date or (quote.date if quote else None)
    return MachineCost(
        name=launch.name, provider=launch.provider, instance_type=launch.instance_type, region=launch.region,
        market=launch.market, state=launch.state, hours=_hours(launch, now), hourly_usd=launch.hourly_usd,
        usd=launch.cost_usd, source=quote.source if quote and quote.date == told else None, date=told,
    )  # fmt: skip


def _hours(launch: LaunchView, now: datetime) -> float | None:
    if launch.launched_at is None:
        return None
    until = datetime.fromisoformat(launch.ended_at) if launch.ended_at else now
    return max(0.0, (until - datetime.fromisoformat(launch.launched_at)).total_seconds() / 3600)
