"""What tasks measured, in the table: the answers to `domain/ports.Measurements`.

An item a task, of its own: a task's item is read with every list of tasks, and its images go through the stream.
"""

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.domain.ports import Measured
from chalicelib.store import keys
from chalicelib.store.items import Item
from chalicelib.store.table import Table

MAX_BYTES = 300 * 1024  # of an item's 400 KiB
TOO_MANY = "it has more benchmarks than can be kept to judge by"


class MeasuredStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, run_id: str, measured: Iterable[Measured]) -> None:
        self._table.put_all(measured_item(run_id, one) for one in measured)

    def all(self, run_id: str) -> list[Measured]:
        """By rising number."""
        return [measured_of(item) for item in self._table.query_all("#pk = :pk", {":pk": keys.measured_pk(run_id)})]

    def erase(self, run_id: str) -> Iterator[int]:
        return self._table.erase(keys.measured_pk(run_id))


def measured_item(run_id: str, measured: Measured) -> Item:
    boards = [[list(b), dict(costs), dict(measured.steps.get(b, {}))] for b, costs in measured.boards.items()]
    packed = zlib.compress(json.dumps(boards).encode())
    fits = len(packed) <= MAX_BYTES
    return {
        "pk": keys.measured_pk(run_id), "sk": keys.measured_sk(measured.number), "number": measured.number,
        "attempt": measured.attempt, "instance": measured.instance, "boards": packed if fits else None,
        "problem": measured.problem if fits else TOO_MANY,
    }  # fmt: skip


def measured_of(item: Item) -> Measured:
    boards: list[Any] = json.loads(zlib.decompress(item["boards"])) if "boards" in item else []
    return Measured(
        item["number"],
        item["attempt"],
        {tuple(board): costs for board, costs, *_ in boards},
        item.get("instance"),
        item.get("problem"),
        {tuple(board): steps for board, _, *more in boards for steps in more if steps},
    )
