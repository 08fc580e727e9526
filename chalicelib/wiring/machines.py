"""What can be done with machines. Loaded where a run asks for some."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.domain.launches import MachineProvider, Prices
    from chalicelib.domain.metering import Meter
    from chalicelib.domain.ports import Clock, ProvisionQueue
    from chalicelib.services.provisioning.advance import AdvanceFleet
    from chalicelib.services.provisioning.clouds import Clouds
    from chalicelib.services.provisioning.read_launches import ReadLaunches
    from chalicelib.services.provisioning.report_launch import ReportLaunch
    from chalicelib.services.provisioning.strays import EndStrays
    from chalicelib.wiring.bucket import Bucket
    from chalicelib.wiring.places import PlacesReader
    from chalicelib.wiring.stores import Stores


@dataclass(frozen=True, eq=False, repr=False)
class MachineServices:
    """`places_parameter` names the parameter that a deployment writes."""

    stores: "Stores"
    bucket: "Bucket"
    queue: "ProvisionQueue"
    places_parameter: str
    clock: "Clock"
    meter: "Callable[[], Meter]"

    @cached_property
    def advance(self) -> "AdvanceFleet":
        from chalicelib.services.provisioning.advance import AdvanceFleet
        from chalicelib.services.provisioning.ending import EndMachines
        from chalicelib.services.provisioning.giving_up import GiveUp
        from chalicelib.services.provisioning.launching import LaunchMachines
        from chalicelib.services.provisioning.watching import WatchMachines

        stores, clouds = self.stores, self.clouds
        return AdvanceFleet(
            stores.runs, stores.tasks, stores.runners, stores.launches, WatchMachines(clouds), EndMachines(clouds),
            LaunchMachines(stores.launches, clouds, self.meter()), GiveUp(stores.tasks), self.queue, self.clock,
        )  # fmt: skip

    @cached_property
    def end_strays(self) -> "EndStrays":
        from chalicelib.services.provisioning.strays import EndStrays

        return EndStrays(self.stores.runs, self.stores.launches, self.clouds, self.clock)

    @cached_property
    def report(self) -> "ReportLaunch":
        from chalicelib.services.provisioning.report_launch import ReportLaunch

        return ReportLaunch(self.stores.launches, self.clock)

    @cached_property
    def read(self) -> "ReadLaunches":
        from chalicelib.services.provisioning.read_launches import ReadLaunches

        return ReadLaunches(self.stores.runs, self.stores.launches, self.clock)

    @cached_property
    def clouds(self) -> "Clouds":
        from chalicelib.services.provisioning.clouds import Clouds

        return Clouds(self._places, lambda: self._providers, self._prices)

    @cached_property
    def _providers(self) -> "Mapping[str, MachineProvider]":
        from chalicelib.provisioning.clients import Clients
        from chalicelib.provisioning.ec2 import Ec2Machines
        from chalicelib.provisioning.ecs import EcsTasks

        clients = Clients()
        return {"aws-ec2": Ec2Machines(self._places, clients), "aws-ecs": EcsTasks(self._places, clients)}

    @cached_property
    def _prices(self) -> "Prices":
        from chalicelib.wiring.prices import PublishedPrices

        return PublishedPrices(lambda: self.bucket.objects, self.clock)

    @cached_property
    def _places(self) -> "PlacesReader":
        from chalicelib.wiring.places import PlacesReader

        return PlacesReader(self.places_parameter, self.clock)
