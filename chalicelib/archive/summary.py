"""`summary.json` beside the archive: the rankings of a run, made of the results while they are archived.

An archive is worth more than its summary: whatever goes wrong in making one is logged, and the archive stands.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from chalicelib.archive.bundle import Source
from chalicelib.archive.layout import summary_key
from chalicelib.archive.s3 import Objects
from chalicelib.domain.records import Run

if TYPE_CHECKING:
    from benchfleet_results.run_summary import RunSummariser

_log = logging.getLogger(__name__)


class SummaryWriter:
    def __init__(self, run: Run) -> None:
        self._run_id = run.run_id
        self._summariser: RunSummariser | None = _summariser(run)

    def add(self, source: Source, files: Mapping[str, bytes] | None) -> None:
        if self._summariser is None:
            return
        try:
            self._summariser.add(source.task, files)
        except Exception:
            self._give_up()

    def write(self, objects: Objects) -> None:
        """Raises StorageError."""
        if self._summariser is None:
            return
        try:
            document = self._summariser.document()
        except Exception:
            self._give_up()
        else:
            objects.put_json_bytes(summary_key(self._run_id), document)

    def _give_up(self) -> None:
        self._summariser = None
        _log.exception("could not summarise run %s", self._run_id)


def _summariser(run: Run) -> "RunSummariser":
    """What computes is imported here: a function that only signs needs none of it."""
    from benchfleet_results.run_summary import RunSummariser

    return RunSummariser(run.run_id, without=run.groups[-1].subject if run.noise_floor else None)
