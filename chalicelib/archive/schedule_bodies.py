"""The body of the runs that a schedule makes: packed in an item of the table, or in the bucket where it is large."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chalicelib.archive import layout
from chalicelib.archive.errors import ObjectMissing, StorageError
from chalicelib.archive.s3 import Objects
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.scheduling import Schedule, pack, unpack


class Items(Protocol):
    def keep(self, key: str, packed: bytes) -> None: ...
    def read(self, key: str) -> bytes | None: ...


class ScheduleBodies:
    def __init__(self, objects: Callable[[], Objects], items: Items) -> None:
        """`objects` is called for large bodies only."""
        self._objects = objects
        self._items = items

    def keep(self, schedule: Schedule, body: Mapping[str, Any]) -> None:
        if schedule.in_bucket:
            self._objects().put(layout.schedule_key(schedule.key), pack(body), content_type="application/zlib")
        else:
            self._items.keep(schedule.key, pack(body))

    def read(self, schedule: Schedule) -> dict[str, Any] | None:
        """None where it is not there. Raises Unavailable when the bucket does not give it."""
        try:
            found = (
                self._objects().read(layout.schedule_key(schedule.key))
                if schedule.in_bucket
                else self._items.read(schedule.key)
            )
        except ObjectMissing:
            return None
        except StorageError:
            raise Unavailable("The bucket does not give the schedule's run", code="storage_unavailable") from None
        return unpack(found) if found else None

    def erase(self, schedule: Schedule) -> None:
        """What lies in the bucket; the item goes with the schedule's others."""
        if schedule.in_bucket:
            while self._objects().delete_some(layout.schedule_key(schedule.key)):
                pass
