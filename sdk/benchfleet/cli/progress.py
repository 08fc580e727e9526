"""Progress of a run: bars on a terminal, a line for each change elsewhere. Always on stderr: stdout is for results."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import ArchiveState, RunStatus, TaskStatus
from benchfleet_contract.tasks import Task
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from benchfleet.following import Display


@contextmanager
def display(console: Console) -> Iterator[Display]:
    """Bars if the console is a terminal, else plain lines."""
    if not console.is_terminal:
        yield PlainLines(console)
        return
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TextColumn("{task.fields[doing]}"), TimeElapsedColumn(), console=console) as progress:
        yield Bars(progress)


class PlainLines:
    """One line whenever a task or the archive changes state."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: dict[str, str] = {}

    def note(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, run: RunDetail, tasks: Sequence[Task]) -> None:
        for task in tasks:
            self._changed(f"task {task.id}", _state(task))
        if run.archive.state != ArchiveState.NONE:
            self._changed("archive", run.archive.state.value)

    def _changed(self, what: str, state: str) -> None:
        if self._seen.get(what) != state:
            self._seen[what] = state
            self.note(f"{what}: {state}")


class Bars:
    """One bar a task."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def note(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, run: RunDetail, tasks: Sequence[Task]) -> None:
        for task in tasks:
            bar = self._bars.get(task.id)
            if bar is None:
                bar = self._bars[task.id] = self._progress.add_task(f"task {task.id}", total=100, doing="")
            self._progress.update(bar, completed=_percent(task), doing=doing(task))
        if run.status == RunStatus.RUNNING and tasks and all(task.ended_at for task in tasks):
            self._progress.update(self._bars[tasks[-1].id], doing="building the archive")


def doing(task: Task) -> str:
    """What to say of a task in a few words."""
    if task.status == TaskStatus.RUNNING:
        return task.current_benchmark or task.heartbeat_message or "running"
    return _state(task)


def _state(task: Task) -> str:
    return f"{task.status.value}: {task.error_message or task.reason}" if task.error_type else task.status.value


def _percent(task: Task) -> int:
    return 100 if task.status == TaskStatus.COMPLETED else task.progress_pct or 0
