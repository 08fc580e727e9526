"""The bucket behind the ports."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.archive.s3 import Objects
    from chalicelib.domain.fleet_ports import FleetFiles
    from chalicelib.domain.ports import Builder, Clock, Results, Storage


@dataclass(frozen=True, eq=False, repr=False)
class Bucket:
    """What lies in the bucket, and what signs for it."""

    name: str
    clock: "Clock"

    @cached_property
    def storage(self) -> "Storage":
        from chalicelib.archive import storage

        return storage.Storage(lambda: self.objects, clock=self.clock)

    @cached_property
    def builder(self) -> "Builder":
        from chalicelib.archive.build import ArchiveBuilder

        return ArchiveBuilder(lambda: self.objects)

    @cached_property
    def results(self) -> "Results":
        from chalicelib.archive.results import ResultReader

        return ResultReader(lambda: self.objects)

    @cached_property
    def fleets(self) -> "FleetFiles":
        from chalicelib.archive.fleet import FleetBucket

        return FleetBucket(lambda: self.objects)

    @cached_property
    def objects(self) -> "Objects":
        from chalicelib.archive.s3 import Objects, connect

        return Objects(connect(), bucket=self.name)
