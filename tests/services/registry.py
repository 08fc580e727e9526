"""The registry's services over a table in this process, with time moved by hand."""

import itertools
import random
from collections.abc import Sequence
from typing import Any

from benchfleet_contract.registry.executors import (
    AnnounceReply,
    AnnounceRequest,
    CatalogReply,
    ExecutorHeartbeat,
    ExecutorHeartbeatReply,
    ReplaceModels,
    UpdateModels,
)

from chalicelib.services.registry.announce import Announce, Announced
from chalicelib.services.registry.change_models import ChangeModels
from chalicelib.services.registry.discover_models import DiscoverModels
from chalicelib.services.registry.heartbeat import Heartbeat
from chalicelib.services.registry.leave import Leave
from chalicelib.services.registry.read_executors import ReadExecutors
from chalicelib.services.registry.select_executor import SelectExecutor
from chalicelib.services.registry.sweep_executors import SweepExecutors
from chalicelib.services.registry.who import Caller
from chalicelib.services.tasks.work_as_executor import HandBackTasks
from chalicelib.store.registry.catalogs import CatalogStore
from chalicelib.store.registry.executors import ExecutorStore
from chalicelib.store.registry.log import RegistryLogStore
from chalicelib.store.registry.reservations import ReservationStore
from chalicelib.store.table import Table
from chalicelib.store.tasks import TaskStore
from tests.contract.system import HandClock
from tests.unit.registry_records import a_model

OWNER = Caller("key-of-owner")
STRANGER = Caller("key-of-stranger")
ADMIN = Caller("key-of-admin", is_admin=True)


class Registry:
    """Everything around one table. `connect` builds it anew, as a fresh process does, over another client of it."""

    def __init__(self, table: Table, *, most_executors: int = 1_000) -> None:
        self.clock, self.ids, self.most_executors = HandClock(), itertools.count(1), most_executors
        self.connect(table)

    def connect(self, table: Table) -> None:
        self.executors, self.catalogs = ExecutorStore(table), CatalogStore(table)
        self.log, self.reservations = RegistryLogStore(table), ReservationStore(table)
        clock, back = self.clock, HandBackTasks(TaskStore(table), self.clock)
        new_id = lambda: f"id-{next(self.ids)}"  # noqa: E731
        self.announcing = Announce(
            self.executors, self.catalogs, self.log, clock, new_id, back, most_executors=self.most_executors
        )
        self.heartbeats = Heartbeat(self.executors, self.log, clock)
        self.changes = ChangeModels(self.executors, self.catalogs, self.log, clock)
        self.leave = Leave(self.executors, self.catalogs, self.log, back, clock)
        self.sweep = SweepExecutors(self.executors, self.log, self.reservations, self.leave, back, clock)
        self.read = ReadExecutors(self.executors, self.catalogs, self.log, clock)
        self.discover = DiscoverModels(self.executors, self.catalogs, self.log, clock, random.Random(1).randrange)
        self.select = SelectExecutor(self.executors, self.reservations, self.discover, clock, new_id)

    def announced(
        self, executor_id: str | None = "host-a", models: Sequence[dict[str, Any] | str] = ("gpt-4",), *,
        caller: Caller = OWNER, instance_id: str = "process-1", **more: Any,
    ) -> Announced:  # fmt: skip
        sent = [a_model(one) if isinstance(one, str) else one for one in models]
        body = {"executor_id": executor_id, "instance_id": instance_id, "models": sent, **more}
        return self.announcing(AnnounceRequest.model_validate(body), caller)

    def announce(self, *args: Any, **more: Any) -> AnnounceReply:
        return self.announced(*args, **more).reply

    def beat(
        self,
        reply: AnnounceReply,
        sequence: int,
        *,
        caller: Caller = OWNER,
        load: dict[str, Any] | None = None,
        **more: Any,
    ) -> ExecutorHeartbeatReply:
        body = {"generation": reply.generation, "sequence": sequence, "load": load or {}, **more}
        return self.heartbeats(reply.executor_id, ExecutorHeartbeat.model_validate(body), caller)

    def replace(
        self, reply: AnnounceReply, sequence: int, *models: dict[str, Any] | str, caller: Caller = OWNER
    ) -> CatalogReply:
        sent = [a_model(one) if isinstance(one, str) else one for one in models]
        body = {"generation": reply.generation, "sequence": sequence, "models": sent}
        return self.changes.replace(reply.executor_id, ReplaceModels.model_validate(body), caller)

    def update(
        self, reply: AnnounceReply, sequence: int, kind: str, *models: dict[str, Any] | str, caller: Caller = OWNER
    ) -> CatalogReply:
        updates = [
            {"model_id": one} if isinstance(one, str) else {"model_id": one["model_id"], "descriptor": one}
            for one in models
        ]
        body = {"generation": reply.generation, "sequence": sequence, "update_type": kind, "updates": updates}
        return self.changes.update(reply.executor_id, UpdateModels.model_validate(body), caller)

    def events(self, executor_id: str = "host-a") -> list[str]:
        """Their types, the first one first."""
        return [event.type for event in reversed(self.read.events(executor_id, limit=100, cursor=None).events)]
