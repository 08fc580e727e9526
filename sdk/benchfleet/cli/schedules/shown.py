"""A schedule as people read it."""

from collections.abc import Iterator
from datetime import datetime

from benchfleet_contract.schedule_expressions import read_zone
from benchfleet_contract.schedules import Firing, Notify, ScheduleDetail
from rich.console import Console
from rich.text import Text

from benchfleet.cli.ages import ago
from benchfleet.cli.output import plain_table, print_table, state
from benchfleet.documents.printable import printable


def print_schedule(schedule: ScheduleDetail, *, console: Console | None = None) -> None:
    """Two tables on stdout: what the schedule is, and its firings, newest first."""
    about = plain_table("", "")
    about.show_header = False
    for name, value in _facts(schedule):
        about.add_row(name, value)
    print_table(about, console=console)
    if not schedule.firings:
        return
    (console or Console()).print()
    table = plain_table("due", "state", "run", "reason")
    for firing in schedule.firings:
        words = Text(printable(_reason(firing)))
        table.add_row(local(firing.scheduled_at, schedule.time_zone), state(firing.state), firing.run_id or "", words)
    print_table(table, console=console)


def local(at: str, zone: str) -> str:
    """`2027-01-31 03:00`, in this zone."""
    return f"{datetime.fromisoformat(at).astimezone(read_zone(zone)):%Y-%m-%d %H:%M}"


def _facts(schedule: ScheduleDetail) -> Iterator[tuple[str, str]]:
    yield "schedule", schedule.name
    yield "when", f"{schedule.expression}, {schedule.time_zone}"
    yield "overlap", schedule.overlap
    yield "workload", schedule.workload
    yield "created", ago(schedule.created_at)
    for number, at in enumerate(schedule.next_firings):
        yield "" if number else "next", local(at, schedule.time_zone)
    if not schedule.next_firings:
        yield "next", "never"
    for notify in schedule.notify:
        yield "notify", _target(notify)


def _target(notify: Notify) -> str:
    return f"{','.join(notify.on)} to {notify.sns or notify.webhook}"


def _reason(firing: Firing) -> str:
    failed = f"{firing.tasks_failed} of {firing.tasks} tasks failed" if firing.tasks_failed else None
    told = (firing.reason, failed, *(firing.regression or ()), *firing.undelivered)
    return "; ".join(each for each in told if each)
