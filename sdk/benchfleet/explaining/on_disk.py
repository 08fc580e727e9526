"""An explanation of a run that has ended, from its results folder: its control plane may have ended with it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchfleet_contract.runners import RunnerList
from benchfleet_contract.runs import RunDetail
from benchfleet_contract.tasks import Task

from benchfleet.exceptions import UsageError
from benchfleet.explaining.document import Explanation, LogTail
from benchfleet.explaining.failing import failures
from benchfleet.explaining.judging import judge
from benchfleet.results.run_on_disk import error_text, read_tasks

_LOGS = 5  # that are read for a run
_LINES = 20


def explain(run: RunDetail, folder: Path, *, task_id: str | None = None, now: datetime | None = None) -> Explanation:
    """`folder` is that of the run. Raises UsageError if it has no such task."""
    tasks = [task for task in read_tasks(folder, run) if task_id in (None, task.id)]
    if task_id and not tasks:
        raise UsageError(f"task {task_id} is not in {folder}/: run {run.run_id} has {run.tasks.total} tasks")
    nobody = RunnerList(run_id=run.run_id, runners=[])
    tails = {tail.task_id: tail for tail in _tails(folder, tasks)}
    return judge(run, tasks, nobody, now or datetime.now(UTC), task_id=task_id, tails=tails)


def _tails(folder: Path, tasks: Sequence[Task]) -> Iterator[LogTail]:
    """One for each kind of failure."""
    for kind in list(failures(tasks).values())[:_LOGS]:
        text = error_text(folder, kind[0].id)
        if text:
            lines = text.splitlines()
            yield LogTail(task_id=kind[0].id, file="error.txt", lines=lines[-_LINES:], cut=len(lines) > _LINES)
