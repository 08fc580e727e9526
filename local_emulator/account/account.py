"""The emulated account, composed: up from `start()` to `stop()`. One a process, as moto's state is global to it."""

import os
import secrets
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from botocore.credentials import Credentials
from moto.backends import get_backend

from local_emulator.account import permissions, resources
from local_emulator.account.calls import Calls
from local_emulator.account.clients import LocalClients
from local_emulator.account.doors import BEGINNING as ACCOUNT_DOOR
from local_emulator.account.doors import AccountDoor
from local_emulator.account.endpoint import SERVICES, AccountEndpoint
from local_emulator.account.gateway.apis import Apis
from local_emulator.account.gateway.door import BEGINNING as API_DOOR
from local_emulator.account.gateway.door import GatewayDoor
from local_emulator.account.iam.authority import Authority
from local_emulator.account.iam.identities import Identities, role_of
from local_emulator.account.iam.world import MotoWorld, policies_are_ours, resource_statements
from local_emulator.account.lambdas.functions import Functions
from local_emulator.account.lambdas.service import Invoke, Mappings
from local_emulator.account.pulling import pulling
from local_emulator.account.registry import BEGINNING as REGISTRY_DOOR
from local_emulator.account.registry import Passwords, Registry, served_at
from local_emulator.account.settings import AccountConfig, AccountReady
from local_emulator.account.tables import AccountTables
from local_emulator.account.triggers import Triggers
from local_emulator.config import ACCOUNT, REGION
from local_emulator.http_server import KeepAliveServer
from local_emulator.machines.control import CONTROL, Control
from local_emulator.machines.faults import Faults
from local_emulator.machines.pace import Pace
from local_emulator.machines.service import Clients, Machines, Settings
from local_emulator.one_a_process import one_a_process
from local_emulator.resources import fresh_credentials
from local_emulator.scheduler_gate import SchedulerGate

MOTO_NAMES = {"monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi", "servicequotas": "service-quotas"}
MOST_BODY_BYTES = 5 * 1024 * 1024 * 1024


