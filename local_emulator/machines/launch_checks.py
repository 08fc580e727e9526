"""What EC2 refuses of RunInstances, in its words. Pure: what is there is handed in."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local_emulator.config import ACCOUNT
from local_emulator.machines.errors import AwsError
from local_emulator.machines.faults import Faults, Market

MOST_USER_DATA_BYTES = 16 * 1024
MOST_TOKEN_CHARS = 64


@dataclass(frozen=True)
class Launch:
    """One RunInstances. `zone` is its subnet's; None if it names no subnet and no zone."""

    instance_type: str
    image_id: str
    zone: str | None
    region: str
    market: Market
    count: int
    user_data: bytes
    token: str | None
    profile_arn: str | None
    dry: bool

    @classmethod
    def read(cls, form: Mapping[str, str], *, region: str, zone_of: Callable[[str], str | None]) -> "Launch":
        """Raises AwsError."""
        for name in ("ImageId", "MinCount", "MaxCount"):
            if not form.get(name):
                raise AwsError("MissingParameter", f"The request must contain the parameter {name}")
        subnet = form.get("SubnetId") or form.get("NetworkInterface.1.SubnetId")
        return cls(
            instance_type=form.get("InstanceType", "m1.small"),
            image_id=form["ImageId"],
            zone=zone_of(subnet) if subnet else form.get("Placement.AvailabilityZone"),
            region=region,
            market="spot" if form.get("InstanceMarketOptions.MarketType") == "spot" else "on-demand",
            count=_count(form),
            user_data=_user_data(form.get("UserData", "")),
            token=_token(form.get("ClientToken")),
            profile_arn=_profile(form),
            dry=form.get("DryRun") == "true",
        )


@dataclass(frozen=True)
class Offers:
    """What the region has. `facts(type, zone)`: what EC2 tells of a type there; `running_vcpus`: by market."""

    exists: Callable[[str], bool]
    facts: Callable[[str, str | None], Mapping[str, Any] | None]
    zones: Callable[[str], list[str]]
    image_architecture: Callable[[str], str | None]
    running_vcpus: Callable[[Market], int]
    has_profile: Callable[[str], bool]


def check_launch(launch: Launch, offers: Offers, faults: Faults) -> None:
    """Raises AwsError. Capacity is asked for last, because asking takes it; a dry run asks for none."""
    facts = _offered(launch, offers)
    _check_image(launch, offers, facts)
    _check_profile(launch, offers)
    if launch.dry:
        return
    vcpus = int(facts["VCpuInfo"]["DefaultVCpus"]) * launch.count
    _check_quota(launch, vcpus, running=offers.running_vcpus(launch.market), faults=faults)
    if not faults.take(launch.instance_type, zone=launch.zone or "", market=launch.market, count=launch.count):
        raise _no_capacity(launch, offers)


def _offered(launch: Launch, offers: Offers) -> Mapping[str, Any]:
    kind = launch.instance_type
    if not offers.exists(kind):
        raise AwsError("InvalidParameterValue", f"Invalid value '{kind}' for InstanceType.")
    if offers.facts(kind, None) is None:
        message = "The requested configuration is currently not supported. "
        raise AwsError("Unsupported", message + "Please check the documentation for supported configurations.")
    facts = offers.facts(kind, launch.zone)
    if facts is None:
        zones = ", ".join(offers.zones(kind))
        message = f"Your requested instance type ({kind}) is not supported in your requested Availability Zone ({launch.zone})."
        hint = f" Please retry your request by not specifying an Availability Zone or choosing {zones}."
        raise AwsError("Unsupported", message + hint)
    return facts


def _check_image(launch: Launch, offers: Offers, facts: Mapping[str, Any]) -> None:
    image = launch.image_id
    if not image.startswith("ami-"):
        raise AwsError("InvalidAMIID.Malformed", f'Invalid id: "{image}" (expecting "ami-...")')
    architecture = offers.image_architecture(image)
    if architecture is None:
        raise AwsError("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")
    able = facts["ProcessorInfo"]["SupportedArchitectures"]
    if architecture not in able:
        message = (
            f"The architecture '{','.join(able)}' of the specified instance type does not match the architecture "
            f"'{architecture}' of the specified AMI. Specify an instance type and an AMI that have matching "
            "architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the "
            "architecture of the instance type or AMI."
        )
        raise AwsError("InvalidParameterValue", message)


def _check_profile(launch: Launch, offers: Offers) -> None:
    profile = launch.profile_arn
    if profile is not None and not offers.has_profile(profile):
        message = f"Value ({profile}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN"
        raise AwsError("InvalidParameterValue", message)


def _check_quota(launch: Launch, vcpus: int, *, running: int, faults: Faults) -> None:
    quota = faults.quota(launch.market)
    if quota is None or running + vcpus <= quota:
        return
    if launch.market == "spot":
        raise AwsError("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
    message = (
        f"You have requested more vCPU capacity than your current vCPU limit of {quota} allows for the instance bucket that "
        "the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an "
        "adjustment to this limit."
    )
    raise AwsError("VcpuLimitExceeded", message)


def _no_capacity(launch: Launch, offers: Offers) -> AwsError:
    if launch.market == "spot":
        message = "There is no Spot capacity available that matches your request."
        return AwsError("InsufficientInstanceCapacity", message, status=500)
    others = ", ".join(zone for zone in offers.zones(launch.instance_type) if zone != launch.zone)
    message = (
        f"We currently do not have sufficient {launch.instance_type} capacity in the Availability Zone you requested "
        f"({launch.zone}). Our system will be working on provisioning additional capacity. You can currently get "
        f"{launch.instance_type} capacity by not specifying an Availability Zone in your request or choosing {others}."
    )
    return AwsError("InsufficientInstanceCapacity", message, status=500)


def _count(form: Mapping[str, str]) -> int:
    """The most that is asked for: there is room for all or for none."""
    try:
        least, most = int(form["MinCount"]), int(form["MaxCount"])
    except ValueError:
        least, most = 0, 0
    if not 1 <= least <= most:
        message = f"Value ({form['MinCount']}, {form['MaxCount']}) for parameters minCount and maxCount is invalid."
        raise AwsError("InvalidParameterValue", message)
    return most


def _profile(form: Mapping[str, str]) -> str | None:
    if name := form.get("IamInstanceProfile.Name"):
        return f"arn:aws:iam::{ACCOUNT}:instance-profile/{name}"
    return form.get("IamInstanceProfile.Arn")


def _token(token: str | None) -> str | None:
    if token and len(token) > MOST_TOKEN_CHARS:
        raise AwsError(
            "InvalidParameterValue", f"The client token must have at most {MOST_TOKEN_CHARS} ASCII characters"
        )
    return token


def _user_data(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise AwsError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from error
    if len(data) > MOST_USER_DATA_BYTES:
        raise AwsError("InvalidParameterValue", f"User data is limited to {MOST_USER_DATA_BYTES} bytes")
    return data
