"""The emulated AWS: its endpoint, its credentials and keys, what CloudFormation would make, and its state folder."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.credentials import Credentials

from local_emulator import backends
from local_emulator.aws_endpoint import AwsEndpoint
from local_emulator.config import ACCOUNT, REGION, EmulatorConfig, Keys
from local_emulator.dynamodb.service import DynamoDb
from local_emulator.errors import EmulatorError, StateFolderUnusable, StateNotKept
from local_emulator.http_server import KeepAliveServer
from local_emulator.in_process import InProcess
from local_emulator.machines.control import CONTROL, Control
from local_emulator.machines.faults import Faults
from local_emulator.machines.pace import Pace
from local_emulator.machines.service import Machines, Settings
from local_emulator.parameters import ParameterStore
from local_emulator.resources import Clients, TableDefinition, create_all, fresh_credentials, fresh_keys
from local_emulator.state import snapshot
from local_emulator.state.acknowledging import Trouble
from local_emulator.state.folder import StateFolder

KEEP_RECORDS = 10_000  # of the stream, behind what was handled: for people who look at it


class Cloud:
    """Up from construction to `close()`. Raises PortInUse, StateFolderBusy, StateFolderUnusable."""

    def __init__(
        self,
        config: EmulatorConfig,
        *,
        api_url: str,
        table: TableDefinition,
        clock: Callable[[], datetime],
        trouble: Trouble,
    ) -> None:
        self._config = config
        self._up = ExitStack()
        try:
            self._folder = self._up.enter_context(StateFolder(config.state_dir)) if config.state_dir else None
            saved = self._folder.load() if self._folder else None
            self.restored = bool(saved)
            self.credentials, self.keys = _identity(saved)
            self._parameters = ParameterStore(region=REGION, account=ACCOUNT)
            dynamodb = DynamoDb(region=REGION, account=ACCOUNT, clock=clock)
            self.endpoint = AwsEndpoint(
                self.credentials,
                region=REGION,
                parameters=self._parameters,
                dynamodb=dynamodb,
                clock=clock,
                trouble=trouble,
            )
            self.url = self._open()
            self.in_process = InProcess(self.endpoint, url=self.url)
            self.clients = Clients(self.url, credentials=self.credentials, wire=self.in_process.wire)
            self._up.callback(self.clients.close)
            self.machines = self._with_machines(api_url)
            self.table = create_all(self._parameters, dynamodb, config=config, keys=self.keys, table=table)
            if self._folder and saved:
                with _understanding(config.state_dir):
                    snapshot.restore(
                        saved, self._folder, table=self.table, name=config.name, parameters=self._parameters
                    )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._up.close()

    def save(self, *, handled: int | None) -> None:
        """Write everything to the state folder, if there is one, as of one moment. Raises StateNotKept."""
        if self._folder is None:
            return
        with self.endpoint.lock, _reporting(self._config.state_dir):
            extra = {
                "keys": asdict(self.keys),
                "credentials": [self.credentials.access_key, self.credentials.secret_key],
            }
            snapshot.save(
                self._folder,
                table=self.table,
                name=self._config.name,
                parameters=self._parameters,
                handled=handled,
                extra=extra,
            )

    def read_stream(self, start: int, *, limit: int) -> list[dict[str, Any]]:
        """The table's changes from number `start` on."""
        with self.endpoint.lock:
            return self.table.stream.read(start, limit=limit) if self.table.stream else []

    def trim(self, *, handled: int | None) -> None:
        """Remove what has outlived its time to live, and forget changes that were handled long ago."""
        with self.endpoint.lock:
            self.endpoint.changes += self.table.drop_expired()
            if self.table.stream and handled is not None:
                self.table.stream.trim(before=handled + 1, keep=KEEP_RECORDS)

    def _with_machines(self, api_url: str) -> Machines:
        config = self._config
        machines = Machines(
            self.endpoint,
            Settings(
                name=config.name,
                api_url=api_url,
                regions=config.machine_regions,
                clients_of=lambda _profile: self.clients,
                pace=Pace(config.machine_minute_s, config.machine_grace_s),
            ),
            faults=Faults(),
        )
        self._parameters.computed[machines.places_parameter] = machines.places
        self._parameters.public = machines.public_parameter
        if config.machine_control:
            self.endpoint.add({}, doors={CONTROL: Control(machines, key=self.keys.admin)})
        self._up.callback(machines.close)
        return machines

    def _open(self) -> str:
        config = self._config
        server = KeepAliveServer(
            host=config.aws_host,
            port=config.aws_port,
            most_bytes=self.endpoint.most_bytes,
            flags=("--aws-host", "--aws-port"),
        )
        self._up.callback(backends.forget_everything)
        self._up.callback(server.stop, within_s=config.stop_within_s)
        server.start(self.endpoint)
        return server.url


@contextmanager
def _understanding(folder: Path | None) -> Iterator[None]:
    """What moto makes of a document that somebody has changed is its own affair, but never a traceback."""
    try:
        yield
    except EmulatorError:
        raise
    except Exception as error:
        reason = f"its state.json is not what an emulator writes ({type(error).__name__})"
        raise StateFolderUnusable(folder, reason=reason) from error


@contextmanager
def _reporting(folder: Path | None) -> Iterator[None]:
    """Whatever keeps a snapshot from being whole, its promise is broken."""
    try:
        yield
    except OSError as error:
        raise StateNotKept(folder, reason=error.strerror or str(error)) from error
    except Exception as error:
        raise StateNotKept(folder, reason=f"{type(error).__name__}: {error}") from error


def _identity(saved: dict[str, Any] | None) -> tuple[Credentials, Keys]:
    """Those of the saved state, so that keys and signed URLs outlive a restart; else fresh ones."""
    if saved is None:
        return fresh_credentials(), fresh_keys()
    return Credentials(*saved["extra"]["credentials"]), Keys(**saved["extra"]["keys"])
