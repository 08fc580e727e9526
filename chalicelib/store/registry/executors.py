"""Executors in the table: the answers to `domain/registry/ports.Executors`.

All of them are in one partition, so that one query tells who is there. It takes 1,000 heartbeats a second.
"""

from collections.abc import Sequence

from benchfleet_contract.registry.executors import Command

from chalicelib.domain.registry.ports import Beaten, ExecutorRefused
from chalicelib.domain.registry.records import Beat, Executor, Tombstone
from chalicelib.store import keys
from chalicelib.store.expressions import Write
from chalicelib.store.items import Item
from chalicelib.store.registry import writes
from chalicelib.store.registry.items import executor_item, executor_of, tombstone_item, tombstone_of
from chalicelib.store.table import ConditionFailed, Table


class ExecutorStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, executor_id: str) -> Executor | None:
        item = self._table.get(keys.EXECUTORS, executor_id)
        return executor_of(item) if item else None

    def tombstone(self, executor_id: str) -> Tombstone | None:
        item = self._table.get(keys.GONE, executor_id)
        return tombstone_of(item) if item else None

    def all(self) -> list[Executor]:
        """By id; also those whose time is over, until a sweep has removed them."""
        return [executor_of(item) for item in self._table.query_all("#pk = :pk", {":pk": keys.EXECUTORS})]

    def register(self, executor: Executor, *, previous: Executor | None) -> None:
        """Where nobody has come since `previous` was read."""
        item = executor_item(executor)
        try:
            if previous is None:
                self._table.put_new(item)
            else:
                self._table.put_over(item, "generation", previous.generation)
        except ConditionFailed as refused:
            raise _refused(refused) from None
        self._table.delete(keys.GONE, executor.executor_id)

    def beat(self, beat: Beat) -> Beaten:
        item = self._update(writes.beat(beat))
        was = item.get("progress_was", -1)
        return Beaten(executor_of(item), item["lease_was_ms"], was if was >= 0 else None)

    def flag(self, executor: Executor, *, overloaded: bool) -> None:
        self._update(writes.flag(executor, overloaded=overloaded))

    def moved(self, executor: Executor, *, now_ms: int) -> None:
        self._update(writes.moved(executor, now_ms=now_ms))

    def change_catalog(self, executor: Executor, *, previous: Executor) -> None:
        self._update(writes.change_catalog(executor, previous))

    def drain(self, executor: Executor, *, draining: bool, commands: Sequence[Command]) -> None:
        self._update(writes.drain(executor, draining=draining, commands=commands))

    def command(self, executor: Executor, commands: Sequence[Command]) -> None:
        self._update(writes.command(executor, commands))

    def unbind(self, executor: Executor) -> None:
        self._update(writes.unbind(executor))

    def note_stale(self, executor: Executor) -> None:
        self._update(writes.note_stale(executor))

    def remove(self, executor: Executor, *, why: str, now_ms: int, seen: bool = False) -> None:
        """The tombstone is written first: were it to fail afterwards, the generation would be forgotten."""
        self._table.put(
            tombstone_item(Tombstone(executor.executor_id, executor.principal, executor.generation, now_ms, why))
        )
        try:
            self._table.delete_if(writes.gone(executor, seen=seen))
        except ConditionFailed as refused:
            raise _refused(refused) from None

    def hold(self, executor_id: str, generation: int, marks: frozenset[str], *, exclusive: str | None = None) -> None:
        self._update(writes.hold(executor_id, generation, marks, exclusive=exclusive))

    def release(
        self,
        executor_id: str,
        marks: frozenset[str],
        *,
        exclusive: str | None = None,
        succeeded: bool | None = None,
    ) -> None:
        self._update(writes.release(executor_id, marks, exclusive=exclusive, succeeded=succeeded))

    def _update(self, write: Write) -> Item:
        try:
            return self._table.update(write)
        except ConditionFailed as refused:
            raise _refused(refused) from None


def _refused(refused: ConditionFailed) -> ExecutorRefused:
    return ExecutorRefused(executor_of(refused.old_item) if refused.old_item else None)
