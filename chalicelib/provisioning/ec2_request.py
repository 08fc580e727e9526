"""The request that starts an instance. Pure; parameters of
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from benchfleet_contract.places import Place

from chalicelib.domain.launches import Order
from chalicelib.provisioning.images import ROOT_DEVICE

METADATA = {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}
SPOT = {
    "MarketType": "spot",
    "SpotOptions": {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"},
}


def token_in(order: Order, subnet: str) -> str:
    """The idempotency token of this order in one subnet: EC2 refuses a token that comes with another subnet."""
    return hashlib.sha256(f"{order.token} {subnet}".encode()).hexdigest()


def run_request(order: Order, place: Place, subnet: str, *, image_id: str, user_data: bytes) -> dict[str, Any]:
    request: dict[str, Any] = {
        "ImageId": image_id,
        "InstanceType": order.instance_type,
        "MinCount": 1,
        "MaxCount": 1,
        "ClientToken": token_in(order, subnet),
        "UserData": user_data,
        "IamInstanceProfile": {"Arn": place.instance_profile_arn},
        "InstanceInitiatedShutdownBehavior": "terminate",
        "MetadataOptions": METADATA,
        "NetworkInterfaces": [_interface(place, subnet)],
        "BlockDeviceMappings": [{"DeviceName": ROOT_DEVICE, "Ebs": _disk(order.disk_gb)}],
        "TagSpecifications": _tags(order),
    }
    return {**request, "InstanceMarketOptions": SPOT} if order.market == "spot" else request


def _interface(place: Place, subnet: str) -> dict[str, Any]:
    """A public address, for requests that go out: the group lets none in."""
    return {
        "DeviceIndex": 0,
        "SubnetId": subnet,
        "Groups": [place.security_group],
        "AssociatePublicIpAddress": True,
        "DeleteOnTermination": True,
    }


def _disk(size_gb: int) -> dict[str, Any]:
    return {"VolumeSize": size_gb, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}


def _tags(order: Order) -> list[dict[str, Any]]:
    tags = listed({"Name": order.name, **order.tags})
    kinds = ["instance", "volume", "network-interface"] + (["spot-instances-request"] if order.market == "spot" else [])
    return [{"ResourceType": kind, "Tags": tags} for kind in kinds]


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
