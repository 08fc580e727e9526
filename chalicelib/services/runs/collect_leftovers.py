"""Deletes uploads that no task names: of attempts that lost their lease, or were never told of.

A long time after the run's end, when no upload URL is valid any more. May be called any number of times, at any moment.
"""

import logging
from dataclasses import dataclass

from benchfleet_contract.states import ArchiveState

from chalicelib.domain.ports import Leftovers, Runs, Storage, Tasks
from chalicelib.domain.records import Run

_ENDED = (ArchiveState.READY, ArchiveState.FAILED)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CollectLeftovers:
    runs: Runs
    tasks: Tasks
    leftovers: Leftovers
    storage: Storage

    def __call__(self, run_id: str) -> None:
        """Waits for the archive of a run that has none: the sweep asks again. Raises what the bucket raises."""
        found = self.runs.get(run_id)
        if found and found[0].is_shown:
            run, _ = found
            if run.archive.state not in _ENDED:
                return
            if dropped := self._drop(run):
                _log.info("deleted %d uploads of run %s that no task names", dropped, run_id)
        self.leftovers.clear(run_id)  # a deletion takes everything along

    def _drop(self, run: Run) -> int:
        named = {key for task in self.tasks.all(run) for key in (task.result_key, task.error_key) if key}
        dropped = 0
        for page in self.storage.uploads(run.run_id):
            strays = [key for key in page if key not in named]
            if strays and not self._is_still_there(run):
                break
            self.storage.drop(strays)
            dropped += len(strays)
        return dropped

    def _is_still_there(self, run: Run) -> bool:
        """Deleted meanwhile, its id may belong to another run, of whose uploads we know nothing."""
        found = self.runs.get(run.run_id)
        return bool(found and found[0].is_shown and found[0].created_ms == run.created_ms)
