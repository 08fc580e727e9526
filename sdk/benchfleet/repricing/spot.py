"""Spot prices of now, from EC2."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.refusals import explained

_LINUX = ["Linux/UNIX", "Linux/UNIX (Amazon VPC)"]


def spot(aws: Aws, region: str, instance_types: Sequence[str], *, now: datetime) -> dict[str, Decimal]:
    """USD an hour of the dearest zone, by type; absent where there is no such market. Raises DeployError.

    With StartTime of now EC2 tells the price that holds in each zone (API reference, DescribeSpotPriceHistory).
    """
    with explained(f"asking EC2 for spot prices in {region}"):
        pages = aws.pages(
            "ec2", "describe_spot_price_history", region=region, InstanceTypes=list(instance_types),
            ProductDescriptions=_LINUX, StartTime=now,
        )  # fmt: skip
        rows = [row for page in pages for row in page["SpotPriceHistory"]]
    latest: dict[tuple[str, str], tuple[datetime, Decimal]] = {}
    for row in rows:
        key, told = (row["InstanceType"], row["AvailabilityZone"]), (row["Timestamp"], Decimal(row["SpotPrice"]))
        latest[key] = max(told, latest.get(key, told))
    dearest: dict[str, Decimal] = {}
    for (name, _), (_, usd) in latest.items():
        dearest[name] = max(usd.normalize(), dearest.get(name, Decimal(0)))
    return {name: usd for name, usd in dearest.items() if usd > 0}
