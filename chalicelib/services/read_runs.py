"""What people and programs ask about runs and tasks."""

from dataclasses import dataclass

from benchfleet_contract import limits
from benchfleet_contract.runs import RunDetail, RunList
from benchfleet_contract.tasks import TaskList

from chalicelib.domain.counting import Counts
from chalicelib.domain.errors import RunNotFound
from chalicelib.domain.ports import Runs, Storage, Tasks
from chalicelib.domain.records import Run, RunState
from chalicelib.services.present import list_item, run_detail, task_view


def published(runs: Runs, run_id: str) -> tuple[Run, Counts]:
    """Raises RunNotFound, also for a run that is still being created."""
    found = runs.get(run_id)
    if found is None or found[0].state is RunState.CREATING:
        raise RunNotFound
    return found


@dataclass(frozen=True)
class ReadRuns:
    runs: Runs
    tasks: Tasks
    storage: Storage

    def newest(self, *, cursor: str | None) -> RunList:
        """The newest 100 runs, or the 100 before `cursor`."""
        runs, next_cursor = self.runs.newest(limit=limits.RUNS_PAGE, cursor=cursor)
        return RunList(runs=[list_item(run) for run in runs], next_cursor=next_cursor)

    def detail(self, run_id: str) -> RunDetail:
        run, counts = published(self.runs, run_id)
        return run_detail(run, counts, self.storage)

    def task_page(self, run_id: str, *, after: int, limit: int) -> TaskList:
        """Tasks with numbers above `after`, in order; `next_cursor` when there are more."""
        run, _ = published(self.runs, run_id)
        found = self.tasks.page(run, after=after, limit=limit)
        more = found and found[-1].number < run.task_count
        cursor = str(found[-1].number) if more else None
        return TaskList(run_id=run_id, tasks=[task_view(t) for t in found], next_cursor=cursor)
