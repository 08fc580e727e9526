"""A run as people read it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import fsum

from benchfleet_contract.clocks import set_back
from benchfleet_contract.launches import LaunchView
from benchfleet_contract.registry.models import RunModel
from benchfleet_contract.runs import Archive, RunDetail, TaskCounts
from benchfleet_contract.states import RunStatus
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchfleet.cli.ages import ago
from benchfleet.cli.output import plain_table, print_table, size, state
from benchfleet.documents.printable import printable
from benchfleet.prices.days import by_prices
from benchfleet.results.lost import lost_words
from benchfleet.results.stops import goal_words, stop_words
from benchfleet.watch.groups import demand_of, has_subjects
from benchfleet.watch.machines import state_words

COUNTED = ("pending", "claimed", "running", "completed", "failed", "cancelled")

_SET_BACK = "before it was created: the control plane's clock was set back"


def print_run(run: RunDetail, *, now: datetime | None = None, console: Console | None = None) -> None:
    """Two tables on stdout: what the run is, and how many of its tasks are where."""
    about = plain_table("", "")
    about.show_header = False
    for name, value in _facts(run, now):
        about.add_row(name, value)
    print_table(about, console=console)
    (console or Console()).print()
    print_table(_groups(run), console=console)


def _groups(run: RunDetail) -> Table:
    """A row for each instance type, or for each subject on each where the run compares subjects."""
    names = ["instance type", "subject"] if has_subjects(run.groups) else ["instance type"]
    table = plain_table(*names, "tasks", *COUNTED)
    for column in table.columns[len(names) :]:
        column.justify = "right"
    for group in run.groups:
        table.add_row(*[str(demand_of(group)), group.subject or ""][: len(names)], *_counts(group))
    if len(run.groups) > 1:
        table.add_row(*["all", ""][: len(names)], *_counts(run.tasks), style="bold")
    return table


def print_machines(launches: Sequence[LaunchView], *, console: Console | None = None) -> None:
    """A table of the machines that the control plane brings; nothing where it brings none."""
    if not launches:
        return
    table = plain_table("machine", "instance type", "where", "state", "runners since", "USD")
    for launch in launches:
        cost = "" if launch.cost_usd is None else f"{launch.cost_usd:.4f}"
        where = f"{launch.zone or launch.region or ''}{', spot' if launch.market == 'spot' else ''}"
        words = Text(printable(state_words(launch)), style="red" if launch.state == "failed" else "")
        table.add_row(launch.name, str(demand_of(launch)), where, words, launch.called_home_at or "-", cost)
    (console or Console()).print()
    print_table(table, console=console)
    known = [launch.cost_usd for launch in launches if launch.cost_usd is not None]
    if known:
        days = by_prices(launch.price_date for launch in launches if launch.cost_usd is not None)
        total = f"machines: {', '.join(filter(None, [f'{fsum(known):.4f} USD', days]))}; `benchfleet cost` tells hours and prices"
        (console or Console()).print(total, highlight=False, soft_wrap=True)


def _facts(run: RunDetail, now: datetime | None) -> Iterator[tuple[str, Text | str]]:
    yield "run", run.run_id
    yield "status", status(run)
    if run.reason:
        yield "reason", Text(run.reason)
    if run.precision:
        yield "precision", goal_words(run.precision)
        for words in stop_words(run.precision):
            yield "", Text(printable(words))
    yield "workload", f"{run.workload}{f', ruby {run.ruby_version}' if run.ruby_version else ''}"
    if run.model:
        yield "model", Text(printable(model_words(run.model)))
    yield "created", ago(run.created_at, now=now)
    if run.completed_at:
        odd = set_back(run.created_at, run.completed_at)
        yield "ended", ago(run.completed_at, now=now) + (f", {_SET_BACK}" if odd else "")
    else:
        yield "deadline", ago(run.deadline_at, now=now)
    yield "archive", _archive(run.archive)


def model_words(model: RunModel) -> str:
    """Which model, and how it is narrowed down."""
    filters = model.filters.model_dump(exclude_defaults=True)
    told = [f"{name} {', '.join(value) if isinstance(value, list) else value}" for name, value in filters.items()]
    pin = model.pin
    told += [f"on {pin.executor_id}"] if pin and pin.executor_id else []
    told += [f"digest {pin.descriptor_digest[:12]}"] if pin and pin.descriptor_digest else []
    return "; ".join([model.model_id, *told])


def status(run: RunDetail) -> Text:
    """A run that completed may have failed in all of its tasks: that is told beside it."""
    failed, total = run.tasks.failed, run.tasks.total
    if not failed or run.status == RunStatus.FAILED:
        return state(run.status)
    return Text.assemble(str(run.status), ", ", (f"{failed} of {total} tasks failed", "bold red"))


def _archive(archive: Archive) -> Text:
    told = state(archive.state)
    more = archive.error or size(archive.size_bytes)
    lost = lost_words(archive)
    shown = Text.assemble(told, f", {more}") if more else told
    return Text.assemble(shown, ", ", (printable(lost), "bold red")) if lost else shown


def _counts(counts: TaskCounts) -> Iterator[Text | str]:
    yield str(counts.total)
    for name in COUNTED:
        number = getattr(counts, name)
        yield Text(str(number), style="red" if name == "failed" else "") if number else Text("-", style="dim")
