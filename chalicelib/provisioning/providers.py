"""The machines of AWS, by the names of their provisioners."""

from collections.abc import Mapping

from benchfleet_contract.places import Places

from chalicelib.domain.launches import MachineProvider
from chalicelib.provisioning.clients import Clients
from chalicelib.provisioning.ec2 import Ec2Machines
from chalicelib.provisioning.ecs import EcsTasks


class AwsProviders:
    """Called with the places of now. The same places give the same machines, with the clients and facts that they know."""

    def __init__(self, clients: Clients | None = None) -> None:
        self._clients = clients or Clients()
        self._made: tuple[Places, Mapping[str, MachineProvider]] | None = None

    def __call__(self, places: Places) -> Mapping[str, MachineProvider]:
        if self._made is None or self._made[0] != places:
            self._made = (places, _made(places, self._clients))
        return self._made[1]


def _made(places: Places, clients: Clients) -> Mapping[str, MachineProvider]:
    return {"aws-ec2": Ec2Machines(lambda: places, clients), "aws-ecs": EcsTasks(lambda: places, clients)}
