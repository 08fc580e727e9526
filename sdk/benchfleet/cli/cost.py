"""`benchfleet cost`: what the machines of a run have cost."""

import os
from typing import TYPE_CHECKING

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.cli.run_ids import RunId, resolve

if TYPE_CHECKING:
    from benchfleet.cli.documents.prices import RunCost


def run(
    run_id: RunId, api_url: ApiUrl = None, api_key: ApiKey = None, profile: Profile = None, as_json: AsJson = False
) -> None:
    """Show what the machines that the control plane brought for a run have cost: hours, price, and where that is from.

    Machines that people started themselves, and the control plane's own requests (docs/cost.md), are not in it.
    """
    from datetime import UTC, datetime

    from benchfleet.cli.costs import cost_of
    from benchfleet.prices.kept import file_of, known_prices

    with connect(api_url, api_key, profile, of=run_id) as client:
        found = client.launches(resolve(client, run_id))
    cost = cost_of(found, known_prices(file_of(os.environ)), now=datetime.now(UTC))
    if as_json:
        from benchfleet.cli.output import print_document

        print_document(cost)
        return
    print_cost(cost)


def print_cost(cost: "RunCost") -> None:
    from benchfleet.cli.output import plain_table, print_table

    if not cost.machines:
        print(f"The control plane brought no machines for run {cost.run_id}.")
        return
    table = plain_table("machine", "instance type", "where", "state", "hours", "USD/h", "USD", "price of")
    for number in (4, 5, 6):
        table.columns[number].justify = "right"
    for it in cost.machines:
        hours, hourly, usd = (_number(value) for value in (it.hours, it.hourly_usd, it.usd))
        where = f"{it.region or ''}{', spot' if it.market == 'spot' else ''}"
        told = ", ".join(filter(None, [it.date, it.source])) or "unknown"
        table.add_row(it.name, it.instance_type, where, it.state, hours, hourly, usd, told)
    print_table(table)
    for words in sums(cost):
        print(words)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def sums(cost: "RunCost") -> list[str]:
    """The total in sentences, and what is not in it."""
    from benchfleet.prices.days import by_prices

    days = by_prices(it.date for it in cost.machines if it.usd is not None)
    told = [
        f"{cost.usd:.4f} USD{' up to now' * bool(cost.open)}",
        days,
        "with disks and addresses, without taxes and traffic",
    ]
    words = [f"{', '.join(filter(None, told))}."]
    if cost.unknown:
        words.append(
            f"Not in it, for want of a price: {', '.join(cost.unknown)}. `benchfleet prices update --publish`."
        )
    if cost.truncated:
        words.append("The run had more machines than are told of here.")
    return words
