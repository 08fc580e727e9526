"""A table's stream: what changed, in order, with both images, numbered without a gap."""

import uuid
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from local_emulator.dynamodb.sizes import item_bytes
from local_emulator.dynamodb.values import Item

SHARD = "shardId-00000000000000000000-00000001"  # the only one, which never ends
TIME_TO_LIVE = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}  # who deletes what has expired

Record = dict[str, Any]


class Stream:
    """`first` is the number of the oldest record that is held, `next` that of the next one to come.

    `view` is NEW_AND_OLD_IMAGES, NEW_IMAGE, OLD_IMAGE or KEYS_ONLY.
    """

    def __init__(self, *, label: str, view: str, region: str, clock: Callable[[], datetime]) -> None:
        self.label = label
        self.view = view
        self.next = 1
        self.on_record: Callable[[], None] = lambda: None  # called after each record has come
        self._region = region
        self._clock = clock
        self._records: deque[Record] = deque()

    @property
    def first(self) -> int:
        return self.next - len(self._records)

    def tell(
        self,
        key: Item,
        old: Item | None,
        new: Item | None,
        *,
        size_bytes: int,
        who: Mapping[str, str] | None = None,
    ) -> None:
        """`size_bytes` of both images. `who` made the change, if it was not a request."""
        change: dict[str, Any] = {
            "ApproximateCreationDateTime": self._clock().timestamp(),
            "Keys": key,
            "SequenceNumber": str(self.next),
            "SizeBytes": item_bytes(key) + size_bytes,
            "StreamViewType": self.view,
        }
        if new is not None and self.view in ("NEW_AND_OLD_IMAGES", "NEW_IMAGE"):
            change["NewImage"] = new
        if old is not None and self.view in ("NEW_AND_OLD_IMAGES", "OLD_IMAGE"):
            change["OldImage"] = old
        record = {
            "eventID": uuid.uuid4().hex,
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self._region,
            "dynamodb": change,
        }
        self._records.append(record | {"userIdentity": dict(who)} if who else record)
        self.next += 1
        self.on_record()

    def read(self, start: int, *, limit: int) -> list[Record]:
        """Up to `limit` records from number `start` on; what is older than the oldest is gone."""
        skipped = max(0, start - self.first)
        return list(islice(self._records, skipped, skipped + limit))

    def trim(self, *, before: int, keep: int) -> None:
        """Forgets all records numbered below `before` but the last `keep` of them."""
        for _ in range(min(before, self.next) - self.first - keep):
            self._records.popleft()

    def restore(self, records: list[Record], *, next_number: int) -> None:
        """Instead of what it holds. `records` are the last before `next_number`."""
        self._records = deque(records)
        self.next = next_number
