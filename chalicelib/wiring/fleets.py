"""What can be done with fleet runs. Loaded when one is first asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.services.fleets.read_outcomes import ReadOutcomes

if TYPE_CHECKING:
    from chalicelib.domain.ports import Clock
    from chalicelib.services.fleets.create_fleet import CreateFleet
    from chalicelib.services.fleets.read_fleets import ReadFleets
    from chalicelib.services.fleets.read_request import ReadFleet
    from chalicelib.services.fleets.read_tests import ReadTests
    from chalicelib.services.fleets.shard_work import ShardWork
    from chalicelib.wiring.bucket import Bucket
    from chalicelib.wiring.runs import RunServices
    from chalicelib.wiring.stores import Stores


@dataclass(frozen=True, eq=False, repr=False)
class FleetServices:
    """What is asked of fleets, and of the shards of their runs."""

    stores: "Stores"
    bucket: "Bucket"
    runs: "RunServices"
    clock: "Clock"

    @cached_property
    def create(self) -> "CreateFleet":
        from chalicelib.services.fleets.carry_over import CarryOver
        from chalicelib.services.fleets.create_fleet import CreateFleet

        files = self.bucket.fleets
        carry_over = CarryOver(self.stores.runs, files, self._outcomes)
        return CreateFleet(self.runs.create, self.stores.fleets, files, self.reading, carry_over, self.clock)

    @cached_property
    def reading(self) -> "ReadFleet":
        from chalicelib.services.fleets.read_request import ReadFleet

        return ReadFleet(self.bucket.fleets, _read)

    @cached_property
    def read(self) -> "ReadFleets":
        from chalicelib.services.fleets.read_fleets import ReadFleets

        stores = self.stores
        return ReadFleets(stores.runs, stores.tasks, stores.fleets, self.bucket.fleets, self._outcomes)

    @cached_property
    def tests(self) -> "ReadTests":
        from chalicelib.services.fleets.read_tests import ReadTests

        return ReadTests(self.read.run, self.bucket.fleets, self._outcomes)

    @cached_property
    def work(self) -> "ShardWork":
        from chalicelib.services.fleets.shard_work import ShardWork

        return ShardWork(self.stores.tasks, self.stores.fleets, self.bucket.fleets, self.clock)

    @cached_property
    def _outcomes(self) -> ReadOutcomes:
        return ReadOutcomes(self.bucket.fleets)


def _read(
    manifest: Mapping[str, Any], datasets: Mapping[str, Any], providers: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Any:
    from benchfleet_contract.fleets.manifest import read_fleet
    from benchfleet_contract.fleets.plan import Defaults

    return read_fleet(manifest, datasets, providers, Defaults.model_validate(defaults))
