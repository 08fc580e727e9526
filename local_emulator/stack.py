"""The emulator: everything started in order, everything stopped in the other order."""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from chalice.app import Chalice

from local_emulator.api_gateway import MAX_BODY_BYTES, ApiGateway
from local_emulator.aws_endpoint import MOTO_SERVICES, AwsEndpoint
from local_emulator.config import ACCOUNT, REGION, EmulatorConfig, Ready
from local_emulator.environment import applied, lambda_environment
from local_emulator.errors import AlreadyRunning
from local_emulator.functions import Functions, fresh_app
from local_emulator.http_server import KeepAliveServer
from local_emulator.parameters import ParameterStore
from local_emulator.pumps.pump import Pump
from local_emulator.pumps.queues import QueuePump
from local_emulator.pumps.schedules import AppSchedules, SchedulerService
from local_emulator.pumps.streams import StreamPump
from local_emulator.resources import (
    Clients,
    Resources,
    TableDefinition,
    create_all,
    default_table,
    fresh_credentials,
    fresh_keys,
)

log = logging.getLogger(__name__)
_ONE = threading.Lock()  # moto's state is global to the process


class Emulator:
    """`with Emulator(config) as emulator:` or `start()` and `stop()`; `ready` is set in between.

    `app` and `table` default to the project's own; a test may bring a small app. Raises EmulatorError from `start`.
    """

    ready: Ready

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

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Ready:
        if not _ONE.acquire(blocking=False):
            raise AlreadyRunning
        self._running.callback(_ONE.release)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self.ready

    def stop(self) -> None:
        """Ends everything and forgets the emulated AWS. May be called twice."""
        self._running.pop_all().close()

    def _start(self) -> None:
        config, who, keys = self._config, fresh_credentials(), fresh_keys()
        parameters = ParameterStore(region=REGION, account=ACCOUNT)
        endpoint = AwsEndpoint(who, region=REGION, parameters=parameters, clock=self._clock)
        self._running.callback(forget_aws)
        aws = self._serve(endpoint, port=config.aws_port)
        clients = Clients(aws.url, credentials=who)
        self._running.callback(clients.close)
        made = create_all(clients, config=config, keys=keys, table=self._table)
        variables = lambda_environment(config, aws_url=aws.url, stream_arn=made.stream_arn or "", who=who)
        self._running.enter_context(applied(variables))
        app = self._app or self._running.enter_context(fresh_app())
        gateway = ApiGateway(app)
        self._pump(Functions(app), clients, made)
        api = self._serve(gateway, port=config.port, max_body_bytes=MAX_BODY_BYTES)
        self.ready = Ready(
            api_url=api.url,
            aws_endpoint_url=aws.url,
            region=REGION,
            table=config.name,
            bucket=config.name,
            keys=keys,
            pid=os.getpid(),
            finalize_queue=f"{config.name}-finalize",
            aws_access_key_id=who.access_key or "",
            aws_secret_access_key=who.secret_key or "",
        )

    def _serve(self, app: Any, *, port: int, max_body_bytes: int | None = None) -> KeepAliveServer:
        server = KeepAliveServer(app, host=self._config.host, port=port, max_body_bytes=max_body_bytes)
        server.start()
        self._running.callback(server.stop, within_s=self._config.stop_within_s)
        return server

    def _pump(self, functions: Functions, clients: Clients, made: Resources) -> None:
        config = self._config
        app_schedules = AppSchedules(functions, clock=self._clock, every_s=config.sweep_every_s)
        scheduler = SchedulerService(clients("scheduler"), functions, clock=self._clock)
        pumps = [
            Pump("app-schedules", app_schedules.step, every_s=min(0.5, config.sweep_every_s or 0.5)),
            Pump("scheduler", scheduler.step, every_s=config.schedules_every_s),
            *(self._queue_pump(functions, clients, made, queue) for queue in functions.queues()),
            *(self._stream_pump(functions, clients, made, stream) for stream in functions.streams()),
        ]
        self._running.callback(self._stop_pumps, pumps)
        for pump in pumps:
            pump.start()

    def _queue_pump(
        self, functions: Functions, clients: Clients, made: Resources, source: tuple[str, str, int]
    ) -> Pump:
        name, queue, batch_size = source
        pump = QueuePump(
            clients("sqs"),
            lambda event: functions.call(name, event),
            queue_url=clients("sqs").get_queue_url(QueueName=queue)["QueueUrl"],
            queue_arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
            batch_size=batch_size,
            redeliver_after_s=self._config.redeliver_after_s,
        )
        return Pump(name, pump.step, every_s=self._config.queue_every_s)

    def _stream_pump(self, functions: Functions, clients: Clients, made: Resources, source: tuple[str, int]) -> Pump:
        name, batch_size = source
        pump = StreamPump(
            clients("dynamodbstreams"),
            lambda event: functions.call(name, event),
            stream_arn=made.stream_arn or "",
            batch_size=batch_size,
        )
        return Pump(name, pump.step, every_s=self._config.stream_every_s)

    def _stop_pumps(self, pumps: list[Pump]) -> None:
        for pump in pumps:
            pump.ask_to_stop()
        for pump in pumps:
            if not pump.join(within_s=self._config.stop_within_s):
                log.warning("a function is still running; it ends with this process")


def forget_aws() -> None:
    """Empty moto's state of this process, so that the next emulator starts with nothing."""
    from moto.backends import get_backend

    for service in (*MOTO_SERVICES, "dynamodbstreams"):
        get_backend(service).reset()  # type: ignore[call-overload]
