"""Runs whose uploads are looked through once nothing more can come: the answers to `domain/ports.Leftovers`."""

from contextlib import suppress

from chalicelib.store import keys
from chalicelib.store.expressions import Write
from chalicelib.store.table import ConditionFailed, Table


class LeftoverStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def mark(self, run_id: str, *, due_ms: int) -> None:
        """Marked again, the later time counts."""
        condition = "attribute_not_exists(#due_ms) OR #due_ms < :due"
        with suppress(ConditionFailed):
            self._table.update(Write(keys.LEFTOVERS, run_id, condition, {"due_ms": due_ms}, values={":due": due_ms}))

    def due(self, *, now_ms: int) -> list[str]:
        found = self._table.query_all("#pk = :pk", {":pk": keys.LEFTOVERS})
        return [item["sk"] for item in found if item["due_ms"] <= now_ms]

    def clear(self, run_id: str) -> None:
        self._table.delete(keys.LEFTOVERS, run_id)
