"""What `benchfleet nuke --json` tells."""

from benchfleet.cli.documents.base import Document


class Resource(Document):
    """`hourly_usd` is null where it is unknown, or where nothing costs by the hour."""

    kind: str
    name: str
    region: str
    details: str
    hourly_usd: float | None
    price_date: str | None = None


class Nuked(Document):
    """`found` is what there was; `kept` is what only `--with-results` deletes; `strangers` lack our tag and are not touched.

    `left` is what is still there and should not be; empty with `plan`. `unpriced` counts machines without a known price, which
    `hourly_usd` has not in it.
    """

    stage: str
    account: str
    regions: list[str]
    run_id: str | None
    plan: bool
    found: list[Resource]
    hourly_usd: float
    unpriced: int
    kept: list[Resource]
    strangers: list[Resource]
    left: list[Resource]
