"""Progress of a run: a live table on a terminal, a line for each change elsewhere. On stderr: stdout is for results."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from benchfleet_contract.states import ArchiveState, TaskStatus
from benchfleet_contract.tasks import Task
from rich.console import Console
from rich.live import Live

from benchfleet.cli.progress_table import Picture, draw, stops
from benchfleet.cli.sentences import fitted
from benchfleet.documents.printable import printable
from benchfleet.results.stops import not_needed
from benchfleet.watch.machines import MachineNews
from benchfleet.watch.poller import Snapshot
from benchfleet.watch.polling import Display

_MOST_FAILURES = 10  # told one by one
_MOST_CHARACTERS = 300  # of what is told of one


class Shown(Display, Protocol):
    """A display that can make room for a question."""

    def paused(self) -> AbstractContextManager[None]: ...


@contextmanager
def display(console: Console) -> Iterator[Shown]:
    """A live table if the console is a terminal that can move its cursor, else plain lines."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield PlainLines(console)
        return
    table = LiveTable(console)
    try:
        yield table
    finally:
        table.close()


class Failures:
    """Tells each task that failed once, and the first few only."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: set[str] = set()

    def __call__(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            if task.status != TaskStatus.FAILED or task.id in self._told or len(self._told) > _MOST_FAILURES:
                continue
            self._told.add(task.id)
            if len(self._told) > _MOST_FAILURES:
                self._tell("More tasks failed; the first ones are shown above")
            else:
                said = one_line(task.error_message or task.reason or task.error_type or "")
                self._tell(f"task {task.id}{f' of {task.subject}' if task.subject else ''} failed: {said}")


def one_line(text: str) -> str:
    """Its lines behind each other, as far as a line of a log can be."""
    said = " / ".join(line for whole in printable(text).splitlines() if (line := whole.strip()))
    return said if len(said) <= _MOST_CHARACTERS else f"{said[: _MOST_CHARACTERS - 1]}…"


class PlainLines:
    """One line whenever a count or the archive changes, and each note once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._seen: dict[str, object] = {}
        self._failures = Failures(self.note)
        self._machines = MachineNews()

    def note(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def show(self, snapshot: Snapshot, reasons: Sequence[str]) -> None:
        self._changed("counts", counts(snapshot))
        for news in self._machines.of(snapshot.launches):
            self.note(one_line(news))
        self._failures(snapshot.tasks)
        for reason in reasons:
            self._changed(f"reason {reason}", reason)
        for words in stops(snapshot):
            self._changed(f"stop {words}", words)
        if snapshot.run.archive.state != ArchiveState.NONE:
            self._changed("archive", f"archive: {snapshot.run.archive.state}")

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _changed(self, what: str, line: str) -> None:
        if self._seen.get(what) != line:
            self._seen[what] = line
            self.note(line)


def counts(snapshot: Snapshot) -> str:
    """The line of a pipe: `[67%] Pending: 1 | Running: 1 | ✓ 4 | ✗ 0`."""
    tasks = snapshot.run.tasks
    ended = tasks.completed + tasks.failed + not_needed(snapshot.run)
    share = round(100 * ended / tasks.total) if tasks.total else 0
    working = tasks.claimed + tasks.running
    line = f"[{share}%] Pending: {tasks.pending} | Running: {working} | ✓ {tasks.completed} | ✗ {tasks.failed}"
    word = "not needed" if not_needed(snapshot.run) else "cancelled"
    return line + (f" | {word} {tasks.cancelled}" if tasks.cancelled else "")


class LiveTable:
    """The table of `progress_table`, drawn anew at each poll; notes stay above it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = self._fresh()
        self._picture: Picture | None = None
        self._failures = Failures(self.note)
        self._machines = MachineNews()

    def note(self, text: str) -> None:
        console = self._live.console
        console.print(fitted(text, console.width), highlight=False, markup=False, soft_wrap=True)

    def show(self, snapshot: Snapshot, reasons: Sequence[str]) -> None:
        for news in self._machines.of(snapshot.launches):
            self.note(one_line(news))
        self._failures(snapshot.tasks)
        self._picture = Picture(snapshot, tuple(reasons))
        if not self._live.is_started:
            self._live.start()
        self._live.update(draw(self._picture), refresh=True)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The table stays where it is; a new one begins below."""
        self.close()
        yield
        self._live = self._fresh()  # the old one would draw over what was said meanwhile

    def _fresh(self) -> Live:
        return Live(console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)

    def close(self) -> None:
        self._live.stop()
