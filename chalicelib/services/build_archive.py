"""Finalizes a run: archive first, pointer last, once. May be called any number of times, at any moment."""

import json
import logging
from dataclasses import dataclass, replace
from typing import Any

from benchfleet_contract.states import ArchiveState

from chalicelib.domain.leases import iso
from chalicelib.domain.ports import Builder, Built, Clock, FinalizeQueue, Runs, Tasks
from chalicelib.domain.records import Ending, Run, RunState
from chalicelib.domain.transitions import OPEN
from chalicelib.services.stop_run import EndOpenTasks

BUILD_LEASE_MS = 180_000  # then another may build; both would write the same bytes
MOST_BUILDS = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuildArchive:
    runs: Runs
    tasks: Tasks
    builder: Builder
    end_open: EndOpenTasks
    queue: FinalizeQueue
    clock: Clock

    def __call__(self, run_id: str) -> None:
        """Does nothing for a run that is unknown, finished, or has open tasks and is not closing.

        Raises whatever the build raised, so that the queue delivers the message again.
        """
        found = self.runs.get(run_id)
        if found is None or found[0].state is RunState.CREATING:
            return
        run, _ = found
        if run.archive.state in (ArchiveState.NONE, ArchiveState.BUILDING) and self._all_ended(run):
            self._build(run)

    def _all_ended(self, run: Run) -> bool:
        if run.ending:
            self.tasks.close_headers(run)
            self.end_open(run)
        return not any(task.status in OPEN for task in self.tasks.all(run))

    def _build(self, run: Run) -> None:
        now_ms = self.clock()
        build = self.runs.begin_archive(run.run_id, now_ms=now_ms, until_ms=now_ms + BUILD_LEASE_MS)
        if build is None:
            return
        try:
            built = self.builder.build(run, document=_document(run), tasks=self.tasks.all(run))
        except Exception as error:
            self._failed(run, build, error)
            raise
        self._close(run, replace(built, run_state=_last_state(run), reason=run.reason))

    def _failed(self, run: Run, build: int, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}"[:512]
        _log.warning("archive build %d of run %s failed: %s", build, run.run_id, words)
        if build < MOST_BUILDS:
            self.runs.release_archive(run.run_id, error=words)
            return
        state = RunState.CANCELLED if run.state is RunState.CANCELLED else RunState.FAILED
        self._close(run, Built(ArchiveState.FAILED, state, run.reason or "archive_failed", error=words))

    def _close(self, run: Run, built: Built) -> None:
        if self.runs.close_archive(run, built, now_ms=self.clock()):
            return
        # Stopped while we built: run.json would tell a state that is no longer true.
        self.runs.release_archive(run.run_id, error="the run changed while its archive was built")
        self.queue.send(run.run_id)


def _last_state(run: Run) -> RunState:
    if run.state is RunState.CANCELLED:
        return RunState.CANCELLED
    return RunState.FAILED if run.ending is Ending.DEADLINE else RunState.COMPLETED


def _document(run: Run) -> bytes:
    """`run.json`: the same bytes however often it is built."""
    document: dict[str, Any] = {
        "schema_version": 1, "run_id": run.run_id, "status": str(_last_state(run)), "reason": run.reason,
        "ruby_version": run.ruby_version, "workload": run.workload, "workload_options": run.workload_options,
        "per_instance_type": {"tasks": run.tasks_per_instance}, "tasks": run.task_count, "lease_s": run.lease_s,
        "max_attempts": run.max_attempts, "created_at": iso(run.created_ms), "deadline_at": iso(run.deadline_ms),
        "metadata": run.metadata, "body_sha256": run.body_sha256,
        "instances": [
            {"provider": g.key.provider, "instance_type": g.key.instance_type, "tasks": g.total} for g in run.groups
        ],
    }  # fmt: skip
    return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"
