"""What is asked of EC2 and ECS for one machine, and what their machines' scripts hold."""

import json
from dataclasses import replace

import pytest

from chalicelib.domain.launches import LaunchFailed
from chalicelib.provisioning import ec2_request, ec2_state, ecs_request
from chalicelib.provisioning.fargate import size_of
from chalicelib.provisioning.places import place_in, read_places
from chalicelib.provisioning.tags import expires_ms
from chalicelib.provisioning.user_data import user_data
from tests.aws_places import REGION, SUBNETS, some_places
from tests.contract.providers import an_order
from tests.each_case import each_case

ORDER = an_order()
PLACES = some_places()
PLACE = PLACES.regions[REGION]
TASK = replace(ORDER, instance_type="fargate-2vcpu-4gb-arm64")


def test_an_instance_bounds_itself_is_private_and_tagged_from_its_first_moment() -> None:
    request = ec2_request.run_request(ORDER, PLACE, SUBNETS[0], image_id="ami-1", user_data=b"x")
    assert request["InstanceInitiatedShutdownBehavior"] == "terminate"
    assert request["MetadataOptions"] == {
        "HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1,
    }  # fmt: skip
    (disk,) = request["BlockDeviceMappings"]
    assert disk["Ebs"] == {"VolumeSize": 30, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    (interface,) = request["NetworkInterfaces"]
    assert (interface["SubnetId"], interface["Groups"]) == (SUBNETS[0], ["sg-1"])
    assert [spec["ResourceType"] for spec in request["TagSpecifications"]] == [
        "instance",
        "volume",
        "network-interface",
    ]
    for spec in request["TagSpecifications"]:
        assert {tag["Key"]: tag["Value"] for tag in spec["Tags"]} == {**ORDER.tags, "Name": ORDER.name}
    assert "InstanceMarketOptions" not in request


def test_a_spot_instance_is_asked_for_once_and_is_terminated_when_it_is_taken_back() -> None:
    request = ec2_request.run_request(
        replace(ORDER, market="spot"), PLACE, SUBNETS[0], image_id="ami-1", user_data=b"x"
    )
    assert request["InstanceMarketOptions"]["SpotOptions"] == {
        "SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate",
    }  # fmt: skip
    assert request["TagSpecifications"][-1]["ResourceType"] == "spot-instances-request"


def test_a_token_belongs_to_one_subnet_and_is_short_enough() -> None:
    tokens = {ec2_request.token_in(order, subnet) for order in (ORDER, replace(ORDER, token="v")) for subnet in SUBNETS}
    assert len(tokens) == 6
    assert {len(token) for token in tokens} == {64}


def test_user_data_is_the_same_for_the_same_order_and_holds_no_secret_but_where_it_is() -> None:
    text = user_data(ORDER, PLACE, PLACES).decode()
    assert user_data(ORDER, PLACE, PLACES).decode() == text
    assert "KEY_TEXT=''" in text
    assert f"EXPIRES_S={ORDER.expires_ms // 1000}" in text
    assert "aws ssm get-parameter --region eu-north-1 --name /benchfleet-dev/runner-key --with-decryption" in text
    registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    assert f"get-login-password --region eu-west-1 | docker login --username AWS --password-stdin {registry}'" in text
    assert "LOG_GROUP=/benchfleet-dev/machines\nLOG_REGION=eu-north-1" in text


def test_an_image_of_another_registry_needs_no_login_by_us() -> None:
    text = user_data(replace(ORDER, image="ghcr.io/me/runner@sha256:1"), PLACE, PLACES).decode()
    assert "LOGIN_COMMAND=''" in text
    assert "IMAGE=ghcr.io/me/runner@sha256:1" in text


@each_case(
    ("instance_type", "slots", "shown"),
    [
        ("fargate-4vcpu-8gb", 3, "3"),
        ("fargate-4vcpu-8gb", "core", "2"),
        ("fargate-4vcpu-8gb", "vcpu", "4"),
        ("fargate-4vcpu-8gb-arm64", "core", "4"),
    ],
)
def test_slots_of_a_task_follow_its_size(instance_type: str, slots: int, shown: str) -> None:
    order = replace(TASK, instance_type=instance_type, slots=slots)
    request = ecs_request.run_request(order, PLACE, PLACES, size_of(instance_type))
    (container,) = request["overrides"]["containerOverrides"]
    assert container["command"][-2:] == ["--slots", shown]


def test_a_task_has_its_size_its_architecture_its_name_and_no_key() -> None:
    request = ecs_request.run_request(TASK, PLACE, PLACES, size_of(TASK.instance_type))
    assert (request["overrides"]["cpu"], request["overrides"]["memory"]) == ("2048", "4096")
    assert request["overrides"]["ephemeralStorage"] == {"sizeInGiB": 30}
    assert request["taskDefinition"] == PLACE.task_definitions["arm64"]
    (container,) = request["overrides"]["containerOverrides"]
    assert container["environment"] == [{"name": "BENCHFLEET_RUNNER_NAME", "value": TASK.name}]
    assert "key" not in json.dumps(request["overrides"]).lower()
    assert request["networkConfiguration"]["awsvpcConfiguration"]["subnets"] == SUBNETS
    assert request["launchType"] == "FARGATE"


def test_a_task_on_spot_is_of_the_other_capacity_provider() -> None:
    request = ecs_request.run_request(replace(TASK, market="spot"), PLACE, PLACES, size_of(TASK.instance_type))
    assert "launchType" not in request
    assert request["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]


def test_the_disk_that_every_task_has_is_not_asked_for() -> None:
    request = ecs_request.run_request(replace(TASK, disk_gb=20), PLACE, PLACES, size_of(TASK.instance_type))
    assert "ephemeralStorage" not in request["overrides"]


@each_case(
    ("change", "code", "words"),
    [({"image": "other:1"}, "invalid", "not other:1"), ({"disk_gb": 201}, "unsupported", "not 201")],
)
def test_what_a_task_cannot_have_is_told(change: dict[str, object], code: str, words: str) -> None:
    with pytest.raises(LaunchFailed) as caught:
        ecs_request.run_request(replace(TASK, **change), PLACE, PLACES, size_of(TASK.instance_type))  # type: ignore[arg-type]
    assert caught.value.code == code
    assert words in caught.value.words


@each_case(
    ("state", "code", "ours"),
    [
        ("terminated", "Server.SpotInstanceTermination", "interrupted"),
        ("terminated", "Server.InsufficientInstanceCapacity", "capacity"),
        ("terminated", "Client.InternalError", "permission"),
        ("terminated", "Client.VolumeLimitExceeded", "quota"),
        ("terminated", "Client.InstanceInitiatedShutdown", None),
        ("terminated", "Client.UserInitiatedShutdown", None),
        ("running", "Server.SpotInstanceTermination", None),
    ],
)
def test_why_an_instance_ended(state: str, code: str, ours: str | None) -> None:
    instance = {
        "InstanceId": "i-1",
        "State": {"Name": state},
        "StateReason": {"Code": code, "Message": f"{code}: words"},
    }
    found = ec2_state.machine(instance, region=REGION)
    assert (found.failure.code if found.failure else None) == ours
    assert found.reason == (f"{code}: words" if state == "terminated" else None)


@each_case(
    ("value", "ms"),
    [("2027-01-15T08:00:00Z", 1_800_000_000_000), ("2027-01-15T08:00:00", None), ("soon", None), ("", None)],
)
def test_when_a_machine_expires_is_read_from_its_tag(value: str, ms: int | None) -> None:
    assert expires_ms({"benchfleet:expires": value}) == ms


def test_places_are_read_and_looked_up() -> None:
    places = read_places(PLACES.model_dump_json())
    assert place_in(places, REGION) == PLACE
    with pytest.raises(LaunchFailed, match="no place for machines in us-west-9, but in eu-north-1") as caught:
        place_in(places, "us-west-9")
    assert caught.value.code == "invalid"


@each_case(
    ("text", "words"),
    [
        ("", "the document: Invalid JSON"),
        ("{}", "api_url: Field required"),
        ('{"api_url": "u", "stage": "dev", "regions": {}}', "names no region"),
        (
            '{"api_url": "u", "stage": "dev", "regions": {"eu-north-1": {}}}',
            "regions.eu-north-1.subnets: Field required",
        ),
    ],
)
def test_broken_places_are_told_with_the_field_and_the_remedy(text: str, words: str) -> None:
    with pytest.raises(LaunchFailed) as caught:
        read_places(text)
    assert words in caught.value.words
    assert "benchfleet deploy" in caught.value.remedy


def test_a_key_that_is_named_by_its_arn_is_read_where_it_is() -> None:
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/benchfleet-dev/runner-key"
    text = user_data(ORDER, PLACE.model_copy(update={"runner_key_parameter": arn}), PLACES).decode()
    assert "aws ssm get-parameter --region us-east-1 --name /benchfleet-dev/runner-key --with-decryption" in text
