"""A history as Markdown tables, short enough for a comment."""

from collections.abc import Iterator, Sequence

from benchfleet.report import words
from benchfleet.report.history.words import headline, name, since, variant, what
from benchfleet.report.markdown import escape, table
from benchfleet.report.model.history import History, HistorySeries
from benchfleet.report.model.report import Report
from benchfleet.report.names import in_words
from benchfleet.report.printing import for_print

_MOST_ROWS = 60


def as_markdown(report: Report) -> str:
    """Of a report with a history: that alone. Raises ValueError without one."""
    found = for_print(report).history
    if found is None:
        raise ValueError("the report has no history")
    lines = [f"## Benchmark history: {escape(found.runs[-1].run_id)} and before", "", escape(headline(found))]
    if meanings := in_words(report):
        lines += ["", escape(meanings)]
    lines += _steps(found) + _series(found)
    lines += [f"\nNot in it: {escape(words)}." for words in found.unread[:_MOST_ROWS]]
    lines.append(f"\n<sub>{escape(report.generator)}. Welch's t between the runs before and after each step.</sub>")
    return "\n".join(lines) + "\n"


def _steps(found: History) -> list[str]:
    rows = [
        (
            escape(step.run_id),
            escape(name(one)),
            escape(words.quantity(step.old, one.unit)),
            escape(words.quantity(step.new, one.unit)),
            escape(words.apart(step.relation, one.unit, one.better)),
            escape(words.apart_interval(step.relation, one.unit, one.better)),
            words.verdict(step.relation.verdict, metric=one.metric, unit=one.unit, better=one.better),
            escape("; ".join(step.changed)) or "nothing that was recorded",
        )
        for one in found.series
        for step in one.steps
    ]
    head = ("run", "series", "old", "new", "difference", "interval", "verdict", "what else changed")
    return [*_table(head, rows), *_more(len(rows), "steps")] if rows else []


def _series(found: History) -> list[str]:
    marks = [mark for run in found.runs for mark in run.marks]
    rows = [_row(one, marks) for one in found.series]
    head = ("variant", "machine", "benchmark", "runs", "first", "newest", *(f"since {escape(mark)}" for mark in marks))
    return [*_table(head, rows), *_more(len(rows), "series")]


def _row(one: HistorySeries, marks: list[str]) -> tuple[str, ...]:
    found = {each.mark: since(one, each) for each in one.since}
    ends = (words.quantity(point.value, one.unit) for point in (one.points[0], one.points[-1]))
    cells = [variant(one), one.label, what(one), str(len(one.points)), *ends]
    return tuple(escape(cell) for cell in (*cells, *(found.get(mark, words.NONE) for mark in marks)))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    kept: Iterator[tuple[str, ...]] = iter(rows[:_MOST_ROWS])
    return table(head, kept)


def _more(count: int, of: str) -> list[str]:
    return [f"\n… and {count - _MOST_ROWS} more {of}: --json and --csv have them all."] if count > _MOST_ROWS else []
