"""Building archives in a bucket, over HTTP, killed at every request in turn."""

import hashlib
import random
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from benchfleet_contract.states import TaskStatus

from chalicelib.archive.build import ArchiveBuilder
from chalicelib.archive.errors import ObjectMissing, StorageError
from chalicelib.archive.layout import archive_key, error_key, result_key
from chalicelib.archive.s3 import Objects
from chalicelib.domain.records import Contents, Task
from tests.contract.records import a_run, a_task
from tests.integration.archive_s3 import Crash, FailingClient, fresh_bucket, s3_client, s3_server
from tests.unit.archive_uploads import manifest_of, unpacked, upload_of
from tests.variants import one_now

RUN = b'{"id": "r"}'
MIB = 1024**2
PART_BYTES = 5 * MIB  # the least that S3 takes: several parts without a large archive


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with s3_server() as endpoint:
        client = s3_client(endpoint)
        yield client
        client.close()


@pytest.fixture
def objects(client: Any) -> Iterator[Objects]:
    with fresh_bucket(client) as bucket:
        yield Objects(client, bucket=bucket)


def task(number: int, *, status: str = "completed", uploaded: bool = True, alias: str | None = None) -> Task:
    completed = status == "completed"
    return a_task(
        number,
        alias=alias,
        status=TaskStatus(status),
        attempt=1,
        result_key=result_key("r", number, 1, "n") if completed and uploaded else None,
        error_key=error_key("r", number, 1, "n") if not completed and uploaded else None,
    )


def builder_of(objects: Objects, *, part_bytes: int = PART_BYTES) -> ArchiveBuilder:
    return ArchiveBuilder(lambda: objects, smallest_part_bytes=part_bytes)


def put(objects: Objects, of: Task, data: bytes) -> Task:
    key = of.result_key or of.error_key
    assert key
    objects.put(key, data, content_type="application/gzip")
    return of


def archive_of(objects: Objects) -> bytes:
    return objects.read(archive_key("r"), max_bytes=100 * MIB)


@cache
def noises() -> tuple[bytes, bytes]:
    """A large upload and a corrupt one, that no compression makes smaller: to pack them takes long."""
    noise = random.Random(7)
    large, other = noise.randbytes(5 * MIB + 100_000), noise.randbytes(MIB + 1)
    return upload_of([("./noise", large)]), upload_of([("./noise", other)])[:-4]


@pytest.fixture
def tasks(objects: Objects) -> list[Task]:
    """Small, large, failed, corrupt, missing and cancelled: 6 MiB of archive that no compression makes smaller."""
    large, corrupt = noises()
    return [
        put(objects, task(1), upload_of([("./output.txt", b"fast")])),
        put(objects, task(2), large),
        put(objects, task(3, status="failed"), upload_of([("./error.txt", b"why")])),
        put(objects, task(4), corrupt),
        task(5),
        task(6, status="cancelled", uploaded=False),
        put(objects, task(7, alias="m3/max ../x"), upload_of([("./output.txt", b"slow")])),
    ]


@pytest.mark.system
def test_an_archive_holds_every_task_of_a_run(objects: Objects, tasks: list[Task]) -> None:
    built = builder_of(objects).build(a_run(), document=RUN, tasks=tasks)
    archive = archive_of(objects)
    files = unpacked(archive)
    assert list(files) == [
        "run.json",
        "docker-1/output.txt",
        "docker-2/noise",
        "docker-3/error.txt",
        "corrupt/docker-4.tar.gz",
        "m3_max_.._x-7/output.txt",
        "manifest.json",
    ]
    assert (built.key, [flaw.number for flaw in built.flaws]) == (archive_key("r"), [4, 5])
    assert built.contents == Contents(4, 1, 1, built.contents.lost if built.contents else ())
    assert (built.size_bytes, built.sha256) == (len(archive), hashlib.sha256(archive).hexdigest())
    archived = [task["archived"] for task in manifest_of(archive)["tasks"]]
    assert archived == ["files", "files", "files", "corrupt", "missing", "nothing", "files"]


@pytest.mark.proof
def test_building_twice_gives_the_same_bytes(objects: Objects, tasks: list[Task]) -> None:
    builder = builder_of(objects)
    first = builder.build(a_run(), document=RUN, tasks=tasks)
    before = archive_of(objects)
    assert builder.build(a_run(), document=RUN, tasks=tasks) == first
    assert archive_of(objects) == before


