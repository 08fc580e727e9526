"""Schedules, their firings and the bodies of their runs in the table: the answers to `domain/schedule_ports.py`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from chalicelib.domain.schedule_ports import Schedules
from chalicelib.domain.scheduling import Firing, FiringState, Schedule, ScheduleState, Target
from chalicelib.store import keys
from chalicelib.store.expressions import Raw, Write
from chalicelib.store.items import Item
from chalicelib.store.table import ConditionFailed, Table

TOKEN_KEPT_S = 86_400
_SAME = "#created_ms = :created_ms AND "
_SCHEDULE = (
    "name", "fingerprint", "created_ms", "anchor_ms", "expression", "time_zone", "overlap", "workload", "open_ms", "waiting_ms",
    "stirred", "settled",
)  # fmt: skip
_FIRING = (
    "schedule", "at_ms", "by", "run_id", "outcome", "reason", "ended_ms", "tasks", "tasks_failed", "regressed",
)  # fmt: skip


class ScheduleStore(Schedules):
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, schedule: Schedule) -> bool:
        try:
            self._table.put_new(schedule_item(schedule))
        except ConditionFailed:
            return False
        return True

    def get(self, name: str) -> Schedule | None:
        item = self._table.get(keys.SCHEDULES, name)
        return schedule_of(item) if item else None

    def all(self) -> list[Schedule]:
        """By name."""
        return [schedule_of(item) for item in self._table.query_all("#pk = :pk", {":pk": keys.SCHEDULES})]

    def activate(self, schedule: Schedule) -> bool:
        return self._move(schedule, (ScheduleState.CREATING, ScheduleState.ACTIVE), ScheduleState.ACTIVE)

    def begin_deletion(self, schedule: Schedule) -> bool:
        return self._move(schedule, tuple(ScheduleState), ScheduleState.DELETING)

    def end(self, schedule: Schedule) -> None:
        values = {":created_ms": schedule.created_ms, ":deleting": ScheduleState.DELETING}
        try:
            self._table.delete_if(_write(schedule.name, "#state = :deleting", {}, values))
        except ConditionFailed:
            return

    def stir(self, name: str) -> Schedule | None:
        """Something happened that must be seen to; the schedule after it, None where there is none any more."""
        condition = "#state IN (:creating, :active)"
        values = {":creating": ScheduleState.CREATING, ":active": ScheduleState.ACTIVE}
        item = self._try(Write(keys.SCHEDULES, name, condition, {}, {"stirred": 1}, dict(values)))
        return schedule_of(item) if item else None

    def settle(self, schedule: Schedule) -> None:
        """All is seen to that had happened when this schedule was read."""
        self._try(_write(schedule.name, "#settled < :seen", {"settled": schedule.stirred}, {
            ":created_ms": schedule.created_ms, ":seen": schedule.stirred,
        }))  # fmt: skip

    def take_slot(self, schedule: Schedule, at_ms: int) -> bool:
        free = "(attribute_not_exists(#open_ms) OR #open_ms = :at)"
        return self._slot(schedule, free, {"open_ms": at_ms}, at_ms)

    def wait(self, schedule: Schedule, at_ms: int) -> bool:
        """Only behind somebody: who finds the slot free must take it."""
        free = "attribute_exists(#open_ms) AND (attribute_not_exists(#waiting_ms) OR #waiting_ms = :at)"
        return self._slot(schedule, free, {"waiting_ms": at_ms}, at_ms)

    def release(self, schedule: Schedule, at_ms: int) -> bool:
        """The slot goes to who waits, else it is free. False where `at_ms` has it no longer, or who waits has changed."""
        if self._slot(schedule, "#open_ms = :at AND attribute_exists(#waiting_ms)", _HANDED_ON, at_ms):
            return True
        return self._slot(schedule, "#open_ms = :at AND attribute_not_exists(#waiting_ms)", {"open_ms": None}, at_ms)

    def _slot(self, schedule: Schedule, condition: str, sets: Mapping[str, Any], at_ms: int) -> bool:
        values = {":created_ms": schedule.created_ms, ":at": at_ms}
        return self._try(_write(schedule.name, condition, sets, values)) is not None

    def _move(self, schedule: Schedule, before: tuple[ScheduleState, ...], after: ScheduleState) -> bool:
        values = {f":{state}": state for state in before} | {":created_ms": schedule.created_ms}
        condition = f"#state IN ({', '.join(f':{state}' for state in before)})"
        return self._try(_write(schedule.name, condition, {"state": after}, values)) is not None

    def _try(self, write: Write) -> Item | None:
        try:
            return self._table.update(write)
        except ConditionFailed:
            return None


class FiringStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, firing: Firing) -> bool:
        """False where this time has been seen already."""
        try:
            self._table.put_new(firing_item(firing))
        except ConditionFailed:
            return False
        return True

    def get(self, key: str, at_ms: int) -> Firing | None:
        item = self._table.get(*keys.firing_key(key, at_ms))
        return firing_of(item) if item else None

    def newest(self, key: str, *, limit: int) -> list[Firing]:
        """Newest first."""
        values = {":pk": keys.schedule_pk(key), ":prefix": keys.FIRING_PREFIX}
        items, _ = self._table.query(
            "#pk = :pk AND begins_with(#sk, :prefix)", values, limit=limit, ScanIndexForward=False
        )
        return [firing_of(item) for item in items]

    def change(self, before: Firing, after: Firing) -> bool:
        """False where the firing is no longer in the state that `before` shows."""
        item = firing_item(after)
        sets = {name: item.get(name) for name in item.keys() - {"pk", "sk", "undelivered"}}
        pk, sk = keys.firing_key(before.schedule, before.at_ms)
        try:
            self._table.update(Write(pk, sk, "#state = :before", sets, values={":before": before.state}))
        except ConditionFailed:
            return False
        return True

    def note_undelivered(self, key: str, at_ms: int, words: str) -> None:
        pk, sk = keys.firing_key(key, at_ms)
        added = Raw("list_append(if_not_exists(#undelivered, :none), :words)")
        values: dict[str, Any] = {":none": [], ":words": [words], ":at": at_ms}
        try:
            self._table.update(Write(pk, sk, "#at_ms = :at", {"undelivered": added}, values=values))
        except ConditionFailed:  # it was dropped meanwhile
            return

    def drop(self, firings: list[Firing]) -> None:
        self._table.delete_all(keys.firing_key(firing.schedule, firing.at_ms) for firing in firings)

    def time_of(self, key: str, token: str, *, now_ms: int) -> int:
        """The time that this token stands for: now, or that of when it was first seen."""
        pk, sk = keys.schedule_token_key(key, token)
        try:
            self._table.put_new({"pk": pk, "sk": sk, "at_ms": now_ms, "expires_s": now_ms // 1000 + TOKEN_KEPT_S})
        except ConditionFailed as taken:
            return int((taken.old_item or {"at_ms": now_ms})["at_ms"])
        return now_ms

    def erase(self, key: str) -> Iterator[int]:
        """Deletes whatever stands beside the schedule: firings, tokens, the run's body."""
        return self._table.erase(keys.schedule_pk(key))


