"""`benchfleet prices update`."""

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchfleet.cli.options import AsJson
from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
    from benchfleet_results.prices.books import PriceBooks

    from benchfleet.cli.documents.prices import PricesUpdated
    from benchfleet.deploy.aws import Aws
    from benchfleet.repricing.updating import Renewed

Regions = Annotated[
    list[str] | None,
    typer.Option("--region", metavar="REGION", help="May be repeated (default: all of which prices are known)."),
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="May be repeated (default: all of which prices are known)."),
]
Publish = Annotated[bool, typer.Option("--publish", help="Give them to a control plane, too, for `max_cost`.")]
Stage = Annotated[Literal["dev", "prod"], typer.Option(help="Whose control plane, with --publish.")]
Home = Annotated[
    str | None, typer.Option("--stage-region", metavar="REGION", help="Of that control plane; else $AWS_REGION.")
]


def run(
    region: Regions = None,
    instance_type: Types = None,
    publish: Publish = False,
    stage: Stage = "dev",
    stage_region: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask AWS for today's prices and keep them: on demand by the Price List API, spot by EC2, and disks and addresses.

    It needs credentials with pricing:GetProducts and ec2:DescribeSpotPriceHistory. Nothing is changed where it fails.
    """
    from benchfleet.cli.documents.prices import MissingPrice, PricesUpdated
    from benchfleet.deploy.aws import Aws
    from benchfleet.prices.kept import file_of, keep_prices, kept_prices, known_prices

    file = file_of(os.environ)
    known = known_prices(file)
    aws = Aws(stage_region or (None if publish else "us-east-1"))
    found = _ask(aws, known, region, instance_type)
    keep_prices(file, kept_prices(file).with_books(found.books).newest())
    address = _publish(aws, stage, known.with_books(found.books)) if publish else None
    updated = PricesUpdated(
        file=str(file),
        updated=sum(len(book.usd) for book in found.books),
        published=address,
        missing=[MissingPrice(region=at, name=name) for at, name in found.missing],
    )
    _print(updated, as_json=as_json)


def _ask(aws: "Aws", known: "PriceBooks", regions: list[str] | None, types: list[str] | None) -> "Renewed":
    """Raises UsageError where AWS has none of the types that were named."""
    from benchfleet.repricing.updating import renewed

    wanted = regions or known.regions
    names = types or sorted({name for at in wanted for name in known.names(at, "on-demand")} or _everywhere(known))
    found = renewed(aws, wanted, names, now=datetime.now(UTC), tell=lambda words: print(words, file=sys.stderr))
    absent = [name for name in names if all((at, name) in found.missing for at in wanted)]
    if types and absent:
        raise UsageError(f"AWS has no instance type {', '.join(absent)} in {', '.join(wanted)}; nothing was changed")
    return found


def _everywhere(known: "PriceBooks") -> set[str]:
    return {name for at in known.regions for name in known.names(at, "on-demand")}


def _publish(aws: "Aws", stage: str, prices: "PriceBooks") -> str:
    from benchfleet.repricing.publishing import publish

    return publish(aws, stage, prices)


def _print(updated: "PricesUpdated", *, as_json: bool) -> None:
    for missing in updated.missing:
        print(f"AWS has no {missing.name} in {missing.region}", file=sys.stderr)
    if as_json:
        from benchfleet.cli.output import print_document

        print_document(updated)
        return
    print(f"{updated.updated} prices kept in {updated.file}")
    if updated.published:
        print(f"published to {updated.published}: the control plane counts with them within five minutes")