@pytest.mark.system
@pytest.mark.parametrize(("after", "first", "step"), one_now((False, 8, 100), (False, 1, 1), (True, 2, 1)))
def test_a_build_killed_at_any_request_leaves_nothing_half_and_the_next_one_mends_it(
    client: Any, objects: Objects, tasks: list[Task], after: bool, first: int, step: int
) -> None:
    """Killed before a request is sent, or `after` it, before its reply; at the `first` request and every `step`-th one."""
    whole = builder_of(objects).build(a_run(), document=RUN, tasks=tasks)
    requests = count_requests(client, tasks)
    assert requests >= 14
    for fatal in range(first, requests + 1, step):
        client.delete_object(Bucket="results", Key=archive_key("r"))
        killed = Objects(FailingClient(client, fatal=fatal, after=after), bucket="results")  # type: ignore[arg-type]
        with pytest.raises(Crash):
            builder_of(killed).build(a_run(), document=RUN, tasks=tasks)
        seen = objects.head(archive_key("r"))
        assert seen is None or seen.size_bytes == whole.size_bytes
        again = builder_of(objects).build(a_run(), document=RUN, tasks=tasks)
        assert again == whole
        assert hashlib.sha256(archive_of(objects)).hexdigest() == whole.sha256
        assert objects.unfinished_uploads(archive_key("r")) == []
    assert not prefetch_threads()


def count_requests(client: Any, tasks: list[Task]) -> int:
    counting = FailingClient(client, fatal=10_000, after=False)
    objects = Objects(counting, bucket="results")  # type: ignore[arg-type]
    builder_of(objects).build(a_run(), document=RUN, tasks=tasks)
    return counting.calls


def prefetch_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("prefetch")]


def test_an_exception_in_the_middle_aborts_the_upload(client: Any, objects: Objects, tasks: list[Task]) -> None:
    def interrupted() -> Iterator[Task]:
        yield from tasks
        raise Crash

    with pytest.raises(Crash):
        builder_of(objects).build(a_run(), document=RUN, tasks=interrupted())
    assert objects.head(archive_key("r")) is None
    assert objects.unfinished_uploads(archive_key("r")) == []
    assert not prefetch_threads()


def test_tasks_out_of_order_are_refused(objects: Objects) -> None:
    unsorted = [task(2, uploaded=False), task(1, uploaded=False)]
    with pytest.raises(ValueError, match="task 1 after task 2"):
        builder_of(objects).build(a_run(), document=RUN, tasks=unsorted)


def test_a_run_of_which_nothing_was_uploaded_gets_its_archive_in_one_request(client: Any, objects: Objects) -> None:
    counting = FailingClient(client, fatal=10_000, after=False)
    cancelled = [task(1, status="cancelled", uploaded=False)]
    builder = builder_of(Objects(counting, bucket="results"))  # type: ignore[arg-type]
    builder.build(a_run(), document=RUN, tasks=cancelled)
    assert manifest_of(archive_of(objects))["totals"]["nothing"] == 1
    assert counting.calls == 3  # the object, its summary, and the look for abandoned uploads


def test_many_small_results_keep_their_order_at_one_request_each(client: Any, objects: Objects) -> None:
    many = [put(objects, task(n), upload_of([("n", str(n).encode())])) for n in range(1, 17)]
    counting = FailingClient(client, fatal=10_000, after=False)
    builder_of(Objects(counting, bucket="results")).build(a_run(), document=RUN, tasks=many)  # type: ignore[arg-type]
    files = unpacked(archive_of(objects))
    assert list(files)[1:-1] == [f"docker-{n}/n" for n in range(1, 17)]
    assert counting.calls == 19


class Replacing:
    """A real client under whose hands an object is replaced after the first request for it."""

    def __init__(self, client: Any, *, key: str, data: bytes) -> None:
        self._client, self._key, self._data = client, key, data
        self._seen = 0

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def get_object(self, **arguments: Any) -> Any:
        reply = self._client.get_object(**arguments)
        if arguments["Key"] == self._key:
            self._seen += 1
            if self._seen == 2:  # the first reading has begun, the second has not
                self._client.put_object(Bucket="results", Key=self._key, Body=self._data)
        return reply


def test_an_upload_that_is_replaced_while_it_is_read_stops_the_build(client: Any, objects: Objects) -> None:
    large = put(objects, task(1), upload_of([("noise", random.Random(1).randbytes(3 * MIB))]))
    assert large.result_key
    replacing = Replacing(
        client, key=large.result_key, data=upload_of([("noise", random.Random(2).randbytes(3 * MIB))])
    )
    builder = builder_of(Objects(replacing, bucket="results"))  # type: ignore[arg-type]
    with pytest.raises(StorageError, match="replaced"):
        builder.build(a_run(), document=RUN, tasks=[large])
    assert objects.head(archive_key("r")) is None


def test_an_archive_that_was_not_built_is_missing(objects: Objects) -> None:
    with pytest.raises(ObjectMissing):
        archive_of(objects)
