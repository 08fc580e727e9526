"""A history in the terminal."""

from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.text import Text

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.report import words
from benchfleet.report.history.words import bars, day, headline, since, size, variant, what
from benchfleet.report.model.history import History, HistorySeries
from benchfleet.report.model.report import Report
from benchfleet.report.names import in_words
from benchfleet.report.printing import for_print

_RIGHT = frozenset({"runs", "first", "newest", "old", "new", "difference", "interval"})
_MOST_STEPS, _MOST_SERIES, _MOST_LISTED = 40, 60, 20


def tables(report: Report) -> Iterator[FittingTable]:
    """The steps first, what else changed there, then each series. Nothing without a history."""
    found = for_print(report).history
    if found is None:
        return
    if any(one.steps for one in found.series):
        yield _steps(found)
    if changes := _changes(found):
        yield _list("What else changed", ("at run", "on", "what"), changes)
    yield _series(found, in_words(report))
    if found.unread:
        yield _list("Not in the history", ("run",), [(words,) for words in found.unread])


def _steps(found: History) -> FittingTable:
    columns = ("at run", "day", "on", "variant", "benchmark", "old", "new", "difference", "interval")
    table = FittingTable("Steps", columns, spare=("day", "old", "new", "interval"), right=_RIGHT)
    rows = [(one, step) for one in found.series for step in one.steps]
    for one, step in rows[:_MOST_STEPS]:
        style = "bold red" if step.relation.verdict == "worse" else ""
        at = [step.run_id, day(one.points[step.at].at), one.label, variant(one), what(one)]
        numbers = [words.quantity(step.old, one.unit), words.quantity(step.new, one.unit)]
        cells = [*at, *numbers, size(one, step), words.apart_interval(step.relation, one.unit, one.better)]
        table.add_row(*(Text(cell, style=style) for cell in cells))
    left = len(rows) - _MOST_STEPS
    more = f" And {left} more steps: --json has them all." if left > 0 else ""
    table.caption = f"Beyond noise, by Welch's t between the runs before and after.{more}"
    return table


def _changes(found: History) -> list[tuple[str, str, str]]:
    """Once for all series of a machine and subject."""
    told = {
        (point.run_id, one.label, change): point.at
        for one in found.series
        for point in one.points
        for change in point.changed
    }
    return sorted(told, key=lambda row: told[row])


def _series(found: History, meanings: str) -> FittingTable:
    marks = [mark for run in found.runs for mark in run.marks]
    since_marks = [f"since {mark}" for mark in marks]
    columns = ("on", "variant", "benchmark", "runs", "first", "newest", "old to new", *since_marks)
    spare = ("old to new", "first", "runs")
    table = FittingTable("History", columns, spare=spare, right=_RIGHT | set(since_marks))
    for one in found.series[:_MOST_SERIES]:
        table.add_row(*(Text(cell) for cell in _row(one, marks)))
    left = len(found.series) - _MOST_SERIES + found.left_out
    more = f" And {left} more series: --csv and --json have them." if left > 0 else ""
    table.caption = escape(" ".join(filter(None, [f"{headline(found)}{more}", meanings])))
    return table


def _row(one: HistorySeries, marks: list[str]) -> list[str]:
    told = {each.mark: since(one, each) for each in one.since}
    ends = [words.quantity(point.value, one.unit) for point in (one.points[0], one.points[-1])]
    cells = [one.label, variant(one), what(one), str(len(one.points)), *ends, bars(one)]
    return [*cells, *(told.get(mark, words.NONE) for mark in marks)]


def _list(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> FittingTable:
    table = FittingTable(title, columns)
    for row in rows[:_MOST_LISTED]:
        table.add_row(*map(Text, row))
    if len(rows) > _MOST_LISTED:
        table.add_row(Text(f"and {len(rows) - _MOST_LISTED} more: --json has them all"))
    return table
