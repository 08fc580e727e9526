"""EC2, ECS and what their machines need, behind the emulator's endpoint; nothing of it is loaded before it is asked for."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_emulator.aws_endpoint import AwsEndpoint
from local_emulator.garbage import staying
from local_emulator.machines.faults import Faults
from local_emulator.machines.pace import Pace

if TYPE_CHECKING:
    from local_emulator.machines.loaded import Loaded

SERVICES = ("ec2", "ecs", "ecr", "logs")
PUBLIC = "/aws/service/"  # parameters that AWS itself has in every region
Clients = Callable[[str, str | None], Any]  # service, region → boto3 client


@dataclass(frozen=True)
class Settings:
    """`name` is the deployment's. `clients_of(ARN of a profile or a role)` makes the clients of a machine's role.

    `why_not_pull(the same ARN, image)`: why ECR does not let it pull this image, None where it does.
    """

    name: str
    api_url: str
    regions: tuple[str, ...]
    clients_of: Callable[[str | None], Clients]
    pace: Pace
    makes_places: bool = True
    why_not_pull: Callable[[str | None, str], str | None] = lambda who, image: None


class Machines:
    """`known_image` says whether a registry has an image, besides the one of the places."""

    def __init__(
        self,
        endpoint: AwsEndpoint,
        settings: Settings,
        *,
        faults: Faults,
        known_image: Callable[[str], bool] = lambda image: False,
    ) -> None:
        self.faults = faults
        self._endpoint, self._settings, self._known_image = endpoint, settings, known_image
        self._loading = threading.Lock()
        self._loaded: Loaded | None = None
        endpoint.add({service: self._app(service) for service in SERVICES}, before=self.before)

    def before(self, service: str, environ: Mapping[str, Any]) -> None:
        """Called without the endpoint's lock: loading takes seconds, and nobody else has to wait for it."""
        if self._loaded is None and (service in SERVICES or (service == "ssm" and self._is_for_us(environ))):
            self.load()

    def load(self) -> "Loaded":
        if self._loaded is not None:
            return self._loaded
        with self._loading:
            if self._loaded is None:
                with staying():  # moto's lists of instance types are 90,000 objects
                    from local_emulator.machines.loaded import Loaded  # late: this is what is dear

                    self._loaded = Loaded(self._endpoint, self._settings, self.faults, self._known_image)
            return self._loaded

    def public_parameter(self, name: str, region: str) -> str | None:
        """An AMI's id, for example; None for a parameter that AWS does not have. Under the endpoint's lock."""
        return self.load().public_parameter(name, region) if name.startswith(PUBLIC) else None

    @property
    def places_parameter(self) -> str:
        return f"/{self._settings.name}/places"

    def places(self) -> str:
        """JSON of `Places`. Under the endpoint's lock."""
        return json.dumps(self.load().places)

    def interrupt(self, instance_id: str) -> None:
        """A spot instance gets its notice, and is taken back two minutes later. Raises LookupError."""
        self.load().interrupt(instance_id)

    def close(self) -> None:
        """Ends every machine, and waits until nothing of them is left.

        Without a lock: until then their scripts ask for what they need to end well.
        """
        with self._loading:
            loaded = self._loaded
        if loaded is not None:
            loaded.close()

    def _app(self, service: str) -> Callable[..., Any]:
        return lambda environ, start_response: self.load().apps[service](environ, start_response)

    def _is_for_us(self, environ: Mapping[str, Any]) -> bool:
        body = environ["wsgi.input"]
        text = body.read()
        body.seek(0)
        return PUBLIC.encode() in text or self.places_parameter.encode() in text