class Account:
    """Raises AlreadyRunning, PortInUse, AddressUnusable at its start."""

    ready: AccountReady

    def __init__(self, config: AccountConfig | None = None) -> None:
        self._config = config or AccountConfig()
        self._up = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> AccountReady:
        try:
            self._up.enter_context(one_a_process())
            self.ready = self._start()
        except BaseException:
            self.stop()
            raise
        return self.ready

    def stop(self) -> None:
        """Ends servers, triggers and functions, and forgets everything. May be called twice."""
        self._up.pop_all().close()

    def _start(self) -> AccountReady:
        config = self._config
        _forget_everything()
        folder = Path(tempfile.mkdtemp(prefix="benchfleet-account-"))
        self._up.callback(shutil.rmtree, folder, ignore_errors=True)
        root, itself = fresh_credentials(), fresh_credentials()
        endpoint = AccountEndpoint(Identities(root, itself))
        aws = self._serve(config.aws_host, config.aws_port, "--aws-host", "--aws-port")
        api = self._serve(config.host, config.port, "--host", "--port")
        self._up.callback(_forget_everything)
        token = secrets.token_urlsafe(24)
        door = self._compose(endpoint, folder, url=aws.url, itself=itself, token=token)
        aws.start(endpoint)
        api.start(door)
        return AccountReady(
            aws_endpoint_url=aws.url,
            api_url=api.url,
            api_url_template=f"{api.url}{API_DOOR}{{rest_api_id}}/{{stage}}",
            region=REGION,
            account=ACCOUNT,
            registry=_address(aws),
            token=token,
            pid=os.getpid(),
            aws_access_key_id=root.access_key or "",
            aws_secret_access_key=root.secret_key or "",
        )

    def _serve(self, host: str, port: int, *flags: str) -> KeepAliveServer:
        server = KeepAliveServer(host=host, port=port, most_bytes=lambda _: MOST_BODY_BYTES, flags=(flags[0], flags[1]))
        self._up.callback(server.stop, within_s=self._config.stop_within_s)
        return server

    def _compose(
        self, endpoint: AccountEndpoint, folder: Path, *, url: str, itself: Credentials, token: str
    ) -> GatewayDoor:
        """Everything behind the endpoint. Ends in the other order: triggers, functions, servers."""
        from local_emulator.account.stacks import models, service
        from local_emulator.account.stacks.stack import our_stacks

        config, lock, calls, tables = self._config, endpoint.lock, Calls(), AccountTables()
        address = url.removeprefix("http://")
        clients = LocalClients(endpoint, url=url, credentials=itself)
        endpoint.authority = Authority(calls, MotoWorld(), resource_policy=resource_statements, enforce=config.enforce)
        functions = Functions(
            endpoint.identities, endpoint.authority, folder=folder, aws_url=url, lock=lock, at_once=config.at_once
        )
        may_read = permissions.reading(endpoint.authority, tables, permissions.queue_exists)
        mappings = Mappings(functions, may_read=may_read, twins=config.twin_mappings)
        apis, passwords = Apis(), Passwords(address)
        registry = Registry(folder / "images", accepts=passwords.accepts, lock=lock)
        triggers = Triggers(
            config,
            functions,
            mappings=mappings,
            tables=tables,
            identities=endpoint.identities,
            clients=clients,
            authority=endpoint.authority,
            lock=lock,
        )
        mappings.on_change = triggers.sync
        door = GatewayDoor(apis, functions, lock=lock)
        models.use(clients)
        self._up.enter_context(our_stacks())
        self._up.enter_context(policies_are_ours())
        self._up.enter_context(served_at(address))
        self._up.callback(door.close)
        self._up.callback(functions.close)
        self._up.callback(triggers.stop)
        gate = SchedulerGate(endpoint.moto)
        endpoint.handlers = {
            "dynamodb": tables.handle, "lambda": mappings.handle, "apigateway": apis.handle, "ecr": passwords.handle,
            "cloudformation": service.handle,
            "scheduler": lambda request, environ, start: list(gate(environ, start)),
        }  # fmt: skip
        endpoint.unlocked = {"lambda": Invoke(functions).handle}
        endpoint.after = {"cloudformation": lambda request, *_: service.after(request), "apigateway": apis.after}
        machines = self._machines(endpoint, registry, clients)
        listing = resources.Listing(tables=tables, mappings=mappings)
        endpoint.doors = {
            ACCOUNT_DOOR: AccountDoor(calls, resources=listing, token=token, lock=lock),
            API_DOOR: door,
            REGISTRY_DOOR: registry,
            f"/{CONTROL}/": Control(machines, key=token),
        }
        triggers.start()
        self._up.callback(machines.close)  # they end while everybody still answers them
        return door

    def _machines(self, endpoint: AccountEndpoint, registry: Registry, clients: LocalClients) -> Machines:
        """EC2 and ECS whose machines execute what they are given, each as its own role."""

        def clients_of(who: str | None) -> Clients:
            role = role_of(who)
            if role is None:
                return lambda service, region: clients(service, region or REGION)

            def of_role(service: str, region: str | None) -> Any:
                with endpoint.lock:
                    who = endpoint.identities.role_session(role, "instance", region or REGION)
                return clients(service, region or REGION, who)

            return of_role

        pace = Pace(self._config.machine_minute_s, self._config.machine_grace_s)
        settings = Settings(
            name="", api_url="", regions=(), clients_of=clients_of, pace=pace, makes_places=False,
            why_not_pull=pulling(endpoint.authority, registry, endpoint.lock),
        )  # fmt: skip
        return Machines(endpoint, settings, faults=Faults(), known_image=registry.has)  # type: ignore[arg-type]


def _address(server: KeepAliveServer) -> str:
    return server.url.removeprefix("http://")


def _forget_everything() -> None:
    for service in sorted(SERVICES):
        get_backend(MOTO_NAMES.get(service, service)).reset()
