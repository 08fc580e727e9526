"""What happened in the registry, and its counters: the answers to `domain/registry/ports.RegistryLog`."""

import itertools
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from chalicelib.domain.registry.ports import RegistryCounts
from chalicelib.domain.registry.records import Event
from chalicelib.store import keys
from chalicelib.store.expressions import Raw, Write
from chalicelib.store.registry.items import event_item, event_of, feed_item
from chalicelib.store.table import ConditionFailed, Table

_MINUTE_MS = 60_000


class RegistryLogStore:
    """Events of one millisecond are told apart, and kept in order, by their number in this process and `new_number`."""

    def __init__(self, table: Table, *, new_number: Callable[[], str] = lambda: secrets.token_hex(2)) -> None:
        self._table, self._new_number, self._told = table, new_number, itertools.count()

    def counts(self) -> RegistryCounts:
        item = self._table.get(keys.REGISTRY, keys.COUNTS) or {}
        return RegistryCounts(
            item.get("executors", 0),
            item.get("revision", 0),
            item.get("swept_ms"),
            item.get("guarded_ms"),
            item.get("since_ms"),
        )

    def admit(self, *, most: int) -> bool:
        """One executor more, where there is room."""
        condition = "attribute_not_exists(#executors) OR #executors < :most"
        try:
            self._table.update(_counts(condition, adds={"executors": 1}, values={":most": most}))
        except ConditionFailed:
            return False
        return True

    def recount(self, executors: int, seen: int) -> None:
        """What a sweep counted, where nobody has come or gone since."""
        with suppress(ConditionFailed):
            self._table.update(_counts("#executors = :seen", {"executors": executors}, values={":seen": seen}))

    def note(self, event: Event, *, changes: bool) -> int | None:
        """Keeps it; with `changes` also as the next revision of who is there, which it returns."""
        self._table.put(event_item(event, f"{next(self._told):06d}{self._new_number()}"))
        if not changes:
            return None
        leaves = event.type in ("removed", "expired")
        item = self._table.update(
            _counts(
                "attribute_not_exists(#pk) OR attribute_exists(#pk)",
                {"since_ms": Raw("if_not_exists(#since_ms, :now)")},
                adds={"revision": 1} | ({"executors": -1} if leaves else {}),
                values={":now": event.at_ms},
            )
        )
        self._table.put(feed_item(event, item["revision"]))
        return int(item["revision"])

    def of(self, executor_id: str, *, limit: int, before: str | None) -> tuple[list[Event], str | None]:
        """An executor's events, the latest first, and the cursor of the next page."""
        values: dict[str, Any] = {":pk": keys.executor_pk(executor_id), ":from": keys.EVENT_PREFIX}
        values[":to"] = before or keys.EVENT_PREFIX + "~"
        condition = "#pk = :pk AND #sk BETWEEN :from AND :to"
        items, _ = self._table.query(condition, values, limit=limit + 2, ScanIndexForward=False)
        found = [item for item in items if item["sk"] != before]
        cursor = found[limit - 1]["sk"] if len(found) > limit else None
        return [event_of(item) for item in found[:limit]], cursor

    def since(self, revision: int, *, limit: int) -> list[Event]:
        """Changes of who is there after a revision, in their order."""
        values = {":pk": keys.REGISTRY, ":from": keys.revision_sk(revision + 1), ":to": keys.EVENT_PREFIX + "~"}
        items, _ = self._table.query("#pk = :pk AND #sk BETWEEN :from AND :to", values, limit=limit)
        return [event_of(item) for item in items]

    def swept(self, *, now_ms: int, guarded_until_ms: int | None) -> None:
        sets = {"swept_ms": now_ms, "guarded_ms": guarded_until_ms}
        self._table.update(_counts("attribute_not_exists(#pk) OR attribute_exists(#pk)", sets))

    def allow(self, executor_id: str, what: str, *, a_minute: int, now_ms: int) -> bool:
        """Counts one more `what` of this executor, unless it had its share of this minute."""
        minute = now_ms // _MINUTE_MS
        sets = {"minute": minute, "expires_s": (now_ms // 1000) + 3_600}
        where = (keys.executor_pk(executor_id), f"RATE#{what}")
        values: dict[str, Any] = {":minute": minute}
        with suppress(ConditionFailed):
            write = Write(*where, "attribute_not_exists(#pk) OR #minute < :minute", sets | {"count": 1}, values=values)
            self._table.update(write)
            return True
        with suppress(ConditionFailed):
            write = Write(*where, "#count < :most", dict(sets), adds={"count": 1}, values={":most": a_minute})
            self._table.update(write)
            return True
        return False


def _counts(
    condition: str,
    sets: dict[str, Any] | None = None,
    *,
    adds: Mapping[str, int] | None = None,
    values: dict[str, Any] | None = None,
) -> Write:
    return Write(keys.REGISTRY, keys.COUNTS, condition, sets or {}, adds or {}, values=values or {})
