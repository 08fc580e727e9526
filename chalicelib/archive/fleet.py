"""What fleet runs keep in the bucket: plan, shards, journals, artifacts, uploaded datasets."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from benchfleet_contract.fleets.runs import MAX_DOCUMENT_BYTES
from benchfleet_contract.limits import URL_LIFETIME_S

from chalicelib.archive import layout
from chalicelib.archive.errors import CorruptObject, ObjectMissing, StorageError
from chalicelib.archive.results import ResultReader
from chalicelib.archive.s3 import Objects
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.fleet_ports import StoredFile
from chalicelib.domain.records import Task

SHARD = "shard.json"
_AT_ONCE = 8  # requests to the bucket; fewer than the connections that are kept
_MOST_READ_BYTES = 64 * 1024**2
_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8"}


class FleetBucket:
    """Answers `FleetFiles`. `objects` is called on first use."""

    def __init__(self, objects: Callable[[], Objects]) -> None:
        self._objects = objects

    def keep(self, run_id: str, name: str, document: bytes) -> None:
        """Replaces what was there, in one step."""
        kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        with _answering():
            self._objects().put(layout.fleet_key(run_id, name), document, content_type=kind)

    def keep_all(self, run_id: str, documents: Iterable[tuple[str, bytes]]) -> None:
        """Several at a time, in any order; the last one once all others are there. Few are in memory at a time."""
        self._objects()  # made here: boto3's default session is not for several threads
        before: tuple[str, bytes] | None = None
        at_work: deque[Future[None]] = deque()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for document in documents:
                if before:
                    at_work.append(pool.submit(self.keep, run_id, *before))
                before = document
                if len(at_work) > 2 * _AT_ONCE:
                    at_work.popleft().result()
            for each in at_work:
                each.result()
        if before:
            self.keep(run_id, *before)

    def read(self, run_id: str, name: str) -> bytes | None:
        return self._read(layout.fleet_key(run_id, name))

    def sign(self, run_id: str, name: str) -> str:
        """A GET, good for an hour. Makes no request."""
        key = layout.fleet_key(run_id, name)
        return self._objects().sign_get(key, expires_s=URL_LIFETIME_S, filename=name.rpartition("/")[2])

    def sign_chunks(self, run_id: str, shard: int, attempt: int, numbers: Iterable[int]) -> list[str]:
        keys = [layout.chunk_key(run_id, shard, attempt, number) for number in numbers]
        return [self._objects().sign_put(key, expires_s=URL_LIFETIME_S).url for key in keys]

    def journals(self, run_id: str, shard: int) -> list[str]:
        """Keys of chunks, oldest first."""
        return self._listed(layout.journal_prefix(run_id, shard))

    def sign_journals(self, run_id: str, shard: int) -> list[str]:
        keys = self.journals(run_id, shard)
        return [
            self._objects().sign_get(key, expires_s=URL_LIFETIME_S, filename=key.rpartition("/")[2]) for key in keys
        ]

    def read_chunk(self, key: str) -> bytes:
        return self._read(key) or b""

    def artifacts(self, run_id: str) -> list[StoredFile]:
        prefix = layout.fleet_key(run_id, "artifacts/")
        return [StoredFile(key.removeprefix(prefix), size) for key, size in self._pages(prefix)]

    def has_artifact(self, run_id: str, path: str) -> bool:
        with _answering():
            return self._objects().head(layout.fleet_key(run_id, f"artifacts/{path}")) is not None

    def uploaded(self, sha256: str) -> bytes | None:
        return self._read(layout.upload_key(sha256))

    def shard_of(self, task: Task) -> bytes | None:
        """The `shard.json` of what a task uploaded; None where the upload is not whole, or has none."""
        reader = ResultReader(self._objects, largest={SHARD: _MOST_READ_BYTES})
        try:
            with _answering():
                return reader.files(task).get(SHARD)
        except (CorruptObject, ObjectMissing):
            return None

    def sign_upload(self, sha256: str, size_bytes: int) -> tuple[str, dict[str, str]] | None:
        """A PUT that takes nothing but these bytes; None where they are there already."""
        key = layout.upload_key(sha256)
        with _answering():
            if self._objects().head(key):
                return None
        signed = self._objects().sign_put(key, expires_s=URL_LIFETIME_S, content_length=size_bytes, sha256_hex=sha256)
        return signed.url, signed.headers

    def _read(self, key: str) -> bytes | None:
        try:
            with _answering():
                return self._objects().read(key, max_bytes=max(_MOST_READ_BYTES, MAX_DOCUMENT_BYTES))
        except ObjectMissing:
            return None

    def _listed(self, prefix: str) -> list[str]:
        return [key for key, _ in self._pages(prefix)]

    def _pages(self, prefix: str) -> Iterator[tuple[str, int]]:
        last = ""
        with _answering():
            while found := self._objects().list_sizes(prefix, after=last):
                yield from found
                last = found[-1][0]


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except StorageError:
        raise Unavailable("The bucket does not answer", code="storage_unavailable") from None
