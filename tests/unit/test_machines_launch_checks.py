"""What EC2 refuses of RunInstances: codes and order."""

import base64
from typing import Any

import pytest

from local_emulator.machines.errors import AwsError
from local_emulator.machines.faults import Capacity, FaultPlan, Faults
from local_emulator.machines.launch_checks import Launch, Offers, check_launch
from tests.each_case import each_case

FORM = {
    "ImageId": "ami-1", "InstanceType": "c8g.medium", "MinCount": "1", "MaxCount": "1", "SubnetId": "subnet-a",
    "UserData": base64.b64encode(b"#!/bin/sh\n").decode(),
}  # fmt: skip
ZONES = {"subnet-a": "us-east-1a", "subnet-e": "us-east-1e"}
FACTS: dict[str, Any] = {"VCpuInfo": {"DefaultVCpus": 4}, "ProcessorInfo": {"SupportedArchitectures": ["arm64"]}}
OFFERS = Offers(
    exists=lambda kind: kind in ("c8g.medium", "elsewhere.large"),
    facts=lambda kind, zone: FACTS if kind == "c8g.medium" and zone != "us-east-1e" else None,
    zones=lambda kind: ["us-east-1a", "us-east-1b"],
    image_architecture={"ami-1": "arm64", "ami-2": "x86_64"}.get,
    running_vcpus=lambda market: 4,
    has_profile="arn:aws:iam::123456789012:instance-profile/runner".__eq__,
)


def launch(**changes: str) -> Launch:
    return Launch.read({**FORM, **changes}, region="us-east-1", zone_of=ZONES.get)


def refusal(faults: FaultPlan | None, **changes: str) -> tuple[str, int]:
    with pytest.raises(AwsError) as caught:
        check_launch(launch(**changes), OFFERS, Faults(faults))
    return caught.value.code, caught.value.status


def test_what_is_right_passes_and_is_read() -> None:
    check_launch(launch(**{"IamInstanceProfile.Name": "runner"}), OFFERS, Faults())
    assert (launch().zone, launch().market, launch().count, launch().user_data) == (
        "us-east-1a",
        "on-demand",
        1,
        b"#!/bin/sh\n",
    )


@each_case(
    ("changes", "code"),
    [
        ({"InstanceType": "c99z.large"}, "InvalidParameterValue"),
        ({"InstanceType": "elsewhere.large"}, "Unsupported"),
        ({"SubnetId": "subnet-e"}, "Unsupported"),
        ({"ImageId": "emi-1"}, "InvalidAMIID.Malformed"),
        ({"ImageId": "ami-9"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "ami-2"}, "InvalidParameterValue"),
        ({"ImageId": ""}, "MissingParameter"),
        ({"IamInstanceProfile.Name": "nobody"}, "InvalidParameterValue"),
        ({"IamInstanceProfile.Arn": "arn:nobody"}, "InvalidParameterValue"),
        ({"MinCount": "2"}, "InvalidParameterValue"),
        ({"MinCount": "x"}, "InvalidParameterValue"),
        ({"UserData": "%%%"}, "InvalidUserData.Malformed"),
        ({"ClientToken": "t" * 65}, "InvalidParameterValue"),
    ],
)
def test_wrong_parameters(changes: dict[str, str], code: str) -> None:
    assert refusal(None, **changes) == (code, 400)


@each_case(("size", "refused"), [(16_384, False), (16_385, True)])
def test_user_data_has_at_most_16_kib_before_base64(size: int, refused: bool) -> None:
    text = base64.b64encode(b"x" * size).decode()
    if refused:
        assert refusal(None, UserData=text) == ("InvalidParameterValue", 400)
    else:
        check_launch(launch(UserData=text), OFFERS, Faults())


def test_capacity_is_a_servers_error_and_is_used_up() -> None:
    faults = Faults(FaultPlan(capacity=[Capacity(instance_type="c8g.*", zone="us-east-1a", left=1)]))
    check_launch(launch(), OFFERS, faults)
    with pytest.raises(AwsError) as caught:
        check_launch(launch(), OFFERS, faults)
    assert (caught.value.code, caught.value.status) == ("InsufficientInstanceCapacity", 500)
    assert "choosing us-east-1b" in caught.value.message
    check_launch(launch(**{"SubnetId": "", "Placement.AvailabilityZone": "us-east-1b"}), OFFERS, faults)


def test_a_refused_launch_takes_no_capacity() -> None:
    faults = Faults(FaultPlan(capacity=[Capacity(left=1)], vcpus={"on-demand": 4}))
    with pytest.raises(AwsError, match="vCPU limit of 4"):
        check_launch(launch(), OFFERS, faults)
    faults.set(FaultPlan(capacity=[Capacity(left=1)]))
    check_launch(launch(), OFFERS, faults)


def test_a_dry_run_asks_for_no_capacity() -> None:
    check_launch(launch(DryRun="true"), OFFERS, Faults(FaultPlan(capacity=[Capacity()], vcpus={"on-demand": 0})))
    assert refusal(None, DryRun="true", ImageId="ami-9") == ("InvalidAMIID.NotFound", 400)


def test_spot_has_errors_of_its_own() -> None:
    spot: dict[str, str] = {"InstanceMarketOptions.MarketType": "spot"}
    assert refusal(FaultPlan(vcpus={"spot": 7}), **spot) == ("MaxSpotInstanceCountExceeded", 400)
    no_capacity = FaultPlan(capacity=[Capacity(market="spot")])
    assert refusal(no_capacity, **spot) == ("InsufficientInstanceCapacity", 500)
    check_launch(launch(), OFFERS, Faults(no_capacity))
    check_launch(launch(**spot), OFFERS, Faults(FaultPlan(vcpus={"spot": 8})))
