"""Where a stage is: its home, and the further regions of its machines."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from benchfleet.deploy import places
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.wanted import main_name
from benchfleet.exceptions import UsageError
from benchfleet.nuke.tagged import is_ours

_AT_ONCE = 8


@dataclass(frozen=True)
class FoundStack:
    """`ours` tells whether it has the tag."""

    name: str
    region: str
    status: str
    ours: bool


def stacks_of(aws: Aws, stage: str, regions: list[str]) -> list[FoundStack]:
    """Networks first: a main stack goes last, because networks have its outputs."""
    names = (f"{main_name(stage)}-network", main_name(stage))
    clients = [aws.client("cloudformation", region=region) for region in regions]  # made one by one: boto3 wants it so
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        told = zip(regions, pool.map(_stacks, clients), strict=True)
        found = [(it, region) for region, stacks in told for it in stacks if it["StackName"] in names]
    return sorted(
        (
            FoundStack(it["StackName"], region, it["StackStatus"], is_ours(it.get("Tags"), stage))
            for it, region in found
        ),
        key=lambda it: names.index(it.name),
    )


def enabled(aws: Aws) -> list[str]:
    """Of this account. The control plane's own region is first."""
    found = sorted(it["RegionName"] for it in aws.client("ec2").describe_regions()["Regions"])
    return [aws.region, *(region for region in found if region != aws.region)]


def machines_regions(aws: Aws, stage: str, stacks: list[FoundStack]) -> list[str]:
    """Where machines can be: the places that a deploy wrote, and each region with a network."""
    told = places.read(aws, stage)
    return list(dict.fromkeys([aws.region, *(told.regions if told else ()), *(it.region for it in stacks)]))


def require_home(aws: Aws, stage: str, stacks: list[FoundStack]) -> None:
    """Raises UsageError if the stage's main stack is in another region than the one that was named."""
    homes = [it.region for it in stacks if it.name == main_name(stage)]
    if homes and aws.region not in homes:
        raise UsageError(f"stage {stage} is in {homes[0]}: add --region {homes[0]}")


def _stacks(client: Any) -> list[Mapping[str, Any]]:
    return [it for page in client.get_paginator("describe_stacks").paginate() for it in page["Stacks"]]
