"""Building the archive of a run in the bucket. Who may build, and the pointer to the result, are others' business.

Safe to call again at any time, also after a crash in the middle or beside another build of the same run: the object
appears in one step, and the same tasks with the same uploads give the same bytes.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

from benchfleet_contract.names import folder_name

from chalicelib.archive.bundle import BundleReport, Source, write_bundle
from chalicelib.archive.errors import StorageError
from chalicelib.archive.layout import archive_key
from chalicelib.archive.prefetch import Content, prefetched
from chalicelib.archive.s3 import Objects
from chalicelib.archive.unpack import Limits
from chalicelib.archive.upload import SMALLEST_PART_BYTES, MultipartWriter

_IF_ANY = ("subject", "part")
_NOT_TOLD = frozenset({"result_key", "error_key", "seal"})


@dataclass(frozen=True, kw_only=True)
class BundleTask:
    """A task as the archive sees it: its fields go into the manifest as they are, except keys and seal.

    A completed task's `result_key` is archived, any other's `error_key`.
    """

    number: int
    id: str
    provider: str
    instance_type: str
    alias: str | None
    run_number: int
    status: str
    attempt: int
    failure_class: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    reason: str | None = None
    result_key: str | None = None
    error_key: str | None = None
    seal: str | None = None
    subject: str | None = None
    part: str | None = None

    @property
    def kind(self) -> Literal["result", "error"] | None:
        if self.key is None:
            return None
        return "result" if self.status == "completed" else "error"

    @property
    def key(self) -> str | None:
        return self.result_key if self.status == "completed" else self.error_key


@dataclass(frozen=True)
class BuiltArchive:
    """`missing` and `corrupt` are the ids of the tasks whose upload is not there, or could not be unpacked."""

    key: str
    size_bytes: int
    sha256: str
    missing: list[str]
    corrupt: list[str]
    whole: int = 0
    lost: tuple[tuple[str, str, str], ...] = ()  # task id, `missing` or `corrupt`, why: the first of both
    flaws: tuple[tuple[int, str, str], ...] = ()  # the same of all, by task number


class ArchiveBuilder:
    """`smallest_part_bytes` (S3 wants 5 MiB or more) and `limits` are for tests."""

    def __init__(
        self, objects: Objects, *, smallest_part_bytes: int = SMALLEST_PART_BYTES, limits: Limits | None = None
    ) -> None:
        self._objects = objects
        self._smallest_part_bytes = smallest_part_bytes
        self._limits = limits

    def build(self, run_id: str, *, run_document: bytes, tasks: Iterable[BundleTask]) -> BuiltArchive:
        """Write the archive of a run; `tasks` come by rising number (else ValueError), `run_document` is JSON.

        Raises StorageError: then nothing has changed under the archive's key, and the caller may try it all again.
        """
        key = archive_key(run_id)
        with MultipartWriter(self._objects, key, smallest_part_bytes=self._smallest_part_bytes) as sink:
            report = self._write(sink, run_id, run_document, tasks)
        self._sweep(key)
        return BuiltArchive(
            key, sink.size_bytes, sink.sha256, report.missing, report.corrupt, report.whole, tuple(report.lost),
            tuple(report.flaws),
        )  # fmt: skip

    def _write(
        self, sink: MultipartWriter, run_id: str, run_document: bytes, tasks: Iterable[BundleTask]
    ) -> BundleReport:
        fetched = prefetched(self._objects, _rising(tasks), key_of=lambda task: task.key)
        with closing(fetched):  # ends the threads at once, also when a task's upload cannot be read
            return write_bundle(
                (_source(task, content) for task, content in fetched),
                sink,
                run_document=run_document,
                manifest_header={"run_id": run_id},
                limits=self._limits,
            )

    def _sweep(self, key: str) -> None:
        """Drop the parts that builds of this archive left when they were killed.

        A build that still runs beside us loses its parts too; it fails, is retried and finds ours. And since ours is
        complete, trouble here is none of the caller's: a rule of the bucket drops old parts as well.
        """
        with suppress(StorageError):
            for upload in self._objects.unfinished_uploads(key):
                self._objects.abort_upload(key, upload)


def _rising(tasks: Iterable[BundleTask]) -> Iterator[BundleTask]:
    """Same order, same bytes; and since a folder ends with the task's number, no two tasks share one."""
    last = 0
    for task in tasks:
        if task.number <= last:
            raise ValueError(f"task {task.number} after task {last}")
        last = task.number
        yield task


def _source(task: BundleTask, content: Content | None) -> Source:
    return Source(
        folder=folder_name(task.alias, task.instance_type, task.number, task.subject),
        key=task.key,
        kind=task.kind,
        task=_manifest_fields(task),
        content=content,
        seal=task.seal,
    )


def _manifest_fields(task: BundleTask) -> dict[str, Any]:
    left_out = _NOT_TOLD | {name for name in _IF_ANY if getattr(task, name) is None}
    return {name: value for name, value in asdict(task).items() if name not in left_out}
