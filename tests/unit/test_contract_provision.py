"""Reading what a body says of machines: `provision`, `max_cost` and `per_instance_type.instances`."""

from typing import Any

from benchfleet_contract.provisioning import CloudProvision
from benchfleet_contract.reading import Reading
from benchfleet_contract.run_request import read_run_request
from benchfleet_contract.runs import RunRequest

from tests.each_case import each_case

GOOD: dict[str, Any] = {
    "workload": "mock",
    "per_instance_type": {"tasks": 2},
    "aws": [{"instance_type": "c8g.medium"}, {"instance_type": "c8i.large"}],
}


def read(**change: Any) -> Reading:
    return read_run_request(GOOD | change)


def request_of(**change: Any) -> RunRequest:
    reading = read(**change)
    assert reading.request, reading.words
    return reading.request


def test_a_body_that_asks_for_no_machines_brings_none() -> None:
    request = request_of(per_instance_type={"tasks": 2, "instances": 7})
    assert (request.provision, request.instances_each, request.max_cost) == ({}, 1, None)


def test_aws_means_instances_of_ec2_where_nothing_else_is_said() -> None:
    request = request_of(provision={"aws": {}}, per_instance_type={"tasks": 2, "instances": 3}, max_cost=5)
    assert request.provision == {"aws": CloudProvision(provisioner="aws-ec2")}
    assert (request.instances_each, request.max_cost) == (3, 5.0)


def test_every_word_is_kept() -> None:
    means = {
        "provisioner": "aws-ecs", "regions": ["eu-north-1", "us-gov-west-1"], "market": "spot", "slots": "core",
        "image": "x@sha256:0", "disk_gb": 50, "max_lifetime_s": 3600, "order": "cheapest-first",
    }  # fmt: skip
    body = {"box": [{"instance_type": "1vcpu-2gb"}], "provision": {"box": means}}
    assert request_of(**body).provision["box"].model_dump() == means


@each_case(
    ("provision", "field", "remedy"),
    [
        ([], "provision", '"aws": {"market": "spot"}'),
        ({"aws": None}, "provision.aws", "provisioner"),
        ({"box": {}}, "provision.box.provisioner", "aws-ec2 or aws-ecs"),
        ({"aws": {"provisioner": "cloud-init"}}, "provision.aws.provisioner", "benchfleet provider cloud-init"),
        ({"aws": {"makret": "spot"}}, "provision.aws.makret", "did you mean market?"),
        ({"aws": {"xyzzy": 1}}, "provision.aws.xyzzy", "one of provisioner, regions"),
        ({"aws": {"regions": "eu-north-1"}}, "provision.aws.regions", '["eu-north-1", "eu-west-1"]'),
        ({"aws": {"regions": ["eu-north-1"] * 2}}, "provision.aws.regions", "different ones"),
        ({"aws": {"regions": [["eu-north-1"]]}}, "provision.aws.regions", "tried in turn"),
        ({"aws": {"regions": ["Stockholm"]}}, "provision.aws.regions", "tried in turn"),
        ({"aws": {"regions": [f"eu-north-{n}" for n in range(1, 22)]}}, "provision.aws.regions", "at most 20"),
        ({"aws": {"market": "cheap"}}, "provision.aws.market", "on-demand or spot"),
        ({"aws": {"market": ["spot"]}}, "provision.aws.market", "on-demand or spot"),
        ({"aws": {"slots": 0}}, "provision.aws.slots", "1 to 1024"),
        ({"aws": {"slots": "socket"}}, "provision.aws.slots", "core or vcpu"),
        ({"aws": {"slots": True}}, "provision.aws.slots", "core or vcpu"),
        ({"aws": {"image": "-rf"}}, "provision.aws.image", "an image's name"),
        ({"aws": {"disk_gb": 1e400}}, "provision.aws.disk_gb", "8 to 16384"),
        ({"aws": {"max_lifetime_s": 10**400}}, "provision.aws.max_lifetime_s", "300 to 2592000"),
        ({"aws": {"order": "random"}}, "provision.aws.order", "cheapest-first"),
    ],
)
def test_a_problem_has_a_path_and_a_remedy(provision: Any, field: str, remedy: str) -> None:
    (problem,) = read(provision=provision).problems
    assert problem.field == field
    assert remedy in problem.remedy


def test_everything_that_is_wrong_is_told_at_once() -> None:
    body = {
        "provision": {"aws": {"market": "x", "slots": 0}, "box": {"disk_gb": 1}}, "max_cost": 0,
        "per_instance_type": {"tasks": 0, "instances": "2"},
    }  # fmt: skip
    found = [problem.field for problem in read(**body).problems]
    assert found == [
        "per_instance_type.tasks", "provision.aws.market", "provision.aws.slots", "provision.box.disk_gb",
        "provision.box.provisioner", "per_instance_type.instances", "max_cost",
    ]  # fmt: skip


@each_case("instances", [0, 1.5, "2", True, 1001])
def test_instances_are_a_whole_number_where_machines_are_brought(instances: Any) -> None:
    (problem,) = read(provision={"aws": {}}, per_instance_type={"tasks": 1, "instances": instances}).problems
    assert problem.field == "per_instance_type.instances"


@each_case(("instances", "right"), [(500, True), (501, False)])
def test_a_run_has_a_thousand_machines_at_most(instances: int, right: bool) -> None:
    """Two types; one that nobody brings does not count."""
    more = {"box": [{"instance_type": "a"}], "per_instance_type": {"tasks": 1, "instances": instances}}
    reading = read(provision={"aws": {}}, **more)
    assert (reading.request is not None) is right
    assert [problem.message for problem in reading.problems] == (
        [] if right else ["Run has too many machines: 1002 of at most 1000"]
    )


@each_case("cost", [0, -1, "5", True, [], float("nan"), float("inf"), 10**400, 1_000_001])
def test_max_cost_is_an_amount_of_money(cost: Any) -> None:
    (problem,) = read(provision={"aws": {}}, max_cost=cost).problems
    assert (problem.field, "USD" in problem.message) == ("max_cost", True)


def test_what_does_not_matter_is_a_warning() -> None:
    reading = read(provision={"local": {"slots": 2}, "gcp": {"provisioner": "aws-ec2"}}, max_cost=5)
    assert reading.request
    assert reading.request.provision == {}
    assert reading.warnings == [
        "provision.local: ignored: `benchfleet run` starts the runners of a laptop",
        "provision.gcp: ignored: the run has no instances of gcp",
        "max_cost: ignored: the control plane brings no machines for this run (see `provision`)",
    ]


def test_a_list_of_instances_under_one_of_the_names_is_a_provider() -> None:
    request = request_of(provision=[{"instance_type": "a"}], max_cost=[{"instance_type": "b"}])
    assert {each.provider for each in request.instances} == {"aws", "provision", "max_cost"}
