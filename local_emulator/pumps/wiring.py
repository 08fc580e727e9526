"""Which pumps an app needs: one for its schedules, one for EventBridge Scheduler, one a queue and one a stream."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from local_emulator import backends
from local_emulator.config import ACCOUNT, REGION, EmulatorConfig
from local_emulator.functions import Functions
from local_emulator.pumps.pump import Pump, Step
from local_emulator.pumps.queues import QueuePump
from local_emulator.pumps.schedules import AppSchedules, SchedulerService
from local_emulator.pumps.streams import Read, StreamPump

Clients = Callable[[str], Any]  # service name → boto3 client
QUIET = ("ReceiveMessage", "DeleteMessage", "DeleteMessageBatch")  # after these there is no more to do than before


class Pumps:
    """Made, not started. While `held` says so no function is called. `stream` is the table's: its ARN and how to read it.

    `handled` is how far every consumer of the table's stream has come. Pumps sleep until they are told of something:
    `on_record` of the stream, `on_request` of everything else.
    """

    def __init__(
        self,
        functions: Functions,
        clients: Clients,
        *,
        config: EmulatorConfig,
        clock: Callable[[], datetime],
        stream: tuple[str, Read] | None,
        held: Callable[[], object],
    ) -> None:
        self._held = held
        self._functions = functions
        self._clients = clients
        self._config = config
        self._stream_pumps: list[StreamPump] = []
        self._rung_by: dict[str, list[Pump]] = {"stream": [], "sqs": [], "scheduler": []}
        app_schedules = AppSchedules(functions, clock=clock, every_s=config.sweep_every_s)
        # Made at once, not by the pump: what is scheduled before its first look is due, too.
        scheduler = SchedulerService(lambda: clients("scheduler"), functions, clock=clock)
        self.all = [
            self._pump("app-schedules", lambda: app_schedules.step, every_s=min(0.5, config.sweep_every_s or 0.5)),
            self._rung(
                "scheduler",
                "scheduler",
                lambda: _if(backends.holds_schedules, scheduler.step),
                every_s=config.schedules_every_s,
                pending=backends.holds_schedules,
            ),
            *(self._queue_pump(*queue) for queue in functions.queues()),
            *(self._stream_pump(*function, *stream) for function in functions.streams() if stream),
        ]

    def handled(self) -> int | None:
        """The sequence number up to which all functions have seen the stream; None if one has seen nothing yet."""
        seen = [pump.handled for pump in self._stream_pumps]
        known = [number for number in seen if number is not None]
        return min(known) if known and len(known) == len(seen) else None

    def on_record(self) -> None:
        self._ring("stream")

    def on_request(self, service: str, operation: str) -> None:
        if operation not in QUIET:
            self._ring(service)

    def _ring(self, what: str) -> None:
        for pump in self._rung_by.get(what, ()):
            pump.ring()

    def _rung(
        self, what: str, name: str, make: Callable[[], Step], *, every_s: float, pending: Callable[[], bool]
    ) -> Pump:
        pump = Pump(name, make, every_s=every_s, held=self._held, pending=pending)
        self._rung_by[what].append(pump)
        return pump

    def _pump(self, name: str, make: Callable[[], Step], *, every_s: float) -> Pump:
        return Pump(name, make, every_s=every_s, held=self._held)

    def _queue_pump(self, name: str, queue: str, batch_size: int) -> Pump:
        @cache
        def pump() -> QueuePump:
            sqs = self._clients("sqs")
            return QueuePump(
                sqs,
                lambda event: self._functions.call(name, event),
                queue_url=f"{sqs.meta.endpoint_url}/{ACCOUNT}/{queue}",
                queue_arn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
                batch_size=batch_size,
                redeliver_after_s=self._config.redeliver_after_s,
            )

        def pending() -> bool:
            return backends.holds_messages(queue)

        step = _if(pending, lambda: pump().step())
        return self._rung("sqs", name, lambda: step, every_s=self._config.queue_every_s, pending=pending)

    def _stream_pump(self, name: str, batch_size: int, stream_arn: str, read: Read) -> Pump:
        pump = StreamPump(
            read,
            lambda event: self._functions.call(name, event),
            stream_arn=stream_arn,
            batch_size=batch_size,
        )
        self._stream_pumps.append(pump)
        every_s = self._config.stream_every_s
        return self._rung("stream", name, lambda: pump.step, every_s=every_s, pending=lambda: False)


def _if(pending: Callable[[], bool], step: Step) -> Step:
    """What is asked of an empty queue, and a client to ask with, costs more than to look into moto."""
    return lambda: pending() and step()
