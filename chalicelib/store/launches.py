"""Machines in the table: the answers to `domain/ports.Launches`.

A launch is changed by what somebody has seen of it: a write says the state and the attempt that it goes by, and is refused
where these have moved. What the machine itself reports touches neither.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from chalicelib.domain.launch_records import Failure, Launch
from chalicelib.store import keys
from chalicelib.store.expressions import Write
from chalicelib.store.items import Item
from chalicelib.store.table import ConditionFailed, Table

_SAME = (
    "run_id", "number", "name", "provider", "provisioner", "instance_type", "market", "slot", "turn", "wanted_ms", "state",
    "attempt", "aimed", "tries", "not_before_ms", "region", "zone", "resource_id", "launched_ms", "called_home_ms", "seen_ms",
    "ended_ms", "expires_ms", "phase", "message", "price_date",
)  # fmt: skip
_AMOUNTS = ("hourly", "hourly_at_most")  # as text: no binary fraction is kept


class LaunchStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def all(self, run_id: str) -> list[Launch]:
        """By rising number."""
        values = {":pk": keys.launches_pk(run_id), ":prefix": keys.LAUNCH_PREFIX}
        found = self._table.query_all("#pk = :pk AND begins_with(#sk, :prefix)", values)
        return sorted(map(launch_of, found), key=lambda launch: launch.number)

    def get(self, run_id: str, name: str) -> Launch | None:
        item = self._table.get(keys.launches_pk(run_id), keys.launch_sk(name))
        return launch_of(item) if item else None

    def add(self, launch: Launch) -> bool:
        try:
            self._table.put_new(launch_item(launch))
        except ConditionFailed:
            return False
        return True

    def change(self, seen: Launch, wanted: Launch) -> bool:
        """Writes what differs between the two, where the launch still is as it was seen."""
        write = change(seen, wanted)
        return not write.sets or self._try(write)

    def take(self, run_id: str, *, now_ms: int, until_ms: int) -> bool:
        """Is it time to look at the run's machines? Then nobody else does before `until_ms`, unless somebody hurries."""
        condition = "attribute_not_exists(#due_ms) OR #due_ms <= :now"
        sets = {"due_ms": until_ms}
        return self._try(Write(keys.launches_pk(run_id), keys.DUE, condition, sets, values={":now": now_ms}))

    def hurry(self, run_id: str) -> None:
        """The next message is not too early, whenever it comes."""
        self._table.put({"pk": keys.launches_pk(run_id), "sk": keys.DUE, "due_ms": 0})

    def erase(self, run_id: str) -> Iterator[int]:
        """Deletes what is known of the run's machines, page by page; how many items each page had."""
        return self._table.erase(keys.launches_pk(run_id))

    def mark(self, provisioner: str, region: str, *, until_ms: int) -> None:
        """Machines may stand there until `until_ms`, or longer if somebody said so before."""
        condition = "attribute_not_exists(#until_ms) OR #until_ms < :until"
        sets = {"provisioner": provisioner, "region": region, "until_ms": until_ms, "expires_s": until_ms // 1000}
        self._try(Write(keys.PLACES, keys.place_sk(provisioner, region), condition, sets, values={":until": until_ms}))

    def marked(self, *, now_ms: int) -> list[tuple[str, str]]:
        """(provisioner, region) of every place where machines may stand."""
        found = self._table.query_all("#pk = :pk", {":pk": keys.PLACES})
        return [(item["provisioner"], item["region"]) for item in found if item["until_ms"] > now_ms]

    def _try(self, write: Write) -> bool:
        try:
            self._table.update(write)
        except ConditionFailed:
            return False
        return True


def change(seen: Launch, wanted: Launch) -> Write:
    before, after = _attributes(seen), _attributes(wanted)
    sets = {name: value for name, value in after.items() if value != before[name]}
    values = {":was": seen.state, ":attempt": seen.attempt, ":tries": seen.tries}
    condition = "#state = :was AND #attempt = :attempt AND #tries = :tries"
    return Write(keys.launches_pk(seen.run_id), keys.launch_sk(seen.name), condition, sets, values=values)


def launch_item(launch: Launch) -> Item:
    return {"pk": keys.launches_pk(launch.run_id), "sk": keys.launch_sk(launch.name), **_attributes(launch)}


def launch_of(item: Mapping[str, Any]) -> Launch:
    same: dict[str, Any] = {name: item.get(name) for name in _SAME}
    amounts: dict[str, Any] = {name: None if item.get(name) is None else Decimal(item[name]) for name in _AMOUNTS}
    failure = item.get("failure")
    return Launch(
        **same,  # items hold what records gave them
        **amounts,
        failure=Failure(*failure) if failure else None,
    )


def _attributes(launch: Launch) -> dict[str, Any]:
    failure = launch.failure
    return {
        **{name: getattr(launch, name) for name in _SAME},
        **{name: None if (usd := getattr(launch, name)) is None else str(usd) for name in _AMOUNTS},
        "failure": [failure.code, failure.words, failure.remedy] if failure else None,
    }
