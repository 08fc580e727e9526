"""The suite of every cloud, over the emulator's EC2 and ECS. What is launched executes nothing here."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from benchfleet_contract.places import Places

from chalicelib.domain.launches import MachineProvider, Order
from chalicelib.provisioning.clients import Clients
from chalicelib.provisioning.ec2 import Ec2Machines
from chalicelib.provisioning.ecs import EcsTasks
from local_emulator.machines.faults import FaultPlan
from tests.contract.providers import ProviderContract, an_order
from tests.machine_calls import Account, eventually

REGION = "us-east-1"
pytestmark = (
    pytest.mark.system
)  # one machine's life of each kind is in tests/integration/test_machines_ec2.py and _ecs.py
STAGE = "contract"  # not the emulator's: its search for machines that nobody needs would end them now and then


@pytest.fixture
def order(request: pytest.FixtureRequest) -> Order:
    """With a token of the test's own: the emulator is one for all of them, and knows its tokens."""
    order = an_order(region=REGION)
    return replace(order, token=f"{hash(request.node.nodeid):x}", tags={**order.tags, "benchfleet": STAGE})


@pytest.fixture
def places(account: Account) -> Places:
    account.machines.faults.set(FaultPlan(never_boot=1_000))
    return Places.model_validate({**account.places, "stage": STAGE})


@pytest.fixture
def clients(account: Account) -> Clients:
    return Clients(lambda service, region: account.client(service))


def ended(provider: MachineProvider) -> None:
    provider.terminate(REGION, [each.resource_id for each in provider.tagged(REGION)])
    eventually(lambda: not provider.tagged(REGION))


class TestEc2(ProviderContract):
    @pytest.fixture
    def provider(self, places: Places, clients: Clients) -> Iterator[MachineProvider]:
        yield (made := Ec2Machines(lambda: places, clients))
        ended(made)


class TestEcs(ProviderContract):
    @pytest.fixture
    def provider(self, places: Places, clients: Clients) -> Iterator[MachineProvider]:
        yield (made := EcsTasks(lambda: places, clients))
        ended(made)

    @pytest.fixture
    def order(self, order: Order) -> Order:
        return replace(order, instance_type="fargate-1vcpu-2gb")

    def unknown_ids(self) -> list[str]:
        return [f"arn:aws:ecs:{REGION}:123456789012:task/benchfleet-local/" + "f" * 32]
