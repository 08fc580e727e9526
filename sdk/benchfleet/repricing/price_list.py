"""Prices on demand, and of what else a machine costs, from AWS's Price List API.

GetProducts answers with JSON texts, each a product with its terms
(docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-query-api.html). Only three regions have the
service; us-east-1 knows the prices of all.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.refusals import explained

SERVICE_REGION = "us-east-1"
# of AWS's many prices of a type: Linux without licences, on shared hardware, not of a reservation
_LINUX = {"operatingSystem": "Linux", "tenancy": "Shared", "preInstalledSw": "NA", "capacitystatus": "Used"}
# our name → service, what narrows the list, the end of the usage type, the unit
_PARTS: Mapping[str, tuple[str, dict[str, str], str, str]] = {
    "ebs-gp3-gb-month": ("AmazonEC2", {"volumeApiName": "gp3"}, "EBS:VolumeUsage.gp3", "GB-Mo"),
    "public-ipv4-hour": ("AmazonVPC", {"group": "VPCPublicIPv4Address"}, "PublicIPv4:InUseAddress", "Hrs"),
    "fargate-x86_64-vcpu-hour": ("AmazonECS", {}, "Fargate-vCPU-Hours:perCPU", "hours"),
    "fargate-x86_64-gb-hour": ("AmazonECS", {}, "Fargate-GB-Hours", "hours"),
    "fargate-arm64-vcpu-hour": ("AmazonECS", {}, "Fargate-ARM-vCPU-Hours:perCPU", "hours"),
    "fargate-arm64-gb-hour": ("AmazonECS", {}, "Fargate-ARM-GB-Hours", "hours"),
    "fargate-storage-gb-hour": ("AmazonECS", {}, "Fargate-EphemeralStorage-GB-Hours", "GB-Hours"),
}


def on_demand(aws: Aws, region: str, instance_type: str) -> Decimal | None:
    """USD an hour; None where the region has no such type. Raises DeployError."""
    wanted = {"regionCode": region, "instanceType": instance_type, **_LINUX}
    return next((usd for product in _products(aws, "AmazonEC2", wanted) for usd in _prices(product, "Hrs")), None)


def parts(aws: Aws, region: str) -> dict[str, Decimal]:
    """What a machine pays beside its type, by our names; what AWS does not tell is absent. Raises DeployError."""
    found: dict[str, Decimal] = {}
    known: dict[str, list[Mapping[str, Any]]] = {}
    for name, (service, narrow, usage, unit) in _PARTS.items():
        key = f"{service}{narrow}"
        if key not in known:
            known[key] = list(_products(aws, service, {"regionCode": region, **narrow}))
        matching = (product for product in known[key] if _is_used(product, usage))
        price = next((usd for product in matching for usd in _prices(product, unit)), None)
        if price is not None:
            found[name] = price
    return found


def _is_used(product: Mapping[str, Any], usage: str) -> bool:
    """`USE1-Fargate-GB-Hours`: a region's code, then the usage. us-east-1 has none for some services."""
    told = str(product.get("product", {}).get("attributes", {}).get("usagetype", ""))
    return told == usage or (told.endswith(f"-{usage}") and "-" not in told.removesuffix(f"-{usage}"))


def _products(aws: Aws, service: str, wanted: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    with explained("asking the Price List API for prices"):
        pages = aws.pages(
            "pricing",
            "get_products",
            region=SERVICE_REGION,
            ServiceCode=service,
            Filters=filters,
            FormatVersion="aws_v1",
        )
        texts = [text for page in pages for text in page["PriceList"]]
    for text in texts:
        try:
            product = json.loads(text)
        except (TypeError, ValueError):
            continue
        if isinstance(product, dict):
            yield product


def _prices(product: Mapping[str, Any], unit: str) -> Iterator[Decimal]:
    """Above zero, in US dollars: lists also hold entries that cost nothing, and those of commitments."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            try:
                usd = Decimal(dimension["pricePerUnit"]["USD"])
            except (KeyError, TypeError, InvalidOperation):
                continue
            if dimension.get("unit", "").lower() == unit.lower() and usd.is_finite() and usd > 0:
                yield usd.normalize()
