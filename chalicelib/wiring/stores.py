"""The table behind the ports: one store for each kind of item."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalicelib.domain.counting import Change
    from chalicelib.domain.fleet_ports import Fleets
    from chalicelib.domain.ports import Deletions, Launches, Leftovers, Measurements, Runners, Runs, Tasks
    from chalicelib.store.table import Table


@dataclass(frozen=True, eq=False, repr=False)
class Stores:
    """`connect` gives a DynamoDB client; it is called on first use, and the store's modules are loaded then."""

    connect: Callable[[], Any]
    table_name: str

    @cached_property
    def runs(self) -> "Runs":
        from chalicelib.store.runs import RunStore

        return RunStore(self.table)

    @cached_property
    def tasks(self) -> "Tasks":
        from chalicelib.store.tasks import TaskStore

        return TaskStore(self.table)

    @cached_property
    def deletions(self) -> "Deletions":
        from chalicelib.store.deletions import DeletionStore

        return DeletionStore(self.table)

    @cached_property
    def measurements(self) -> "Measurements":
        from chalicelib.store.measured import MeasuredStore

        return MeasuredStore(self.table)

    @cached_property
    def launches(self) -> "Launches":
        from chalicelib.store.launches import LaunchStore

        return LaunchStore(self.table)

    @cached_property
    def leftovers(self) -> "Leftovers":
        from chalicelib.store.leftovers import LeftoverStore

        return LeftoverStore(self.table)

    @cached_property
    def runners(self) -> "Runners":
        from chalicelib.store.runners import RunnerStore

        return RunnerStore(self.table)

    @cached_property
    def fleets(self) -> "Fleets":
        from chalicelib.store.fleets import FleetStore

        return FleetStore(self.table)

    def changes_of(self, records: Iterable[Mapping[str, Any]]) -> "dict[str, list[Change]]":
        """What the records of the table's stream say, by run."""
        from chalicelib.store.stream import changes_of

        return changes_of(records)

    @cached_property
    def table(self) -> "Table":
        from chalicelib.store.table import Table

        return Table(self.connect(), self.table_name)
