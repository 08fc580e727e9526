"""Executors as people see them: a list, one in full, what happened, how many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchfleet_contract.registry import limits
from benchfleet_contract.registry.descriptors import descriptor_digest
from benchfleet_contract.registry.executors import (
    EventList,
    ExecutorDetail,
    ExecutorEntry,
    ExecutorEvent,
    ExecutorList,
    ExecutorStatus,
    Reliability,
)
from benchfleet_contract.registry.models import RegistryStats

from chalicelib.domain.ports import Clock
from chalicelib.domain.registry.filtering import reliability
from chalicelib.domain.registry.ports import Catalogs, Executors, RegistryLog
from chalicelib.domain.registry.presence import Presence, is_stuck, presence
from chalicelib.domain.registry.pressure import active, free_slots, pressure, status, utilization
from chalicelib.domain.registry.records import Catalog, Event, Executor, Offer
from chalicelib.services.registry.who import lease_of, present, seconds

_LAST_EVENTS = 20


@dataclass(frozen=True)
class ReadExecutors:
    executors: Executors
    catalogs: Catalogs
    log: RegistryLog
    clock: Clock

    def page(
        self,
        *,
        wanted: Callable[[ExecutorEntry], bool] = lambda _entry: True,
        limit: int = limits.LIST_LIMIT,
        cursor: str | None = None,
    ) -> ExecutorList:
        """Those that are live or stale, by id. `cursor` is the last id of the page before."""
        now_ms = self.clock()
        found = [one for one in self.executors.all() if presence(one, now_ms) is not Presence.GONE]
        catalogs = catalogs_of(self.catalogs, found)
        entries = [entry(one, now_ms, catalogs.get(one.executor_id)) for one in found]
        fitting = sorted(filter(wanted, entries), key=lambda one: one.executor_id)
        page = [one for one in fitting if cursor is None or one.executor_id > cursor]
        more = page[limit - 1].executor_id if len(page) > limit else None
        return ExecutorList(
            executors=page[:limit], total_count=len(fitting), next_cursor=more, server_time=seconds(now_ms)
        )

    def show(self, executor_id: str) -> ExecutorDetail:
        """Raises ExecutorNotFound, Gone."""
        now_ms = self.clock()
        one = present(self.executors, executor_id, now_ms)
        catalog = catalogs_of(self.catalogs, [one]).get(executor_id) or Catalog({}, "")
        events, _ = self.log.of(executor_id, limit=_LAST_EVENTS, before=None)
        return ExecutorDetail(
            executor=entry(one, now_ms, catalog),
            instance_id=one.instance_id,
            catalog_version=one.catalog_version,
            sequence=one.sequence,
            models=list(catalog.descriptors.values()),
            descriptor_digests={name: descriptor_digest(model) for name, model in catalog.descriptors.items()},
            load=one.load,
            lease=lease_of(one),
            events=list(map(told, events)),
            server_time=seconds(now_ms),
        )

    def events(self, executor_id: str, *, limit: int, cursor: str | None) -> EventList:
        """The latest first; also of one that is gone."""
        events, more = self.log.of(executor_id, limit=limit, before=cursor)
        return EventList(events=list(map(told, events)), next_cursor=more)

    def feed(self, revision: int, *, limit: int = limits.LIST_LIMIT) -> EventList:
        """Changes of who is there since a revision, in their order; at once, whether there are any or not."""
        events = self.log.since(revision, limit=limit)
        return EventList(events=list(map(told, events)), registry_revision=self.log.counts().revision)

    def stats(self) -> RegistryStats:
        now_ms, counts = self.clock(), self.log.counts()
        found = [one for one in self.executors.all() if presence(one, now_ms) is not Presence.GONE]
        words = [status(one, now_ms) for one in found]
        models = {mark for one in found if presence(one, now_ms) is Presence.LIVE for mark in one.marks}
        since_ms = counts.since_ms or now_ms
        return RegistryStats(
            total_executors=len(found),
            total_models=len(models),
            connected_executors=sum(presence(one, now_ms) is Presence.LIVE for one in found),
            stale_executors=sum(presence(one, now_ms) is Presence.STALE for one in found),
            overloaded_executors=words.count("overloaded"),
            draining_executors=words.count("draining"),
            total_requests=sum(one.load.requests_total or 0 for one in found),
            uptime=seconds(now_ms - since_ms),
            last_reset=seconds(since_ms),
            registry_revision=counts.revision,
            server_time=seconds(now_ms),
        )


def catalogs_of(catalogs: Catalogs, executors: Sequence[Executor]) -> Mapping[str, Catalog]:
    """By executor; what a crash or a race took away is left out."""
    wanted = [(one.executor_id, one.catalog) for one in executors if one.catalog]
    return {executor_id: catalog for (executor_id, _), catalog in catalogs.of(wanted).items()}


def entry(one: Executor, now_ms: int, catalog: Catalog | None) -> ExecutorEntry:
    succeeded, ended = one.reliability
    score = reliability(one)
    return ExecutorEntry(
        executor_id=one.executor_id,
        generation=one.generation,
        status=_status(one, now_ms, catalog),
        pressure=pressure(one),
        is_connected=presence(one, now_ms) is Presence.LIVE,
        stuck=is_stuck(one, now_ms),
        last_seen=seconds(one.last_seen_ms),
        load_age_s=seconds(max(0, now_ms - one.last_seen_ms)),
        utilization=utilization(one),
        active=active(one),
        queued=one.load.queued,
        free_slots=free_slots(one),
        capacity=one.capacity,
        labels=dict(catalog.labels) if catalog else {},
        model_ids=list(catalog.descriptors) if catalog else [],
        reliability=None if score is None else Reliability(total=ended, succeeded=succeeded, score=score),
        endpoint=catalog.endpoint if catalog else None,
    )


def _status(one: Executor, now_ms: int, catalog: Catalog | None) -> ExecutorStatus:
    """Unavailable where none of its models is available; an executor without models may still run tasks."""
    offers = [Offer(one, model, "") for model in catalog.descriptors.values()] if catalog else []
    return status(one, now_ms, is_available=not offers or any(offer.is_available for offer in offers))


def told(event: Event) -> ExecutorEvent:
    return ExecutorEvent(
        at=seconds(event.at_ms),
        type=event.type,
        executor_id=event.executor_id,
        generation=event.generation,
        revision=event.revision,
        detail=dict(event.detail),
    )
