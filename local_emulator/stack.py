"""The emulator: everything started in order, everything stopped in the other order."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from chalice.app import Chalice

from local_emulator.api_gateway import MAX_BODY_BYTES, ApiGateway
from local_emulator.cloud import Cloud
from local_emulator.config import REGION, EmulatorConfig, Ready
from local_emulator.environment import applied, lambda_environment
from local_emulator.errors import StateLost, StateNotKept
from local_emulator.functions import Functions, fresh_app
from local_emulator.http_server import KeepAliveServer
from local_emulator.machines.service import Machines
from local_emulator.one_a_process import one_a_process
from local_emulator.pumps.pump import Pump, Step, stop_all
from local_emulator.pumps.wiring import Pumps
from local_emulator.resources import TableDefinition, default_table
from local_emulator.state.acknowledging import Acknowledging
from local_emulator.state.keeper import Keeper
from local_emulator.turns import Turns

HOUSEKEEPING_S = 30.0


class Emulator:
    """`with Emulator(config) as emulator:` or `start()` and `stop()`; `ready` and `machines` are set in between.

    `app` and `table` default to the project's own; a test may bring a small app. Raises EmulatorError from `start`.
    """

    ready: Ready
    machines: Machines

    def __init__(
        self,
        config: EmulatorConfig | None = None,
        *,
        app: Chalice | None = None,
        table: TableDefinition = default_table,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._config = config or EmulatorConfig()
        self._app = app
        self._table = table
        self._clock = clock
        self._running = ExitStack()
        self._keeper: Keeper | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Ready:
        self._running.enter_context(one_a_process())
        try:
            self.ready = self._start()
        except BaseException:
            self.stop()
            raise
        return self.ready

    def stop(self) -> None:
        """End everything, write the state if it is kept, forget the emulated AWS. May be called twice.

        Raises StateLost once all has ended.
        """
        self._running.pop_all().close()

    def _start(self) -> Ready:
        config, self._keeper = self._config, None
        server = KeepAliveServer(host=config.host, port=config.port, most_bytes=lambda _: MAX_BODY_BYTES)
        self._running.callback(server.stop, within_s=config.stop_within_s)
        cloud = Cloud(config, api_url=server.url, table=self._table, clock=self._clock, trouble=lambda: self._trouble)
        self._running.callback(cloud.close)
        variables = lambda_environment(
            config, aws_url=cloud.url, stream_arn=cloud.table.stream_arn, who=cloud.credentials
        )
        self._running.enter_context(applied(variables, wire=cloud.in_process.wire))
        app = self._app or self._running.enter_context(fresh_app())
        if cloud.restored and self._app is None:
            _release_builds()
        gateway = Acknowledging(ApiGateway(app), lambda: self._trouble)
        self._pump(Functions(app), cloud)
        server.start(Turns(gateway, at_once=config.requests_at_once, most_waiting=config.requests_waiting))
        self._running.callback(server.stop, within_s=config.stop_within_s)  # nobody asks while the pumps end
        self.machines = cloud.machines
        self._running.callback(cloud.machines.close)  # they end while everybody still answers them
        return self._describe(cloud, api_url=server.url)

    def _pump(self, functions: Functions, cloud: Cloud) -> None:
        config = self._config
        arn = cloud.table.stream_arn
        pumps = Pumps(
            functions,
            cloud.clients,
            config=config,
            clock=self._clock,
            stream=(arn, cloud.read_stream) if arn else None,
            held=lambda: self._trouble,
        )
        endpoint = cloud.endpoint
        endpoint.on_request = pumps.on_request
        if cloud.table.stream:
            cloud.table.stream.on_record = pumps.on_record
        keeper = Keeper(
            lambda: cloud.save(handled=pumps.handled()), changes=lambda: endpoint.changes, lock=endpoint.lock
        )
        keeper.save()  # who is told our keys may rely on them, even if we are killed at once
        self._keeper = keeper
        self._running.callback(_save_last, keeper)
        everything = [
            *pumps.all,
            Pump("housekeeping", lambda: _trimming(cloud, pumps), every_s=HOUSEKEEPING_S),
            Pump("keeper", lambda: keeper.step, every_s=config.snapshot_every_s),
        ]
        self._running.callback(stop_all, everything, within_s=config.stop_within_s)
        for pump in everything:
            pump.start()

    @property
    def _trouble(self) -> StateNotKept | None:
        return self._keeper.trouble if self._keeper else None

    def _describe(self, cloud: Cloud, *, api_url: str) -> Ready:
        return Ready(
            api_url=api_url,
            aws_endpoint_url=cloud.url,
            region=REGION,
            table=self._config.name,
            bucket=self._config.name,
            keys=cloud.keys,
            pid=os.getpid(),
            finalize_queue=f"{self._config.name}-finalize",
            aws_access_key_id=cloud.credentials.access_key or "",
            aws_secret_access_key=cloud.credentials.secret_key or "",
        )


def _save_last(keeper: Keeper) -> None:
    try:
        keeper.save()
    except StateNotKept as trouble:
        raise StateLost(trouble) from trouble


def _release_builds() -> None:
    """What was building when the state was kept died with its process."""
    from chalicelib.wiring import services  # late: of the fresh app

    services().runs.release_builds()


def _trimming(cloud: Cloud, pumps: Pumps) -> Step:
    def step() -> bool:
        cloud.trim(handled=pumps.handled())
        return False

    return step
