"""What the services ask of the bucket (`domain/ports.Storage`), in terms of keys and signatures."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from benchfleet_contract.limits import URL_LIFETIME_S
from benchfleet_contract.runners import TaskFiles
from benchfleet_contract.states import ArchiveState
from benchfleet_contract.tasks import UploadUrls

from chalicelib.archive import layout
from chalicelib.archive.errors import ObjectMissing, StorageError
from chalicelib.archive.read_options import OptionsAddress, ReadOptions
from chalicelib.archive.s3 import Objects
from chalicelib.domain import seals
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.leases import iso
from chalicelib.domain.ports import Declared, Issued
from chalicelib.domain.records import Run, Task

_ATTEMPT = re.compile(r"/(\d{1,6})-([A-Za-z0-9_-]{1,64})/[a-z]+\.tar\.gz$")


class Storage:
    def __init__(self, objects: Callable[[], Objects], *, clock: Callable[[], int]) -> None:
        """`objects` is called on first use: a function that never signs never pays for an S3 client."""
        self._objects = objects
        self._clock = clock
        self._options = ReadOptions()

    def keep_request(self, run_id: str, body: bytes) -> None:
        self._objects().put_json_bytes(layout.request_key(run_id), body)

    def keep_plan(self, run_id: str, lines: bytes) -> None:
        self._objects().put(layout.plan_key(run_id), lines, content_type="application/jsonl")

    def options(self, run_id: str, offset: int, length: int) -> dict[str, Any]:
        """One set of options out of the run's plan. Raises Unavailable when the bucket does not give it."""
        return self._options.get((run_id, offset, length), now_ms=self._clock(), read=self._read_options)

    def sign_plan(self, run_id: str) -> str:
        """A GET of the plan; whoever has it asks for the bytes that he wants."""
        return self._objects().sign_get(layout.plan_key(run_id), expires_s=URL_LIFETIME_S, filename="plan.jsonl")

    def _read_options(self, place: OptionsAddress) -> dict[str, Any]:
        run_id, offset, length = place
        try:
            found = self._objects().read_range(layout.plan_key(run_id), offset=offset, length=length)
        except (ObjectMissing, StorageError):
            raise Unavailable("The bucket does not give the task's options", code="storage_unavailable") from None
        return _options_in(found)

    def upload_keys(self, task: Task) -> tuple[str, str]:
        """The result and the error key of the task's present attempt."""
        named = (task.run_id, task.number, task.attempt, task.nonce or "none")
        return layout.result_key(*named), layout.error_key(*named)

    def seal_of(self, key: str) -> str:
        """What lies under the key now. Raises Unavailable when the bucket does not tell."""
        try:
            info = self._objects().head(key)
        except StorageError:
            raise Unavailable("The bucket does not tell what was uploaded", code="storage_unavailable") from None
        return seals.of_etag(info.etag if info else None)

    def erase(self, run_id: str) -> Iterator[int]:
        """Deletes every object of the run, 1,000 at a time; how many these were. Raises StorageError.

        Uploads that were never finished go first: they could still become objects.
        """
        objects, archive = self._objects(), layout.archive_key(run_id)
        for upload in objects.unfinished_uploads(archive):
            objects.abort_upload(archive, upload)
        while count := objects.delete_some(layout.run_prefix(run_id)):
            yield count

    def uploads(self, run_id: str) -> Iterator[list[str]]:
        """The keys of all that was uploaded for the run's tasks, 1,000 at a time. Raises StorageError."""
        last, prefix = "", layout.uploads_prefix(run_id)
        while found := self._objects().list_some(prefix, after=last):
            yield found
            last = found[-1]

    def drop(self, keys: list[str]) -> None:
        """Deletes these objects, at most 1,000. Raises StorageError."""
        self._objects().delete(keys)

    def sign_uploads(self, task: Task, declared: Declared | None = None) -> UploadUrls:
        """PUTs for both keys. The one of the declared kind is bound to the file's length and checksum."""
        headers: dict[str, str] = {}
        urls: dict[str, str] = {}
        for kind, key in zip(("result", "error"), self.upload_keys(task), strict=True):
            mine = declared if declared and declared.kind == kind else None
            size, checksum = (mine.size_bytes, mine.sha256) if mine else (None, None)
            signed = self._objects().sign_put(key, expires_s=URL_LIFETIME_S, content_length=size, sha256_hex=checksum)
            headers |= signed.headers if mine else {}
            urls |= {f"{kind}_upload_url": signed.url, f"{kind}_key": key}
        expires = iso(self._clock() + URL_LIFETIME_S * 1000) or ""
        return UploadUrls(**urls, expires_at=expires, required_headers=headers)

    def sign_archive(self, run: Run) -> str | None:
        """A GET of the archive, None while there is none."""
        if run.archive.state is not ArchiveState.READY or not run.archive.key:
            return None
        name = f"{run.run_id}.tar.gz"
        return self._objects().sign_get(run.archive.key, expires_s=URL_LIFETIME_S, filename=name)

    def summary(self, run_id: str) -> bytes | None:
        """None while there is none. Raises Unavailable when the bucket does not give it."""
        try:
            return self._objects().read(layout.summary_key(run_id))
        except ObjectMissing:
            return None
        except StorageError:
            raise Unavailable("The bucket does not give the summary", code="storage_unavailable") from None

    def sign_files(self, task: Task) -> TaskFiles:
        """GETs of what the task's accepted attempt uploaded."""
        urls = [
            self._download(key, task, kind) for kind, key in (("result", task.result_key), ("error", task.error_key))
        ]
        return TaskFiles(
            result_url=urls[0], error_url=urls[1], expires_at=iso(self._clock() + URL_LIFETIME_S * 1000) or ""
        )

    def nonce_of(self, key: str, *, run_id: str, number: int, kind: str) -> Issued | None:
        """What the key says, if it can be a `kind` key of this task at all; None for any other key."""
        make, names = _GRAMMAR[kind]
        found = _ATTEMPT.search(key)
        attempt, nonce = (int(found[1]), found[2]) if found else (0, "none")
        if not names(key, issued=make(run_id, number, attempt, nonce), run_id=run_id, number=number):
            return None
        return Issued(attempt, nonce) if found else Issued(None, None)

    def _download(self, key: str | None, task: Task, kind: str) -> str | None:
        if key is None:
            return None
        return self._objects().sign_get(key, expires_s=URL_LIFETIME_S, filename=f"{task.folder}-{kind}.tar.gz")


def _options_in(line: bytes) -> dict[str, Any]:
    """Raises Unavailable for what no plan of ours holds: somebody else wrote to the bucket."""
    try:
        options = json.loads(line)
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise Unavailable(
            "The run's plan in the bucket is damaged: it does not hold the task's options", code="plan_damaged"
        )
    return options


_GRAMMAR = {
    "result": (layout.result_key, layout.names_result),
    "error": (layout.error_key, layout.names_error),
}
