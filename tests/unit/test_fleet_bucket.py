"""Many documents of a fleet go to the bucket several at a time; the last one tells that all others are there."""

import threading
from typing import cast

import pytest

from chalicelib.archive.errors import StorageError
from chalicelib.archive.fleet import FleetBucket
from chalicelib.archive.s3 import Objects
from chalicelib.domain.errors import Unavailable

DOCUMENTS = [(f"shards/{number}.json", b"%d" % number) for number in range(50)]


class Slow:
    """Answers nobody until four requests were there at a time."""

    def __init__(self, refuses: str = "") -> None:
        self.keys: list[str] = []
        self.refuses = refuses
        self.together = 0
        self._changed = threading.Condition()

    def put(self, key: str, data: bytes, *, content_type: str) -> None:
        with self._changed:
            self.together += 1
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self.together >= 4, timeout=60), "the documents go one after another"
        if self.refuses and key.endswith(self.refuses):
            raise StorageError("the bucket does not answer")
        self.keys.append(key)


def bucket(objects: Slow) -> FleetBucket:
    return FleetBucket(lambda: cast("Objects", objects))


def test_documents_go_several_at_a_time_and_the_last_one_goes_last() -> None:
    objects = Slow()
    bucket(objects).keep_all("r", iter(DOCUMENTS))
    assert sorted(objects.keys) == sorted(f"runs/r/fleet/{name}" for name, _ in DOCUMENTS)
    assert objects.keys[-1].endswith("shards/49.json")


def test_the_last_one_is_not_written_where_another_one_failed() -> None:
    objects = Slow(refuses="shards/7.json")
    with pytest.raises(Unavailable):
        bucket(objects).keep_all("r", iter(DOCUMENTS))
    assert not any(key.endswith("shards/49.json") for key in objects.keys)


def test_one_document_and_none() -> None:
    objects = Slow()
    objects.together = 4
    bucket(objects).keep_all("r", [("plan.json", b"49")])
    bucket(objects).keep_all("r", [])
    assert objects.keys == ["runs/r/fleet/plan.json"]
