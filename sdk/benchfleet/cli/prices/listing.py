"""`benchfleet prices list`."""

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.options import AsJson

if TYPE_CHECKING:
    from benchfleet.cli.documents.prices import KnownPrice

Regions = Annotated[list[str] | None, typer.Option("--region", metavar="REGION", help="Only there; may be repeated.")]
Types = Annotated[list[str] | None, typer.Option("--type", metavar="TYPE", help="Only this type; may be repeated.")]


def run(region: Regions = None, instance_type: Types = None, as_json: AsJson = False) -> None:
    """List the prices that this machine knows: shipped with the program, or kept by `benchfleet prices update`.

    Of several prices for the same, the latest is shown, with its source and day.
    """
    from benchfleet.cli.documents.prices import KnownPrice, PricesListed
    from benchfleet.prices.kept import file_of, known_prices

    books = known_prices(file_of(os.environ)).newest().books
    rows = [
        KnownPrice(region=it.region, name=name, market=it.market, usd=float(usd), source=it.source, date=it.date)
        for it in books
        if not region or it.region in region
        for name, usd in it.usd.items()
        if not instance_type or name in instance_type
    ]
    rows.sort(key=lambda row: (row.region, row.market, row.name))
    if as_json:
        from benchfleet.cli.output import print_document

        print_document(PricesListed(prices=rows))
        return
    if not rows:
        print("No such price is known: `benchfleet prices update` asks AWS.", file=sys.stderr)
        return
    _print(rows)


def _print(rows: "list[KnownPrice]") -> None:
    from benchfleet.cli.output import plain_table, print_table

    table = plain_table("region", "what", "market", "USD", "of", "source")
    table.columns[3].justify = "right"
    for row in rows:
        table.add_row(row.region, row.name, row.market, f"{row.usd:.10f}".rstrip("0").rstrip("."), row.date, row.source)
    print_table(table)
