"""Everything that a handler may call, room by room."""

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.settings import Settings
from chalicelib.wiring.access import Access
from chalicelib.wiring.bucket import Bucket
from chalicelib.wiring.clients import client
from chalicelib.wiring.runs import RunServices
from chalicelib.wiring.schedules import ScheduleServices
from chalicelib.wiring.stores import Stores
from chalicelib.wiring.tasks import TaskServices

if TYPE_CHECKING:
    from chalicelib.domain.metering import Meter
    from chalicelib.domain.ports import Clock, FinalizeQueue, ProvisionQueue
    from chalicelib.domain.schedule_ports import ScheduleQueue
    from chalicelib.services.keyring import Keyring
    from chalicelib.wiring.fleets import FleetServices
    from chalicelib.wiring.machines import MachineServices
    from chalicelib.wiring.registry import RegistryServices


def now_ms() -> int:
    """Server time, the only one that counts."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Services:
    """`clock` gives milliseconds. `dynamodb` is a client to use instead of one that is made on first use."""

    settings: Settings
    clock: "Clock" = now_ms
    dynamodb: Any = None

    @cached_property
    def runs(self) -> RunServices:
        return RunServices(
            self.stores,
            self.bucket,
            self.queue,
            self.provision_queue,
            self.clock,
            self._tell_schedule,
            lambda: self.meter,
        )

    @cached_property
    def schedules(self) -> ScheduleServices:
        return ScheduleServices(self.settings, self.stores, self.bucket, self.runs, self.schedule_queue, self.clock)

    @cached_property
    def tasks(self) -> TaskServices:
        return TaskServices(self.stores, self.bucket, lambda: self.registry, self.clock, lambda: self.meter)

    @cached_property
    def registry(self) -> "RegistryServices":
        from chalicelib.wiring.registry import RegistryServices

        return RegistryServices(self.stores, self.settings, self.clock)

    @cached_property
    def machines(self) -> "MachineServices":
        from chalicelib.wiring.machines import MachineServices

        parameter = self.settings.places_parameter
        return MachineServices(
            self.stores, self.bucket, self.provision_queue, parameter, self.clock, lambda: self.meter
        )

    @cached_property
    def fleets(self) -> "FleetServices":
        from chalicelib.wiring.fleets import FleetServices

        return FleetServices(self.stores, self.bucket, self.runs, self.clock)

    @cached_property
    def meter(self) -> "Meter":
        """What is counted in this container, until it is told."""
        from chalicelib.domain.metering import Meter

        return Meter()

    @cached_property
    def keyring(self) -> "Keyring":
        return Access(self.settings.keys_parameter).keyring

    @cached_property
    def stores(self) -> Stores:
        return Stores(lambda: self.dynamodb or client("dynamodb"), self.settings.table)

    @cached_property
    def bucket(self) -> Bucket:
        return Bucket(self.settings.bucket, self.clock)

    @cached_property
    def queue(self) -> "FinalizeQueue":
        from chalicelib.queues import SqsFinalizeQueue

        return SqsFinalizeQueue(lambda: client("sqs"), self.settings.finalize_queue)

    @cached_property
    def provision_queue(self) -> "ProvisionQueue":
        from chalicelib.queues import SqsProvisionQueue

        return SqsProvisionQueue(lambda: client("sqs"), self.settings.provision_queue)

    @cached_property
    def schedule_queue(self) -> "ScheduleQueue":
        from chalicelib.queues import SqsScheduleQueue

        return SqsScheduleQueue(lambda: client("sqs"), self.settings.schedules_queue)

    def _tell_schedule(self, origin: str) -> None:
        """A run has ended: what its schedule does about it, it does now and not with the next sweep."""
        from chalicelib.domain.scheduling import schedule_of

        if name := schedule_of(origin):
            self.schedule_queue.advance(name)
