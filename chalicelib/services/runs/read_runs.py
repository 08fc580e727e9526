"""What people and programs ask about runs and tasks."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchfleet_contract import limits
from benchfleet_contract.runners import TaskFiles
from benchfleet_contract.runs import RunDetail, RunList
from benchfleet_contract.states import ArchiveState
from benchfleet_contract.tasks import Task as TaskView
from benchfleet_contract.tasks import TaskList

from chalicelib.domain.counting import Counts
from chalicelib.domain.errors import RunNotFound, SummaryNotFound, TaskNotFound
from chalicelib.domain.ports import Launches, Runs, Storage, Tasks
from chalicelib.domain.records import Run, Task
from chalicelib.domain.selection import Wanted
from chalicelib.services.runs.present import list_item, run_detail, task_view

if TYPE_CHECKING:
    from benchfleet_contract.launches import LaunchState
    from benchfleet_contract.summary import RunSummary

_NO_SUMMARY = {
    ArchiveState.NONE: "The results are summarised when the run has ended and its archive is built",
    ArchiveState.BUILDING: "The archive is being built, and the summary with it",
    ArchiveState.FAILED: "The archive could not be built, so there is no summary",
    ArchiveState.READY: "The archive was built without a summary: download it, and use `benchfleet report`",
}


def published(runs: Runs, run_id: str) -> tuple[Run, Counts]:
    """Raises RunNotFound, also for a run that is still being created, or is being deleted."""
    found = runs.get(run_id)
    if found is None or not found[0].is_shown:
        raise RunNotFound
    return found


@dataclass(frozen=True)
class ReadRuns:
    runs: Runs
    tasks: Tasks
    launches: Launches
    storage: Storage

    def newest(self, *, cursor: str | None) -> RunList:
        """The newest 100 runs, or the 100 before `cursor`."""
        runs, next_cursor = self.runs.newest(limit=limits.RUNS_PAGE, cursor=cursor)
        return RunList(runs=[list_item(run) for run in runs], next_cursor=next_cursor)

    def detail(self, run_id: str) -> RunDetail:
        run, counts = published(self.runs, run_id)
        detail = run_detail(run, counts, self.storage)
        return detail.model_copy(update={"launches": self._launches(run_id)}) if run.fleet else detail

    def _launches(self, run_id: str) -> "dict[LaunchState, int]":
        """How many machines are in each state; states that none is in are left out."""
        return dict(Counter(launch.state for launch in self.launches.all(run_id)))

    def summary(self, run_id: str) -> "RunSummary":
        """What the run measured. Raises RunNotFound, and SummaryNotFound with the reason while there is none."""
        from benchfleet_contract.summary import RunSummary

        run, _ = published(self.runs, run_id)
        found = self.storage.summary(run_id) if run.archive.state is ArchiveState.READY else None
        if found is None:
            raise SummaryNotFound(_NO_SUMMARY[run.archive.state])
        return RunSummary.model_validate_json(found)

    def task_page(self, run_id: str, wanted: Wanted, *, after: int, limit: int) -> TaskList:
        """Tasks with numbers above `after`, in order. There may be more while there is a `next_cursor`."""
        run, _ = published(self.runs, run_id)
        found = self.tasks.select(run, wanted, after=after, limit=limit)
        cursor = None if found.cursor is None else str(found.cursor)
        return TaskList(run_id=run_id, tasks=[task_view(task) for task in found.tasks], next_cursor=cursor)

    def task(self, run_id: str, number: int) -> TaskView:
        """Raises TaskNotFound."""
        return task_view(self._task(run_id, number))

    def files(self, run_id: str, number: int) -> TaskFiles:
        """Download URLs of what was accepted. Raises TaskNotFound."""
        return self.storage.sign_files(self._task(run_id, number))

    def _task(self, run_id: str, number: int) -> Task:
        """A task of a run in creation is not there yet."""
        task = self.tasks.get(run_id, number)
        try:
            published(self.runs, run_id)
        except RunNotFound:
            raise TaskNotFound from None
        if task is None:
            raise TaskNotFound
        return task
