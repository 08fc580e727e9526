"""Building the archive of a run in the bucket. Who may build, and the pointer to the result, are others' business.

Safe to call again at any time, also after a crash in the middle or beside another build of the same run: the object
appears in one step, and the same tasks with the same uploads give the same bytes.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from typing import Any, Literal

from benchfleet_contract.states import ArchiveState, ResultState, TaskStatus

from chalicelib.archive.bundle import BundleReport, Source, Told, write_bundle
from chalicelib.archive.errors import StorageError
from chalicelib.archive.layout import archive_key
from chalicelib.archive.prefetch import Content, prefetched
from chalicelib.archive.s3 import Objects
from chalicelib.archive.summary import SummaryWriter
from chalicelib.archive.unpack import Limits
from chalicelib.archive.upload import SMALLEST_PART_BYTES, MultipartWriter
from chalicelib.domain.ports import Built, Flaw
from chalicelib.domain.records import Contents, Run, RunState, Task

_MOST_REASON_CHARS = 512  # of a flaw, in a task's item
_log = logging.getLogger(__name__)


class ArchiveBuilder:
    """Answers the services' `Builder`. `objects` is called on first use.

    `smallest_part_bytes` (S3 wants 5 MiB or more) and `limits` are for tests.
    """

    def __init__(
        self,
        objects: Callable[[], Objects],
        *,
        smallest_part_bytes: int = SMALLEST_PART_BYTES,
        limits: Limits | None = None,
    ) -> None:
        self._connect = objects
        self._smallest_part_bytes = smallest_part_bytes
        self._limits = limits

    @property
    def _objects(self) -> Objects:
        return self._connect()

    def build(self, run: Run, *, document: bytes, tasks: Iterable[Task]) -> Built:
        """Writes the archive of a run, then its summary; `tasks` come by rising number (else ValueError), `document` is JSON.

        Raises StorageError: then nothing has changed under the archive's key, and the caller may try it all again.
        """
        key = archive_key(run.run_id)
        summary = SummaryWriter(run)
        with MultipartWriter(self._objects, key, smallest_part_bytes=self._smallest_part_bytes) as sink:
            report = self._write(sink, run.run_id, document, tasks, summary.add)
        self._sweep(key)
        summary.write(self._objects)
        if report.missing or report.corrupt:
            _log.warning("run %s: %d missing, %d corrupt results", run.run_id, len(report.missing), len(report.corrupt))
        return _built(key, sink, report)

    def _write(
        self, sink: MultipartWriter, run_id: str, run_document: bytes, tasks: Iterable[Task], told: Told
    ) -> BundleReport:
        fetched = prefetched(self._objects, _rising(tasks), key_of=_key)
        with closing(fetched):  # ends the threads at once, also when a task's upload cannot be read
            return write_bundle(
                (_source(task, content) for task, content in fetched),
                sink,
                run_document=run_document,
                manifest_header={"run_id": run_id},
                limits=self._limits,
                told=told,
            )

    def _sweep(self, key: str) -> None:
        """Drop the parts that builds of this archive left when they were killed.

        A build that still runs beside us loses its parts too; it fails, is retried and finds ours. And since ours is
        complete, trouble here is none of the caller's: a rule of the bucket drops old parts as well.
        """
        with suppress(StorageError):
            for upload in self._objects.unfinished_uploads(key):
                self._objects.abort_upload(key, upload)


def _rising(tasks: Iterable[Task]) -> Iterator[Task]:
    """Same order, same bytes; and since a folder ends with the task's number, no two tasks share one."""
    last = 0
    for task in tasks:
        if task.number <= last:
            raise ValueError(f"task {task.number} after task {last}")
        last = task.number
        yield task


def _built(key: str, sink: MultipartWriter, report: BundleReport) -> Built:
    return Built(
        ArchiveState.READY,
        RunState.COMPLETED,
        None,
        key=key,
        size_bytes=sink.size_bytes,
        sha256=sink.sha256,
        contents=Contents(report.whole, len(report.corrupt), len(report.missing), tuple(report.lost)),
        flaws=tuple(Flaw(number, ResultState(how), why[:_MOST_REASON_CHARS]) for number, how, why in report.flaws),
    )


def _key(task: Task) -> str | None:
    """What is archived: a completed task's result, any other's error."""
    return task.result_key if task.status is TaskStatus.COMPLETED else task.error_key


def _kind(task: Task) -> Literal["result", "error"] | None:
    if _key(task) is None:
        return None
    return "result" if task.status is TaskStatus.COMPLETED else "error"


def _source(task: Task, content: Content | None) -> Source:
    return Source(
        folder=task.folder, key=_key(task), kind=_kind(task), task=_told(task), content=content, seal=task.seal
    )


def _told(task: Task) -> dict[str, Any]:
    """A task's fields in the manifest. What only some runs have stands there only where it is."""
    told: dict[str, Any] = {
        "number": task.number, "id": task.id, "provider": task.demand.provider,
        "instance_type": task.demand.instance_type, "alias": task.alias, "run_number": task.run_number,
        "status": str(task.status), "attempt": task.attempt, "failure_class": task.failure_class,
        "error_type": task.error_type, "error_message": task.error_message, "reason": task.reason,
    }  # fmt: skip
    only = {"subject": task.subject, "part": task.part}
    return told | {name: value for name, value in only.items() if value is not None}
