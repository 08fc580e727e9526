"""Record ↔ item of the registry. Numbers with a point, and prices of 78 digits, are kept as JSON text."""

import json
import zlib
from typing import Any

from benchfleet_contract.registry.descriptors import ModelDescriptor, descriptor_digest
from benchfleet_contract.registry.executors import Capacity, Command, Load
from benchfleet_contract.registry.limits import EVENTS_KEPT_DAYS, ROWS_KEPT_DAYS

from chalicelib.domain.registry.records import (
    Catalog,
    Event,
    Executor,
    ExecutorState,
    Reservation,
    Row,
    Tombstone,
)
from chalicelib.store import keys
from chalicelib.store.items import Item

_DAY_S = 86_400
MAX_LOAD_CHARS = 240  # of its JSON, kept with the executor: what is more of it is only told on
_SAME = (
    "executor_id", "principal", "instance_id", "generation", "interval_ms", "stale_ms", "silence_ms", "announced_ms",
    "last_seen_ms", "lease_expires_ms", "removal_ms", "exclusive", "catalog", "catalog_version", "sequence",
    "catalog_sequence", "catalog_change", "progress", "progress_ms", "noted",
)  # fmt: skip


def executor_item(executor: Executor) -> Item:
    succeeded, ended = executor.reliability
    return {name: getattr(executor, name) for name in _SAME} | {
        "pk": keys.EXECUTORS, "sk": executor.executor_id, "state": str(executor.state),
        "max_concurrent": executor.capacity.max_concurrent, "max_queue": executor.capacity.max_queue,
        "load": load_text(executor.load), "held": executor.held or None, "overloaded": executor.overloaded or None,
        "marks": executor.marks or None, "absent": executor.absent or None, "succeeded": succeeded, "ended": ended,
        "commands": commands_text(executor.commands), "expires_s": expires_s(executor.removal_ms, ROWS_KEPT_DAYS),
    }  # fmt: skip


def executor_of(item: Item) -> Executor:
    same: Any = {name: item.get(name) for name in _SAME}
    nothing: frozenset[str] = frozenset()
    return Executor(
        **same,
        state=ExecutorState(item["state"]),
        capacity=Capacity(max_concurrent=item["max_concurrent"], max_queue=item["max_queue"]),
        load=load_of(item.get("load")),
        held=item.get("held", nothing),
        overloaded=item.get("overloaded", False),
        marks=item.get("marks", nothing),
        absent=item.get("absent", nothing),
        reliability=(item.get("succeeded", 0), item.get("ended", 0)),
        commands=tuple(Command.model_validate(one) for one in json.loads(item.get("commands", "[]"))),
    )


def load_text(load: Load) -> str | None:
    """What differs from nothing at all; what single models do is left out where it is too much to be written each time."""
    document = load.model_dump(mode="json", exclude_defaults=True)
    if len(text := json.dumps(document, separators=(",", ":"))) > MAX_LOAD_CHARS:
        document.pop("models", None)
        text = json.dumps(document, separators=(",", ":"))
    return text if document else None


def load_of(text: str | None) -> Load:
    return Load.model_validate_json(text) if text else Load()


def commands_text(commands: tuple[Command, ...]) -> str | None:
    return json.dumps([one.model_dump(exclude_none=True) for one in commands]) if commands else None


def tombstone_item(tombstone: Tombstone) -> Item:
    return {
        "pk": keys.GONE, "sk": tombstone.executor_id, "principal": tombstone.principal, "why": tombstone.why,
        "generation": tombstone.generation, "ended_ms": tombstone.ended_ms,
        "expires_s": expires_s(tombstone.ended_ms, ROWS_KEPT_DAYS),
    }  # fmt: skip


def tombstone_of(item: Item) -> Tombstone:
    return Tombstone(item["sk"], item.get("principal"), item["generation"], item["ended_ms"], item["why"])


def catalog_item(executor: Executor, catalog: Catalog) -> Item:
    models = [one.model_dump(mode="json", exclude_defaults=True) for one in catalog.descriptors.values()]
    packed = zlib.compress(json.dumps(models).encode())
    return {
        "pk": keys.executor_pk(executor.executor_id), "sk": keys.catalog_sk(catalog.digest), "models": packed,
        "generation": executor.generation, "version": executor.catalog_version,
        "labels": dict(catalog.labels), "endpoint": catalog.endpoint,
    }  # fmt: skip


def catalog_of(item: Item) -> Catalog:
    models = [ModelDescriptor.model_validate(one) for one in json.loads(zlib.decompress(item["models"]))]
    by_id = {one.model_id: one for one in models}
    return Catalog(by_id, item["sk"].partition("#")[2], item["labels"], item.get("endpoint"))


def row_item(executor: Executor, descriptor: ModelDescriptor, endpoint: str | None) -> Item:
    return {
        "pk": keys.model_pk(descriptor.model_id), "sk": executor.executor_id, "generation": executor.generation,
        "version": executor.catalog_version, "digest": descriptor_digest(descriptor),
        "descriptor": descriptor.model_dump_json(exclude_defaults=True), "endpoint": endpoint,
        "expires_s": expires_s(executor.removal_ms, EVENTS_KEPT_DAYS),
    }  # fmt: skip


def row_of(item: Item) -> Row:
    descriptor = ModelDescriptor.model_validate_json(item["descriptor"])
    return Row(item["sk"], item["generation"], descriptor, item["digest"], item.get("endpoint"))


def event_item(event: Event, number: str) -> Item:
    """Of the executor's own list."""
    return _event(event) | {"pk": keys.executor_pk(event.executor_id), "sk": keys.event_sk(event.at_ms, number)}


def feed_item(event: Event, revision: int) -> Item:
    """Of the list of all changes of who is there."""
    return _event(event) | {"pk": keys.REGISTRY, "sk": keys.revision_sk(revision), "revision": revision}


def _event(event: Event) -> Item:
    return {
        "executor_id": event.executor_id, "at_ms": event.at_ms, "type": event.type, "generation": event.generation,
        "revision": event.revision, "detail": json.dumps(dict(event.detail)) if event.detail else None,
        "expires_s": expires_s(event.at_ms, EVENTS_KEPT_DAYS),
    }  # fmt: skip


def event_of(item: Item) -> Event:
    detail: dict[str, Any] = json.loads(item.get("detail", "{}"))
    return Event(item["executor_id"], item["at_ms"], item["type"], item["generation"], detail, item.get("revision"))


def reservation_item(reservation: Reservation) -> Item:
    return {
        "pk": keys.RESERVED, "sk": reservation.reservation_id, "executor_id": reservation.executor_id,
        "generation": reservation.generation, "marks": reservation.marks, "exclusive": reservation.exclusive or None,
        "expires_ms": reservation.expires_ms, "expires_s": expires_s(reservation.expires_ms, ROWS_KEPT_DAYS),
    }  # fmt: skip


def reservation_of(item: Item) -> Reservation:
    return Reservation(
        item["sk"],
        item["executor_id"],
        item["generation"],
        item["marks"],
        item.get("exclusive", False),
        item["expires_ms"],
    )


def expires_s(at_ms: int, days: int) -> int:
    """The table's time to live: it collects garbage, whenever that is. Nothing is decided by it."""
    return at_ms // 1000 + days * _DAY_S
