"""Delivers a table's stream records to a function, in order, at least once, as Lambda's event source mapping does."""

from collections.abc import Callable
from typing import Any

Handler = Callable[[dict[str, Any]], Any]
Read = Callable[..., list[dict[str, Any]]]  # start: number of the first record, limit: how many at most


class StreamPump:
    """Reads the stream from its oldest record on and calls `handler` with batches.

    A handler that raises gets the same batch again on the next step; nothing behind it moves until it succeeds.
    `handled` is the sequence number of the newest record that the handler has accepted, None before the first.
    """

    def __init__(self, read: Read, handler: Handler, *, stream_arn: str, batch_size: int) -> None:
        self.handled: int | None = None
        self._read = read
        self._handler = handler
        self._arn = stream_arn
        self._batch_size = batch_size
        self._waiting: list[dict[str, Any]] = []

    def step(self) -> bool:
        start = 0 if self.handled is None else self.handled + 1
        batch = self._waiting or self._read(start, limit=self._batch_size)
        if not batch:
            return False
        self._waiting = batch
        self._handler({"Records": [record | {"eventSourceARN": self._arn} for record in batch]})
        self.handled = int(batch[-1]["dynamodb"]["SequenceNumber"])
        self._waiting = []
        return len(batch) == self._batch_size
