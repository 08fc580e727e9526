"""Everything of the emulated machines, once one is asked for: composed here."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from local_emulator.aws_endpoint import AwsEndpoint
from local_emulator.machines import moto_side
from local_emulator.machines.agent import Agent
from local_emulator.machines.commands import Commands
from local_emulator.machines.doors import Doors
from local_emulator.machines.ec2 import Ec2
from local_emulator.machines.ecs import Ecs
from local_emulator.machines.faults import Faults
from local_emulator.machines.host import Host
from local_emulator.machines.instances import Instance, Instances
from local_emulator.machines.places import Named, make_places
from local_emulator.machines.tasks import Tasks

if TYPE_CHECKING:
    from local_emulator.machines.service import Settings


class Loaded:
    """`apps`: service → WSGI app, to be called under the endpoint's lock. `places`: None where a deployment makes them."""

    def __init__(
        self, endpoint: AwsEndpoint, settings: "Settings", faults: Faults, known_image: Callable[[str], bool]
    ) -> None:
        moto_side.prepare()
        named = Named(settings.name, settings.api_url, settings.regions)
        images = {named.image(region) for region in settings.regions}
        self._settings, self._lock = settings, endpoint.lock
        self._doors = Doors()
        self._host = Host(self._doors.url)

        def known(image: str) -> bool:
            return (image in images or known_image(image)) and faults.pullable(image)

        how: Any = {"lock": endpoint.lock, "faults": faults, "pace": settings.pace}
        self._instances = Instances(self._host, **how)
        pulling: Any = {"known_image": known, "why_not_pull": settings.why_not_pull}
        self._tasks = Tasks(self._host, agent=Agent(clients_of=settings.clients_of, **pulling), **how)
        commands = Commands(pace=settings.pace, clients=self._clients_of, **pulling)
        self._doors.open(self._instances, commands, lock=endpoint.lock)
        self.apps: Mapping[str, Callable[..., Any]] = {
            "ec2": Ec2(endpoint.moto, self._instances, faults),
            "ecs": Ecs(endpoint.moto, self._tasks, faults),
            "ecr": endpoint.moto,
            "logs": endpoint.moto,
        }
        with endpoint.lock:
            self.places = make_places(named) if settings.makes_places else None

    def public_parameter(self, name: str, region: str) -> str | None:
        return moto_side.public_parameter(name, region=region)

    def interrupt(self, machine_id: str) -> None:
        """An instance of EC2 or a task of ECS, by id. Raises LookupError."""
        with self._lock:
            if instance := self._instances.find(machine_id):
                self._instances.interrupt(instance)
            elif task := self._tasks.find(machine_id):
                self._tasks.interrupt(task)
            else:
                raise LookupError(machine_id)

    def close(self) -> None:
        self._instances.close()
        self._tasks.close()
        self._doors.close()
        self._host.close()

    def _clients_of(self, instance: Instance) -> Callable[[str, str | None], Any]:
        clients = self._settings.clients_of(instance.launch.profile_arn)
        return lambda service, region: clients(service, region or instance.launch.region)
