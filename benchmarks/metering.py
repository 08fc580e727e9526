"""Counts what is asked of DynamoDB, where botocore would send it: nothing can be forgotten."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.write_units import item_bytes, read_units, write_units

BY_ITEM = ("GetItem", "Query", "Scan")


class Meter:
    """Attach it with `watch`. Counts of one thread are kept apart from the sum of all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mine = threading.local()
        self.requests: Counter[str] = Counter()
        self.refused_units = 0  # write units of conditional writes that were refused: no stream tells of them
        self.read_units = 0.0

    def watch(self, events: Any) -> None:
        """Counts from now on what goes through an emitter of botocore: a client's, or a session's for all its clients."""
        events.register("before-call.dynamodb", self._sent)
        events.register("after-call.dynamodb", self._answered)
        events.register("provide-client-params.dynamodb", self._asked)

    def reset(self) -> None:
        with self._lock:
            self.requests.clear()
            self.refused_units, self.read_units = 0, 0.0

    def total(self) -> int:
        return sum(self.requests.values())

    @contextmanager
    def of_this_thread(self) -> Iterator[Counter[str]]:
        """What this very thread asks for meanwhile, by operation."""
        self._mine.requests = Counter()
        try:
            yield self._mine.requests
        finally:
            del self._mine.requests

    def _sent(self, event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        with self._lock:
            self.requests[operation] += 1
        mine = getattr(self._mine, "requests", None)
        if mine is not None:
            mine[operation] += 1

    def _asked(self, params: dict[str, Any], **_: Any) -> None:
        self._mine.consistent = bool(params.get("ConsistentRead"))

    def _answered(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        refused = parsed.get("Error", {}).get("Code") == "ConditionalCheckFailedException"
        reads = model.name in BY_ITEM
        with self._lock:
            if refused:
                self.refused_units += write_units(parsed.get("Item"), None, indexes=[]).table
            elif reads:
                self.read_units += self._price(parsed)

    def _price(self, parsed: dict[str, Any]) -> float:
        items = parsed.get("Items", [parsed.get("Item", {})])
        consistent = getattr(self._mine, "consistent", False)
        return read_units(sum(item_bytes(item) for item in items), consistent=consistent)
