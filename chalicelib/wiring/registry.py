"""What can be done with executors and models. A use case is loaded when it is first asked for."""

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.domain.ports import Clock
    from chalicelib.domain.registry.ports import Catalogs, Executors, RegistryLog, Reservations
    from chalicelib.domain.registry.presence import Terms
    from chalicelib.services.registry.announce import Announce
    from chalicelib.services.registry.change_models import ChangeModels
    from chalicelib.services.registry.discover_models import DiscoverModels
    from chalicelib.services.registry.heartbeat import Heartbeat
    from chalicelib.services.registry.leave import Leave
    from chalicelib.services.registry.read_executors import ReadExecutors
    from chalicelib.services.registry.select_executor import SelectExecutor
    from chalicelib.services.registry.sweep_executors import SweepExecutors
    from chalicelib.services.tasks.work_as_executor import HandBackTasks
    from chalicelib.settings import Settings
    from chalicelib.wiring.stores import Stores


@dataclass(frozen=True, eq=False, repr=False)
class RegistryServices:
    """What executors tell, and what is asked of them and their models."""

    stores: "Stores"
    settings: "Settings"
    clock: "Clock"

    @cached_property
    def announce(self) -> "Announce":
        from chalicelib.services.registry.announce import Announce

        return Announce(
            self.executors, self.catalogs, self.log, self.clock, lambda: secrets.token_hex(8), self._hand_back, self._terms,
            self.settings.most_executors, self.settings.most_models,
        )  # fmt: skip

    @cached_property
    def heartbeat(self) -> "Heartbeat":
        from chalicelib.services.registry.heartbeat import Heartbeat

        return Heartbeat(self.executors, self.log, self.clock)

    @cached_property
    def change_models(self) -> "ChangeModels":
        from chalicelib.services.registry.change_models import ChangeModels

        return ChangeModels(self.executors, self.catalogs, self.log, self.clock, self.settings.most_models)

    @cached_property
    def leave(self) -> "Leave":
        from chalicelib.services.registry.leave import Leave

        return Leave(self.executors, self.catalogs, self.log, self._hand_back, self.clock)

    @cached_property
    def sweep(self) -> "SweepExecutors":
        from chalicelib.services.registry.sweep_executors import SweepExecutors

        return SweepExecutors(self.executors, self.log, self.reservations, self.leave, self._hand_back, self.clock)

    @cached_property
    def read(self) -> "ReadExecutors":
        from chalicelib.services.registry.read_executors import ReadExecutors

        return ReadExecutors(self.executors, self.catalogs, self.log, self.clock)

    @cached_property
    def discover(self) -> "DiscoverModels":
        from chalicelib.services.registry.discover_models import DiscoverModels

        return DiscoverModels(self.executors, self.catalogs, self.log, self.clock, secrets.randbelow)

    @cached_property
    def select(self) -> "SelectExecutor":
        from chalicelib.services.registry.select_executor import SelectExecutor

        new_id = lambda: secrets.token_hex(12)  # noqa: E731
        return SelectExecutor(self.executors, self.reservations, self.discover, self.clock, new_id)

    @cached_property
    def executors(self) -> "Executors":
        from chalicelib.store.registry.executors import ExecutorStore

        return ExecutorStore(self.stores.table)

    @cached_property
    def catalogs(self) -> "Catalogs":
        from chalicelib.store.registry.catalogs import CatalogStore

        return CatalogStore(self.stores.table)

    @cached_property
    def log(self) -> "RegistryLog":
        from chalicelib.store.registry.log import RegistryLogStore

        return RegistryLogStore(self.stores.table)

    @cached_property
    def reservations(self) -> "Reservations":
        from chalicelib.store.registry.reservations import ReservationStore

        return ReservationStore(self.stores.table)

    @cached_property
    def _hand_back(self) -> "HandBackTasks":
        from chalicelib.services.tasks.work_as_executor import HandBackTasks

        return HandBackTasks(self.stores.tasks, self.clock)

    @property
    def _terms(self) -> "Terms":
        from chalicelib.domain.registry.presence import Terms

        return Terms(self.settings.stale_s, self.settings.removal_s)
