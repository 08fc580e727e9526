"""An executor's models change: all of them at once, or some of them in one of five ways."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.registry import limits
from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import CatalogReply, ModelChange, ReplaceModels, UpdateModels, UpdateType

from chalicelib.domain.ports import Clock
from chalicelib.domain.registry.errors import Detail, Fenced, Malformed, ModelNotFound, Replayed, TooOften
from chalicelib.domain.registry.ports import Catalogs, ExecutorRefused, Executors, RegistryLog
from chalicelib.domain.registry.records import Catalog, Event, Executor, mark_of
from chalicelib.services.registry.announce import catalog, check_models
from chalicelib.services.registry.who import Caller, absent, check_time, own

Models = Mapping[str, ModelDescriptor]
_RACES = 5


@dataclass(frozen=True)
class ChangeModels:
    executors: Executors
    catalogs: Catalogs
    log: RegistryLog
    clock: Clock
    most_models: int = limits.MAX_MODELS

    def replace(self, executor_id: str, request: ReplaceModels, caller: Caller) -> CatalogReply:
        """Raises Malformed, ExecutorNotFound, Gone, NotOwner, Fenced, Replayed, TooOften."""
        check_models(request.models, most=self.most_models)
        wanted = {model.model_id: model for model in request.models}
        return self._changed(executor_id, request, caller, lambda _before: wanted)

    def update(self, executor_id: str, request: UpdateModels, caller: Caller) -> CatalogReply:
        """As `replace`, and ModelNotFound for a model that it has not."""
        check_descriptors(request)
        return self._changed(
            executor_id, request, caller, lambda before: updated(before, request, most=self.most_models)
        )

    def _changed(
        self,
        executor_id: str,
        request: ReplaceModels | UpdateModels,
        caller: Caller,
        change: Callable[[Models], Models],
    ) -> CatalogReply:
        now_ms = self.clock()
        check_time(request.timestamp, now_ms)
        digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()[:22]
        if not self.log.allow(executor_id, "update", a_minute=limits.UPDATES_A_MINUTE, now_ms=now_ms):
            raise TooOften(f"{executor_id} changes its models too often", retry_after_s=60)
        for _ in range(_RACES):
            executor = own(self.executors, executor_id, request.generation, caller, now_ms)
            before = self._catalog(executor)
            if request.sequence <= executor.catalog_sequence:
                return self._again(executor, before, request.sequence, digest)
            models = change(before.descriptors).values()
            after = catalog(models, labels=before.labels, endpoint=before.endpoint)
            try:
                return self._committed(executor, before, after, request, digest, now_ms)
            except ExecutorRefused as refused:
                if refused.executor is None:
                    raise absent(self.executors, executor_id) from None
                if refused.executor.generation != request.generation:
                    raise Fenced(executor_id, refused.executor.generation) from None
        raise TooOften(f"{executor_id} changes its models several times at once", retry_after_s=1)

    def _catalog(self, executor: Executor) -> Catalog:
        found = self.catalogs.get(executor.executor_id, executor.catalog) if executor.catalog else None
        return found or Catalog({}, "")

    def _again(self, executor: Executor, kept: Catalog, sequence: int, digest: str) -> CatalogReply:
        """The last change once more is answered as it was; the hints are written again, since a crash may have lost them."""
        if sequence < executor.catalog_sequence or digest != executor.catalog_change:
            words = f"sequence {sequence} was used; the last one is {executor.catalog_sequence}, each change needs a higher one"
            raise Replayed(words)
        self.catalogs.index(executor, kept, kept.descriptors)
        return CatalogReply(catalog_version=executor.catalog_version, added=[], removed=[], changed=[])

    def _committed(
        self,
        previous: Executor,
        before: Catalog,
        after: Catalog,
        request: ReplaceModels | UpdateModels,
        digest: str,
        now_ms: int,
    ) -> CatalogReply:
        executor = previous.evolve(
            catalog=after.digest,
            catalog_version=previous.catalog_version + 1,
            marks=after.marks,
            absent=_still_absent(previous, before, after),
            catalog_sequence=request.sequence,
            catalog_change=digest,
            last_seen_ms=now_ms,
            lease_expires_ms=now_ms + previous.stale_ms,
            removal_ms=now_ms + previous.silence_ms,
        )
        self.catalogs.keep(executor, after)
        self.executors.change_catalog(executor, previous=previous)
        reply = _difference(before.descriptors, after.descriptors, executor.catalog_version)
        self.catalogs.index(executor, after, reply.added + reply.changed)
        self.catalogs.unindex(executor, reply.removed)
        if before.digest and before.digest != after.digest:
            self.catalogs.forget(executor, before.digest)
        detail = {"added": reply.added, "removed": reply.removed, "changed": reply.changed}
        self.log.note(Event(executor.executor_id, now_ms, "updated", executor.generation, detail), changes=True)
        return reply


def check_descriptors(request: UpdateModels) -> None:
    """Raises Malformed with every update that lacks a descriptor, or has one of another model."""
    details: list[Detail] = []
    for index, one in enumerate(request.updates):
        where = f"updates[{index}].descriptor"
        if one.descriptor is None and request.update_type != "RemoveModels":
            details.append(Detail(where, f"is needed for {request.update_type}", index))
        elif one.descriptor and one.descriptor.model_id != one.model_id:
            details.append(Detail(f"{where}.model_id", f"must be {one.model_id}", index))
    if details:
        raise Malformed("An update is not whole", details=tuple(details))


def updated(before: Models, request: UpdateModels, *, most: int) -> Models:
    """Raises ModelNotFound for an update of a model that is not there; Malformed (2005) for too many."""
    kind, after = request.update_type, dict(before)
    missing = [one.model_id for one in request.updates if one.model_id not in before]
    if missing and kind not in ("AddModels", "RemoveModels"):
        raise ModelNotFound(f"It has no {', '.join(missing)}: add it first")
    for one in request.updates:
        if kind == "RemoveModels":
            after.pop(one.model_id, None)
        else:
            after[one.model_id] = _merged(kind, before.get(one.model_id), one)
    check_models(list(after.values()), most=most)
    return after


def _merged(kind: UpdateType, old: ModelDescriptor | None, change: ModelChange) -> ModelDescriptor:
    """Of the new descriptor only the part that the update's type names."""
    new = change.descriptor
    assert new is not None  # check_descriptors
    if old is None or kind == "AddModels":
        return new
    parts: dict[str, dict[str, Any]] = {
        "UpdateCapabilities": {"capabilities": new.capabilities},
        "UpdatePricing": {"pricing": new.pricing},
        "UpdateAvailability": {"is_available": new.is_available, "state": new.state},
    }
    return old.model_copy(update=parts[kind])


def _difference(before: Models, after: Models, version: int) -> CatalogReply:
    return CatalogReply(
        catalog_version=version,
        added=sorted(after.keys() - before.keys()),
        removed=sorted(before.keys() - after.keys()),
        changed=sorted(name for name in before.keys() & after.keys() if before[name] != after[name]),
    )


def _still_absent(executor: Executor, before: Catalog, after: Catalog) -> frozenset[str]:
    """What heartbeats said of availability, but of models whose catalogue now says otherwise."""
    renewed = {name for name, one in after.descriptors.items() if before.descriptors.get(name) != one}
    return (executor.absent & after.marks) - frozenset(map(mark_of, renewed))
