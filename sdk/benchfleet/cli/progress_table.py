"""The live table: a row for each instance type and subject, a bar over all, when it will be done, and why something waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchfleet_contract.runs import GroupCounts
from benchfleet_contract.states import ArchiveState, TaskStatus
from benchfleet_contract.tasks import Task
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from benchfleet.documents.printable import printable
from benchfleet.results.stops import not_needed, stop_words
from benchfleet.watch.durations import stopwatch
from benchfleet.watch.estimate import remaining_s
from benchfleet.watch.groups import demand_of, has_subjects, in_flight, key_of, open_tasks
from benchfleet.watch.poller import Snapshot

_MOST_ROWS = 20  # groups; what is open comes first
_MOST_TASKS = 2  # told by name in a row
_BAR_COLUMNS = 40


@dataclass(frozen=True)
class Picture:
    """`reasons`: why some tasks wait, a line each."""

    snapshot: Snapshot
    reasons: tuple[str, ...] = ()


def draw(picture: Picture, *, now: datetime | None = None) -> RenderableType:
    snapshot = picture.snapshot
    groups = sorted(snapshot.run.groups, key=lambda group: not open_tasks(group))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    compares = has_subjects(groups)
    for name in ("instance type", *(["subject"] if compares else [])):
        table.add_column(name, overflow="fold")
    stopped = snapshot.run.tasks.cancelled > 0
    word = "not needed" if not_needed(snapshot.run) else "cancelled"
    for name in ("pending", "running", "done", "failed", *([word] if stopped else [])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("now", overflow="ellipsis", no_wrap=True)
    for group in groups[:_MOST_ROWS]:
        table.add_row(*_cells(group, snapshot.tasks, compares=compares, stopped=stopped))
    more = len(groups) - _MOST_ROWS
    what = "rows" if compares else "instance types"
    below = [Text(f"… and {more} more {what}", style="dim")] if more > 0 else []
    waits = [Text(machines, style="dim") for machines in _machines(snapshot)]
    waits += [Text(reason, style="yellow") for reason in picture.reasons]
    enough = [Text(words, style="dim") for words in stops(snapshot)]
    return Group(table, *below, _overall(snapshot, now or datetime.now(UTC)), *waits, *enough)


def _machines(snapshot: Snapshot) -> list[str]:
    """`machines: 1 starting, 2 running`, where the control plane brings some."""
    told = [f"{number} {state}" for state, number in (snapshot.run.launches or {}).items()]
    return [f"machines: {', '.join(told)}"] if told else []


def stops(snapshot: Snapshot) -> list[str]:
    """Why a run with a target precision takes no more tasks of some machines."""
    precision = snapshot.run.precision
    return [printable(words) for words in stop_words(precision)] if precision else []


def _cells(group: GroupCounts, tasks: Sequence[Task], *, compares: bool, stopped: bool) -> list[Text]:
    """There is a column for subjects if the run `compares` some, and one for cancelled tasks if it was `stopped`."""
    return [
        Text(str(demand_of(group))),
        *([Text(group.subject or "")] if compares else []),
        _count(group.pending),
        _count(in_flight(group), "cyan"),
        _count(group.completed, "green"),
        _count(group.failed, "bold red"),
        *([_count(group.cancelled, "yellow")] if stopped else []),
        Text(_doing(group, tasks), style="dim"),
    ]


def _count(number: int, style: str = "") -> Text:
    return Text(str(number), style=style if number else "dim")


def _doing(group: GroupCounts, tasks: Sequence[Task]) -> str:
    """Which benchmarks run, and how far they are."""
    here = [task for task in tasks if key_of(task) == key_of(group)]
    running = [task for task in here if task.status == TaskStatus.RUNNING]
    told = [_of_task(task) for task in running[:_MOST_TASKS]]
    more = group.running - len(told)
    return ", ".join(told) + (f", +{more}" if told and more > 0 else "")


def _of_task(task: Task) -> str:
    what = printable(task.current_benchmark or task.heartbeat_message or "starting")
    return what if task.progress_pct is None else f"{what} {task.progress_pct} %"


def _overall(snapshot: Snapshot, now: datetime) -> Table:
    """One line: bar, share, time since the start, time to the end where there is a basis for it."""
    tasks = snapshot.run.tasks
    ended = tasks.completed + tasks.failed + not_needed(snapshot.run)  # as the line of a pipe counts
    took_s = max(0.0, (now - datetime.fromisoformat(snapshot.run.created_at)).total_seconds())
    line = Table.grid(padding=(0, 2, 0, 0))
    share = f"{100 * ended / tasks.total:.0f} %" if tasks.total else ""
    bar = ProgressBar(total=max(1, tasks.total), completed=ended, width=_BAR_COLUMNS)
    line.add_row(bar, Text(share), Text(stopwatch(took_s)), Text(_ahead(snapshot, now), style="dim"))
    return line


def _ahead(snapshot: Snapshot, now: datetime) -> str:
    if snapshot.run.status.is_over:
        return f"{snapshot.run.status}, archive {snapshot.run.archive.state}"
    if snapshot.run.archive.state != ArchiveState.NONE:
        return f"archive {snapshot.run.archive.state}"
    left_s = remaining_s(snapshot.run, snapshot.tasks, now=now)
    word = "at most" if snapshot.run.precision else "about"
    return f"{word} {stopwatch(left_s)} to go" if left_s and left_s >= 1 else ""
