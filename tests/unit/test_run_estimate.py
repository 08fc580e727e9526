"""What a run's machines will cost, told before anything starts."""

import io
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from typing import Any

import pytest
from benchfleet.cli.run_menu import agrees
from benchfleet.prices.estimate import Estimate, estimate, words
from benchfleet_contract.run_request import read_run_request
from benchfleet_results.prices.shipped import shipped

HOUR = Decimal("0.03988") + 30 * Decimal("0.08") / 730 + Decimal("0.005")


def estimated(**changes: Any) -> Estimate:
    body: dict[str, Any] = {
        "workload": "mock", "per_instance_type": {"tasks": 4, "instances": 2}, "deadline_s": 7200,
        "aws": [{"instance_type": "c8g.medium"}], "provision": {"aws": {}},
    }  # fmt: skip
    return estimate(read_run_request(body | changes).request, shipped(), home="us-east-1")  # type: ignore[arg-type]


def test_at_most_every_machine_works_until_the_deadline() -> None:
    found = estimated()
    assert found.at_most == pytest.approx(2 * 2 * HOUR)
    assert found.probably is None
    line, total = words(found)
    assert line.startswith("  2 x c8g.medium, on-demand, us-east-1: 0.0482 USD/h each (2026-07-20, AWS Price List")
    assert total == "The machines cost at most 0.19 USD until the deadline."


def test_no_more_machines_are_counted_than_there_are_tasks() -> None:
    assert estimated(per_instance_type={"tasks": 1, "instances": 9}).at_most == pytest.approx(2 * HOUR)


def test_max_cost_bounds_what_is_told_also_where_a_price_is_unknown() -> None:
    unknown = [{"instance_type": "c8g.medium"}, {"instance_type": "z9.huge"}]
    assert estimated(max_cost=0.1).at_most == Decimal("0.1")
    found = estimated(aws=unknown)
    assert (found.at_most, found.probably) == (None, None)
    assert list(words(found))[1:] == [
        "  2 x z9.huge, on-demand, us-east-1: price unknown",
        "The machines cost nobody knows how much: set max_cost, or run `benchfleet prices update`.",
    ]
    assert estimated(aws=unknown, max_cost=5).at_most == pytest.approx(2 * 2 * HOUR)


def test_a_spot_machine_costs_at_most_what_it_does_on_demand() -> None:
    found = estimated(provision={"aws": {"market": "spot", "regions": ["us-west-2"]}})
    (line,) = found.lines
    assert line.price is not None
    assert (line.region, line.price.machine.usd) == ("us-west-2", Decimal("0.0068"))
    assert found.at_most == pytest.approx(2 * 2 * HOUR)


def test_a_run_that_brings_no_machines_has_nothing_to_tell() -> None:
    assert list(words(estimated(provision=None))) == []


class Screen:
    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.mark.parametrize(
    ("typed", "agreed"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False), ("no\n", False)]
)
def test_only_yes_is_yes(typed: str, agreed: bool) -> None:
    out = io.StringIO()
    assert agrees(display=Screen(), answers=io.StringIO(typed), out=out) is agreed
    assert out.getvalue() == "Start it? [y/N] "
