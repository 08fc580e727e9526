"""What was read from results folders, before anything is computed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_results.boards.tasks import Task


@dataclass(frozen=True)
class Run:
    """A folder. `about` is its run.json, as far as that was there."""

    run_id: str
    folder: Path
    about: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    not_needed: int = (
        0  # tasks that the control plane did without: the target precision was reached, or the time was over
    )


@dataclass(frozen=True)
class Dataset:
    runs: tuple[Run, ...]
    tasks: tuple[Task, ...]

    def of_runs(self, run_ids: frozenset[str]) -> "Dataset":
        return Dataset(
            tuple(run for run in self.runs if run.run_id in run_ids),
            tuple(task for task in self.tasks if task.run_id in run_ids),
        )
