"""Waiting runners in the table: the answers to `domain/ports.Runners`."""

from collections.abc import Iterator
from typing import Any

from chalicelib.domain.presence import is_told
from chalicelib.domain.records import Presence
from chalicelib.store import keys
from chalicelib.store.items import Item, presence_item, presence_of
from chalicelib.store.table import Table

_MOST_PAGES = 3  # of 1 MB: some 12,000 runners


class RunnerStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, presence: Presence) -> None:
        """One unconditional put: of two that race, either is right to within the time between them."""
        self._table.put(presence_item(presence))

    def erase(self, run_id: str) -> Iterator[int]:
        """Deletes all who waited for this run, page by page; how many each page had."""
        return self._table.erase(keys.seen_pk(run_id))

    def seen(self, run_id: str | None, *, now_ms: int) -> list[Presence]:
        """In no particular order; what has expired is left out."""
        values: dict[str, Any] = {":pk": keys.seen_pk(run_id)}
        found: list[Item] = []
        start: Item | None = None
        for _ in range(_MOST_PAGES):
            items, start = self._table.query("#pk = :pk", values, start=start, ConsistentRead=False)
            found += items
            if start is None:
                break
        return [seen for seen in map(presence_of, found) if is_told(seen, now_ms=now_ms)]
