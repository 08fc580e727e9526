"""The services' `Builder`, in terms of the archive's own words."""

import logging
from collections.abc import Callable, Iterable

from benchfleet_contract.states import ArchiveState, ResultState

from chalicelib.archive.build import ArchiveBuilder, BundleTask
from chalicelib.archive.s3 import Objects
from chalicelib.domain.ports import Built, Flaw
from chalicelib.domain.records import Contents, Run, RunState, Task

_log = logging.getLogger(__name__)


class Builder:
    """`objects` is called on first use."""

    def __init__(self, objects: Callable[[], Objects]) -> None:
        self._objects = objects

    def build(self, run: Run, *, document: bytes, tasks: Iterable[Task]) -> Built:
        """Builds `runs/<run_id>/results.tar.gz`. Raises StorageError."""
        builder = ArchiveBuilder(self._objects())
        built = builder.build(run.run_id, run_document=document, tasks=(_bundle_task(task) for task in tasks))
        if built.missing or built.corrupt:
            _log.warning("run %s: %d missing, %d corrupt results", run.run_id, len(built.missing), len(built.corrupt))
        return Built(
            ArchiveState.READY,
            RunState.COMPLETED,
            None,
            key=built.key,
            size_bytes=built.size_bytes,
            sha256=built.sha256,
            contents=Contents(built.whole, len(built.corrupt), len(built.missing), built.lost),
            flaws=tuple(Flaw(number, ResultState(how), why[:512]) for number, how, why in built.flaws),
        )


def _bundle_task(task: Task) -> BundleTask:
    return BundleTask(
        number=task.number, id=task.id, provider=task.demand.provider, instance_type=task.demand.instance_type,
        alias=task.alias, run_number=task.run_number, status=str(task.status), attempt=task.attempt,
        failure_class=task.failure_class, error_type=task.error_type, error_message=task.error_message,
        reason=task.reason, result_key=task.result_key, error_key=task.error_key, seal=task.seal,
        subject=task.subject, part=task.part,
    )  # fmt: skip
