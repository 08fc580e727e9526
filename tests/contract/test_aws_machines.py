"""The suite of every cloud, over EC2 and ECS as they are on the wire."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.launches import MachineProvider, Order
from chalicelib.provisioning.clients import Clients
from chalicelib.provisioning.ec2 import Ec2Machines
from chalicelib.provisioning.ecs import EcsTasks
from tests.aws_places import some_places
from tests.contract.providers import ProviderContract, an_order
from tests.integration.aws_wire import Aws, serving


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[Aws, Clients]]:
    aws = Aws()
    with serving(aws) as clients:
        yield aws, clients


class TestEc2(ProviderContract):
    @pytest.fixture
    def provider(self, world: tuple[Aws, Clients]) -> MachineProvider:
        world[0].reset()
        return Ec2Machines(some_places, world[1])

    @pytest.fixture
    def order(self) -> Order:
        return an_order()


class TestEcs(ProviderContract):
    @pytest.fixture
    def provider(self, world: tuple[Aws, Clients]) -> MachineProvider:
        world[0].reset()
        return EcsTasks(some_places, world[1])

    @pytest.fixture
    def order(self) -> Order:
        return replace(an_order(), instance_type="fargate-1vcpu-2gb")

    def unknown_ids(self) -> list[str]:
        return ["arn:aws:ecs:eu-north-1:123456789012:task/benchfleet-dev/" + "f" * 32]
