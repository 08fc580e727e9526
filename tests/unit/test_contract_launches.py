"""The wire of machines: names, documents, failures."""

import re

import pytest
from benchfleet_contract.launches import MAX_REPORT_CHARS, LaunchReport, launch_name
from benchfleet_contract.places import Places
from benchfleet_contract.provisioning import CloudProvision
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chalicelib.domain.launches import LaunchFailed

DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PLACE = {
    "subnets": ["subnet-1", "subnet-2"],
    "security_group": "sg-1",
    "instance_profile_arn": "arn:aws:iam::123456789012:instance-profile/benchfleet-dev",
    "cluster": "benchfleet-dev",
    "task_definitions": {"x86_64": "arn:x86", "arm64": "arn:arm"},
    "image": "123456789012.dkr.ecr.eu-north-1.amazonaws.com/benchfleet-dev@sha256:00",
    "runner_key_parameter": "/benchfleet-dev/runner-key",
    "log_group": "/benchfleet-dev/machines",
}


@given(st.text(min_size=1, max_size=128), st.integers(1, 1_000))
def test_a_launch_is_named_like_a_host_whatever_its_run_is_called(run_id: str, number: int) -> None:
    name = launch_name(run_id, number)
    assert DNS_LABEL.fullmatch(name)
    assert name == launch_name(run_id, number)
    assert name != launch_name(run_id + "x", number)
    assert name != launch_name(run_id, number + 1)


def test_places_say_what_a_deployment_made_in_each_region_in_the_order_of_preference() -> None:
    document = {"api_url": "https://api", "stage": "dev", "regions": {"eu-north-1": _PLACE, "eu-west-1": _PLACE}}
    places = Places.model_validate(document)
    assert Places.model_validate_json(places.model_dump_json()) == places
    assert list(places.regions) == ["eu-north-1", "eu-west-1"]
    assert places.regions["eu-north-1"].task_definitions["arm64"] == "arn:arm"


def test_a_place_of_another_architecture_is_refused() -> None:
    strange = _PLACE | {"task_definitions": {"riscv64": "arn:riscv"}}
    with pytest.raises(ValidationError, match="riscv64"):
        Places.model_validate({"api_url": "https://api", "stage": "dev", "regions": {"eu-north-1": strange}})


def test_a_machine_that_nobody_described_is_on_demand_and_has_one_container() -> None:
    found = CloudProvision(provisioner="aws-ec2")
    assert (found.market, found.slots, found.regions, found.disk_gb) == ("on-demand", 1, [], 30)
    assert CloudProvision(provisioner="aws-ecs", slots="vcpu").slots == "vcpu"


def test_a_report_has_a_phase_that_we_know_and_a_message_of_some_length() -> None:
    assert LaunchReport(phase="boot").message is None
    with pytest.raises(ValidationError, match="phase"):
        LaunchReport.model_validate({"phase": "dancing"})
    with pytest.raises(ValidationError, match="message"):
        LaunchReport(phase="failed", message="x" * (MAX_REPORT_CHARS + 1))


def test_only_a_lack_of_machines_may_be_mended_elsewhere() -> None:
    assert LaunchFailed("capacity", "none left", "wait").try_elsewhere
    assert not LaunchFailed("quota", "no more", "ask for more").try_elsewhere
    assert str(LaunchFailed("quota", "no more vCPUs", "ask for more")) == "no more vCPUs"
