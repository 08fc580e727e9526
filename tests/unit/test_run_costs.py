"""What the machines of a run have cost, as `benchfleet cost` tells it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from benchfleet.cli.cost import sums
from benchfleet.cli.costs import cost_of
from benchfleet_contract.launches import LaunchList, LaunchView
from benchfleet_results.prices.shipped import shipped

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
FINE: dict[str, Any] = {
    "name": "bf-1-1", "provider": "aws", "provisioner": "aws-ec2", "instance_type": "c8g.medium", "region": "us-east-1",
    "zone": None, "market": "on-demand", "state": "ended", "resource_id": "i-1", "phase": None, "message": None,
    "launched_at": "2026-11-29T09:00:00Z", "called_home_at": None, "ended_at": "2026-11-29T10:30:00Z", "expires_at": None,
    "hourly_usd": 0.05, "cost_usd": 0.075, "price_date": "2026-07-20", "failure": None,
}  # fmt: skip


def launches(*changes: dict[str, Any], truncated: bool = False) -> LaunchList:
    rows = [LaunchView(**(FINE | {"name": f"bf-1-{number}"} | each)) for number, each in enumerate(changes, start=1)]
    return LaunchList(run_id="r", launches=rows, truncated=truncated)


def test_each_machine_has_its_hours_and_its_price_with_source_and_day() -> None:
    running = {"state": "running", "ended_at": None, "cost_usd": 0.15, "price_date": "2026-08-01"}
    found = cost_of(launches({}, running), shipped(), now=NOW)
    first, second = found.machines
    assert (second.date, second.source) == ("2026-08-01", None)  # no price of that day is known here
    assert (first.hours, first.usd, first.date) == (1.5, 0.075, "2026-07-20")
    assert first.source is not None
    assert first.source.startswith("AWS Price List")
    assert (second.hours, found.open, found.unknown) == (3.0, ["bf-1-2"], [])
    assert found.usd == pytest.approx(0.225)
    assert sums(found) == [
        "0.2250 USD up to now, by prices of 2026-07-20 to 2026-08-01, with disks and addresses, without taxes and traffic."
    ]


def test_what_is_not_known_is_told_and_what_never_was_costs_nothing() -> None:
    unknown = {"instance_type": "z9.huge", "hourly_usd": None, "cost_usd": None}
    never = {
        "launched_at": None,
        "ended_at": None,
        "region": None,
        "state": "failed",
        "hourly_usd": None,
        "cost_usd": None,
    }
    found = cost_of(launches({}, unknown, never, truncated=True), shipped(), now=NOW)
    assert (found.usd, found.unknown, found.open) == (0.075, ["bf-1-2"], [])
    assert [each.source is None for each in found.machines] == [False, True, True]
    assert sums(found)[1:] == [
        "Not in it, for want of a price: bf-1-2. `benchfleet prices update --publish`.",
        "The run had more machines than are told of here.",
    ]
