"""Runs that are being deleted, in the table: the answers to `domain/ports.Deletions`.

A run under deletion leaves the list of runs and enters that of deletions (`by_created` = `DELETING`) in one write of one
item. It stands there under the time from which somebody should see to it: that is both the worklist and the lease.
"""

from collections.abc import Mapping
from typing import Any

from benchfleet_contract.states import ArchiveState

from chalicelib.domain.deleting import ABANDONED
from chalicelib.domain.records import Run, RunState
from chalicelib.store import keys
from chalicelib.store.expressions import Write
from chalicelib.store.items import Item, run_of
from chalicelib.store.table import ConditionFailed, Table

_TAKEN = "#removals = :number"
_UNTOLD: dict[str, Any] = {
    "metadata": "{}",
    "workload_options": "{}",
    "warnings": [],
    "archive_contents": None,
    "archive_error": None,
}


class DeletionStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, run_id: str, *, now_ms: int) -> bool:
        return self._try(begin(run_id, now_ms=now_ms)) is not None

    def abandon(self, run_id: str, *, now_ms: int) -> bool:
        """The same for a run whose creation has died."""
        return self._try(abandon(run_id, now_ms=now_ms)) is not None

    def due(self, *, now_ms: int, limit: int) -> list[str]:
        """Those that wait longest first. The index lags: a run may be gone, or taken, meanwhile."""
        values = {":listed": keys.DELETING, ":due": keys.due_by(now_ms)}
        items, _ = self._table.query(
            "#listed = :listed AND #listed_at < :due", values, limit=limit, IndexName=keys.CREATED_INDEX,
            ConsistentRead=False,
        )  # fmt: skip
        return [item["run_id"] for item in items]

    def take(self, run_id: str, *, now_ms: int, until_ms: int) -> tuple[int, Run] | None:
        """The number of this taking and the run; None where there is nothing to delete, or another is at it."""
        item = self._try(take(run_id, now_ms=now_ms, until_ms=until_ms))
        return (item["removals"], run_of(item)) if item else None

    def keep(self, run_id: str, number: int, *, until_ms: int) -> bool:
        return self._try(keep(run_id, number, until_ms=until_ms)) is not None

    def erase(self, run_id: str) -> None:
        """Deletes what stands beside the run's own item: its counters and its markers."""
        self._table.delete(keys.ACTIVE, run_id)
        self._table.delete(keys.LEFTOVERS, run_id)
        self._table.delete(keys.run_pk(run_id), keys.COUNTS)

    def hold(self, run_id: str, number: int, *, until_ms: int) -> bool:
        return self._try(hold(run_id, number, until_ms=until_ms)) is not None

    def end(self, run_id: str, number: int) -> bool:
        """Deletes the run's own item: its id is free."""
        try:
            self._table.delete_if(_of_run(run_id, _TAKEN, {}, {":number": number}))
        except ConditionFailed:
            return False
        return True

    def _try(self, write: Write) -> Item | None:
        try:
            return self._table.update(write)
        except ConditionFailed:
            return None


def begin(run_id: str, *, now_ms: int) -> Write:
    """completed | failed | cancelled → deleting, once no archive is being built. From here on nobody is shown the run."""
    condition = "#archive IN (:ready, :failed) AND #state IN (:cancelled, :completed, :failed)"
    values: dict[str, str] = {
        ":ready": ArchiveState.READY,
        ":failed": RunState.FAILED,
    }  # the archive's `failed` is the same word
    values |= {":cancelled": RunState.CANCELLED, ":completed": RunState.COMPLETED}
    return _of_run(run_id, condition, {"state": RunState.DELETING} | _due(run_id, now_ms), values)


def abandon(run_id: str, *, now_ms: int) -> Write:
    """creating → deleting: whoever was creating it can no longer publish it."""
    sets = {"state": RunState.DELETING, "reason": ABANDONED, **_due(run_id, now_ms)}
    return _of_run(run_id, "#state = :creating", sets, {":creating": RunState.CREATING})


def take(run_id: str, *, now_ms: int, until_ms: int) -> Write:
    """deleting | deleted → the same, taken until `until_ms`, unless it is taken already."""
    values = {":deleting": RunState.DELETING, ":deleted": RunState.DELETED, ":due": keys.due_by(now_ms)}
    condition = "#state IN (:deleting, :deleted) AND #listed_at < :due"
    write = _of_run(run_id, condition, _due(run_id, until_ms), values)
    return Write(write.pk, write.sk, write.condition, write.sets, {"removals": 1}, write.values)


def keep(run_id: str, number: int, *, until_ms: int) -> Write:
    """deleting | deleted → the same: who took it is alive."""
    return _of_run(run_id, _TAKEN, _due(run_id, until_ms), {":number": number})


def hold(run_id: str, number: int, *, until_ms: int) -> Write:
    """deleting | deleted → deleted: only the id is left, and what else may have come is looked for at `until_ms`."""
    sets = {"state": RunState.DELETED, **_UNTOLD, **_due(run_id, until_ms)}
    return _of_run(run_id, _TAKEN, sets, {":number": number})


def _due(run_id: str, at_ms: int) -> dict[str, str]:
    return {"listed": keys.DELETING, "listed_at": keys.listed_at(at_ms, run_id)}


def _of_run(run_id: str, condition: str, sets: Mapping[str, Any], values: Mapping[str, Any]) -> Write:
    return Write(keys.run_pk(run_id), keys.RUN, condition, dict(sets), values=dict(values))
