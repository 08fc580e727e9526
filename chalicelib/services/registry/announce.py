"""An executor says that it is there, what it can do at a time, and which models it has.

The executor's own item is the commit: the catalogue is kept before it, the rows by model are written after it. Whatever a crash
leaves between these does no harm, and the same announcement again mends it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from benchfleet_contract.registry import limits
from benchfleet_contract.registry.codes import RegistryCode
from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import AnnounceReply, AnnounceRequest

from chalicelib.domain.ports import Clock
from chalicelib.domain.registry.errors import Detail, Duplicate, Malformed, NotOwner, RegistryFull, TooOften
from chalicelib.domain.registry.ports import Catalogs, ExecutorRefused, Executors, RegistryLog
from chalicelib.domain.registry.presence import Presence, Terms, interval_ms, next_generation, presence
from chalicelib.domain.registry.records import Catalog, Event, Executor, ExecutorState, Tombstone
from chalicelib.services.registry.who import Caller, check_time, lease_of, seconds

_RACES = 5
FULL_RETRY_S = 60


@dataclass(frozen=True)
class Announced:
    reply: AnnounceReply
    is_new: bool


@dataclass(frozen=True)
class Announce:
    executors: Executors
    catalogs: Catalogs
    log: RegistryLog
    clock: Clock
    new_id: Callable[[], str]
    hand_back: Callable[[frozenset[str]], object]
    terms: Terms = field(default_factory=Terms)
    most_executors: int = limits.MAX_EXECUTORS
    most_models: int = limits.MAX_MODELS

    def __call__(self, request: AnnounceRequest, caller: Caller) -> Announced:
        """All or nothing. Raises Malformed, NotOwner, Duplicate, RegistryFull, TooOften."""
        now_ms = self.clock()
        check_request(request, now_ms)
        check_models(request.models, most=self.most_models)
        models = catalog(request.models, labels=request.labels, endpoint=request.endpoint)
        executor_id = request.executor_id or self.new_id()
        if not self.log.allow(executor_id, "announce", a_minute=limits.ANNOUNCEMENTS_A_MINUTE, now_ms=now_ms):
            raise TooOften(f"{executor_id} announces itself too often", retry_after_s=60)
        for _ in range(_RACES):
            previous, tombstone = self._before(executor_id)
            self._check(request, caller, previous, tombstone, now_ms)
            executor = self._executor(request, executor_id, caller, models, previous, tombstone, now_ms)
            self.catalogs.keep(executor, models)
            with suppress(ExecutorRefused):
                return self._committed(executor, models, previous, now_ms)
        raise Duplicate(f"Several processes announce {executor_id} at once: give each an executor_id of its own")

    def _before(self, executor_id: str) -> tuple[Executor | None, Tombstone | None]:
        executor = self.executors.get(executor_id)
        return executor, None if executor else self.executors.tombstone(executor_id)

    def _check(
        self,
        request: AnnounceRequest,
        caller: Caller,
        previous: Executor | None,
        tombstone: Tombstone | None,
        now_ms: int,
    ) -> None:
        owner = previous.principal if previous else tombstone.principal if tombstone else None
        known = previous or tombstone
        if known and owner not in (None, caller.principal) and not caller.is_admin:
            raise NotOwner(known.executor_id)
        other = previous is not None and previous.instance_id != request.instance_id
        if previous and other and not request.takeover and presence(previous, now_ms) is Presence.LIVE:
            raise Duplicate(f"{previous.executor_id} is held by another process; stop it, or send takeover: true")

    def _executor(
        self,
        request: AnnounceRequest,
        executor_id: str,
        caller: Caller,
        catalog: Catalog,
        previous: Executor | None,
        tombstone: Tombstone | None,
        now_ms: int,
    ) -> Executor:
        period_ms = interval_ms(request.heartbeat_interval_s)
        stale_ms, silence_ms = self.terms.granted(period_ms)
        same = _is_same(previous, request, now_ms)
        last = previous.generation if previous else tombstone.generation if tombstone else None
        owner = previous.principal if previous and caller.is_admin else None
        return Executor(
            executor_id=executor_id,
            principal=owner or caller.principal,
            instance_id=request.instance_id,
            generation=previous.generation if previous and same else next_generation(last, now_ms),
            interval_ms=period_ms,
            stale_ms=stale_ms,
            silence_ms=silence_ms,
            announced_ms=now_ms,
            last_seen_ms=now_ms,
            lease_expires_ms=now_ms + stale_ms,
            removal_ms=now_ms + silence_ms,
            capacity=request.capacity,
            held=previous.held if previous and same else frozenset(),
            exclusive=previous.exclusive if previous and same else None,
            state=previous.state if previous and same else ExecutorState.SERVING,
            marks=catalog.marks,
            catalog=catalog.digest,
            catalog_version=previous.catalog_version + (previous.catalog != catalog.digest) if previous and same else 1,
            sequence=previous.sequence if previous and same else -1,
            reliability=previous.reliability if previous else (0, 0),
        )

    def _committed(self, executor: Executor, catalog: Catalog, previous: Executor | None, now_ms: int) -> Announced:
        """Raises ExecutorRefused where another process was faster."""
        if previous is None and not self.log.admit(most=self.most_executors):
            words = f"The registry has {self.most_executors} executors: remove some, or raise MAX_EXECUTORS"
            raise RegistryFull(words, retry_after_s=FULL_RETRY_S)
        self.executors.register(executor, previous=previous)
        if previous and previous.generation != executor.generation:
            self.hand_back(previous.held)
        self.catalogs.index(executor, catalog, catalog.descriptors)
        self._clean(executor, catalog, previous)
        revision = self._tell(executor, catalog, previous, now_ms)
        reply = AnnounceReply(
            executor_id=executor.executor_id,
            generation=executor.generation,
            catalog_version=executor.catalog_version,
            accepted_models=len(catalog.descriptors),
            lease=lease_of(executor),
            server_time=seconds(now_ms),
            registry_revision=revision,
        )
        return Announced(reply, is_new=previous is None)

    def _clean(self, executor: Executor, catalog: Catalog, previous: Executor | None) -> None:
        """Rows of models that it has no more: only hints, but also what the next reader has to look through."""
        if previous is None or previous.catalog is None or previous.catalog == catalog.digest:
            return
        before = self.catalogs.get(executor.executor_id, previous.catalog)
        if before:
            self.catalogs.unindex(executor, before.descriptors.keys() - catalog.descriptors.keys())
        self.catalogs.forget(executor, previous.catalog)

    def _tell(self, executor: Executor, catalog: Catalog, previous: Executor | None, now_ms: int) -> int:
        detail = {"models": len(catalog.descriptors), "instance_id": executor.instance_id}
        if previous and previous.generation == executor.generation and previous.catalog == catalog.digest:
            return self.log.counts().revision
        if previous and previous.instance_id != executor.instance_id and presence(previous, now_ms) is Presence.LIVE:
            fenced = {"by": executor.instance_id, "generation": previous.generation}
            self.log.note(Event(executor.executor_id, now_ms, "fenced", previous.generation, fenced), changes=False)
        event = Event(executor.executor_id, now_ms, "announced", executor.generation, detail)
        return self.log.note(event, changes=True) or 0


def _is_same(previous: Executor | None, request: AnnounceRequest, now_ms: int) -> bool:
    """Is this a repeat by the process that holds the lease?"""
    if previous is None or previous.instance_id != request.instance_id:
        return False
    return presence(previous, now_ms) is not Presence.GONE


def check_request(request: AnnounceRequest, now_ms: int) -> None:
    """Raises Malformed (3001, 1003)."""
    if request.protocol_version != limits.PROTOCOL_VERSION:
        words = (
            f"protocol_version {request.protocol_version} is not known; this server speaks {limits.PROTOCOL_VERSION}"
        )
        raise Malformed(words, number=RegistryCode.INVALID_PROTOCOL_VERSION)
    check_time(request.timestamp, now_ms)


def check_models(models: Sequence[ModelDescriptor], *, most: int) -> None:
    """Raises Malformed: too many (2005), or one model twice (3002, with each place)."""
    if len(models) > most:
        words = f"An executor may have {most} models, this has {len(models)}"
        raise Malformed(words, number=RegistryCode.MODEL_LIMIT_EXCEEDED)
    ids = [model.model_id for model in models]
    places = [index for index, model_id in enumerate(ids) if model_id in ids[:index]]
    if places:
        details = tuple(Detail(f"models[{index}].model_id", "is there twice", index) for index in places)
        raise Malformed("A model is there twice", details=details)


def catalog(models: Iterable[ModelDescriptor], *, labels: Mapping[str, str], endpoint: str | None) -> Catalog:
    """By id, whatever order they come in."""
    by_id = {model.model_id: model for model in models}
    document = [[by_id[name].model_dump(mode="json") for name in sorted(by_id)], dict(labels), endpoint]
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:22]
    return Catalog({name: by_id[name] for name in sorted(by_id)}, digest, labels, endpoint)
