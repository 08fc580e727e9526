"""Today's prices of some types in some regions, as books."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchfleet_results.prices.books import Book

from benchfleet.deploy.aws import Aws
from benchfleet.repricing.price_list import on_demand, parts
from benchfleet.repricing.spot import spot

LISTED, SPOT = "AWS Price List API", "Amazon EC2 spot price history, the dearest zone"


@dataclass(frozen=True)
class Renewed:
    """`missing`: regions and types that AWS does not offer there."""

    books: tuple[Book, ...]
    missing: tuple[tuple[str, str], ...]


def renewed(
    aws: Aws, regions: Sequence[str], instance_types: Sequence[str], *, now: datetime, tell: Callable[[str], None]
) -> Renewed:
    """Asks region by region. Sizes of Fargate are no types: what they consist of is always renewed. Raises DeployError."""
    types = [name for name in instance_types if not name.startswith("fargate-")]
    books: list[Book] = []
    missing: list[tuple[str, str]] = []
    day = now.date().isoformat()
    for region in regions:
        tell(f"{region}: {len(types)} types")
        priced = {name: on_demand(aws, region, name) for name in types}
        known = {name: usd for name, usd in priced.items() if usd is not None}
        missing += [(region, name) for name, usd in priced.items() if usd is None]
        on_spot = spot(aws, region, list(known), now=now) if known else {}
        found = (
            Book(region, "on-demand", LISTED, day, known),
            Book(region, "spot", SPOT, day, on_spot),
            Book(region, "parts", LISTED, day, parts(aws, region)),
        )
        books += [book for book in found if book.usd]
    return Renewed(tuple(books), tuple(missing))
