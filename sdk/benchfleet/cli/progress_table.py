"""The live table: a row an instance type, a bar over all, when it will be done, and why something waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchfleet_contract.runs import GroupCounts
from benchfleet_contract.states import ArchiveState, RunStatus, TaskStatus
from benchfleet_contract.tasks import Task
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from benchfleet.documents.printable import printable
from benchfleet.watch.estimate import remaining_s
from benchfleet.watch.look import Look

_MOST_ROWS = 20  # instance types; what is open comes first
_MOST_TASKS = 2  # told by name in a row
_BAR_COLUMNS = 40


@dataclass(frozen=True)
class Picture:
    """`reasons`: why some tasks wait, a line each."""

    look: Look
    reasons: tuple[str, ...] = ()


def draw(picture: Picture, *, now: datetime | None = None) -> RenderableType:
    look = picture.look
    groups = sorted(look.run.groups, key=lambda group: not _open(group))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("instance type", overflow="fold")
    stopped = look.run.tasks.cancelled > 0
    for name in ("pending", "running", "done", "failed", *(["cancelled"] if stopped else [])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("now", overflow="ellipsis", no_wrap=True)
    for group in groups[:_MOST_ROWS]:
        table.add_row(*_cells(group, look.tasks, stopped=stopped))
    more = len(groups) - _MOST_ROWS
    below = [Text(f"… and {more} more instance types", style="dim")] if more > 0 else []
    waits = [Text(reason, style="yellow") for reason in picture.reasons]
    return Group(table, *below, _overall(look, now or datetime.now(UTC)), *waits)


def _open(group: GroupCounts) -> int:
    return group.pending + group.claimed + group.running


def _cells(group: GroupCounts, tasks: Sequence[Task], *, stopped: bool) -> list[Text]:
    """`stopped`: some tasks of the run were cancelled, so that there is a column for it."""
    return [
        Text(f"{group.provider}/{group.instance_type}"),
        _count(group.pending),
        _count(group.claimed + group.running, "cyan"),
        _count(group.completed, "green"),
        _count(group.failed, "bold red"),
        *([_count(group.cancelled, "yellow")] if stopped else []),
        Text(_doing(group, tasks), style="dim"),
    ]


def _count(number: int, style: str = "") -> Text:
    return Text(str(number), style=style if number else "dim")


def _doing(group: GroupCounts, tasks: Sequence[Task]) -> str:
    """Which benchmarks run, and how far they are."""
    here = [t for t in tasks if (t.provider, t.instance_type) == (group.provider, group.instance_type)]
    running = [task for task in here if task.status == TaskStatus.RUNNING]
    told = [_of_task(task) for task in running[:_MOST_TASKS]]
    more = group.running - len(told)
    return ", ".join(told) + (f", +{more}" if told and more > 0 else "")


def _of_task(task: Task) -> str:
    what = printable(task.current_benchmark or task.heartbeat_message or "starting")
    return what if task.progress_pct is None else f"{what} {task.progress_pct} %"


def _overall(look: Look, now: datetime) -> Table:
    """One line: bar, share, time since the start, time to the end where there is a basis for it."""
    tasks = look.run.tasks
    ended = tasks.completed + tasks.failed  # as the line of a pipe counts
    took_s = max(0.0, (now - datetime.fromisoformat(look.run.created_at)).total_seconds())
    line = Table.grid(padding=(0, 2, 0, 0))
    share = f"{100 * ended / tasks.total:.0f} %" if tasks.total else ""
    bar = ProgressBar(total=max(1, tasks.total), completed=ended, width=_BAR_COLUMNS)
    line.add_row(bar, Text(share), Text(span(took_s)), Text(_ahead(look, now), style="dim"))
    return line


def _ahead(look: Look, now: datetime) -> str:
    if look.run.status != RunStatus.RUNNING:
        return f"{look.run.status}, archive {look.run.archive.state}"
    if look.run.archive.state != ArchiveState.NONE:
        return f"archive {look.run.archive.state}"
    left_s = remaining_s(look.run, look.tasks, now=now)
    return f"about {span(left_s)} to go" if left_s and left_s >= 1 else ""


def span(seconds: float) -> str:
    """`42 s`, `3:07 min`, `2:05 h`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