class BodyItems:
    """The bodies of runs that fit an item."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, key: str, packed: bytes) -> None:
        self._table.put({"pk": keys.schedule_pk(key), "sk": keys.BODY, "body": packed})

    def read(self, key: str) -> bytes | None:
        item = self._table.get(keys.schedule_pk(key), keys.BODY)
        return item["body"] if item else None


_HANDED_ON = {"open_ms": Raw("#waiting_ms"), "waiting_ms": None}


def schedule_item(schedule: Schedule) -> Item:
    same = {name: getattr(schedule, name) for name in _SCHEDULE}
    return same | {
        "pk": keys.SCHEDULES, "sk": schedule.name, "state": str(schedule.state),
        "notify": json.dumps([asdict(target) for target in schedule.notify]),
        "made_secret": schedule.made_secret or None, "in_bucket": schedule.in_bucket or None,
    }  # fmt: skip


def schedule_of(item: Mapping[str, Any]) -> Schedule:
    same: dict[str, Any] = {name: item.get(name) for name in _SCHEDULE}
    targets = [Target(**{**each, "on": tuple(each["on"])}) for each in json.loads(item["notify"])]
    return Schedule(
        **same, state=ScheduleState(item["state"]), notify=tuple(targets), made_secret="made_secret" in item,
        in_bucket="in_bucket" in item,
    )  # fmt: skip


def firing_item(firing: Firing) -> Item:
    pk, sk = keys.firing_key(firing.schedule, firing.at_ms)
    same = {name: getattr(firing, name) for name in _FIRING}
    regression = list(firing.regression) if firing.regression is not None else None
    return same | {
        "pk": pk, "sk": sk, "state": str(firing.state), "regression": regression, "undelivered": list(firing.undelivered),
    }  # fmt: skip


def firing_of(item: Mapping[str, Any]) -> Firing:
    same: dict[str, Any] = {name: item.get(name) for name in _FIRING}
    regression = tuple(item["regression"]) if "regression" in item else None
    return Firing(
        **same, state=FiringState(item["state"]), regression=regression, undelivered=tuple(item.get("undelivered", ()))
    )


def _write(name: str, condition: str, sets: Mapping[str, Any], values: Mapping[str, Any]) -> Write:
    """Of this very schedule, not of one that has its name by now."""
    return Write(keys.SCHEDULES, name, _SAME + condition, dict(sets), values=dict(values))
