"""A history as CSV (RFC 4180): one row for each series and run."""

import csv
import io
from collections.abc import Iterator, Sequence

from benchfleet_results.boards.model import Interval, Relation

from benchfleet.report.csv_file import field
from benchfleet.report.model.history import History, HistorySeries

COLUMNS = (
    "run_id", "at", "marks", "provider", "name", "subject", "workload", "variant", "metric", "better", "scale",
    "benchmark", "benchmarks", "unit", "value", "ci95_low", "ci95_high", "tasks", "level_mean", "step",
    "ratio_to_previous", "ratio_low", "ratio_high", "difference_to_previous", "difference_low", "difference_high",
    "confidence", "p_adjusted", "verdict", "changed", "note",
)  # fmt: skip


def as_csv(found: History) -> str:
    """With CRLF at the end of each line. The columns from `ratio_to_previous` on are of the level that begins there."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    marks = {run.run_id: ", ".join(run.marks) for run in found.runs}
    for one in found.series:
        for row in _rows(one, marks):
            writer.writerow([field(value) for value in row])
    return out.getvalue()


def _rows(one: HistorySeries, marks: dict[str, str]) -> Iterator[Sequence[object]]:
    about = [one.workload, one.variant, one.metric, one.better, one.scale, one.benchmark, len(one.benchmarks), one.unit]
    steps = {step.at: step.relation for step in one.steps}
    for number, point in enumerate(one.points):
        level = next((each.mean for each in one.levels if each.first <= number < each.first + each.runs), None)
        numbers = [point.value, *_ends(point.interval), point.tasks, level]
        who = [point.run_id, point.at, marks[point.run_id], one.provider, one.name, one.subject]
        step = [number in steps, *_step(steps.get(number))]
        yield [*who, *about, *numbers, *step, "; ".join(point.changed), one.note]


def _step(found: Relation | None) -> list[object]:
    if found is None:
        return [None] * 9
    ratio = [found.ratio, *_ends(found.interval)]
    difference = [found.difference, *_ends(found.difference_interval)]
    return [*ratio, *difference, found.confidence, found.p_adjusted, found.verdict]


def _ends(ends: Interval | None) -> tuple[float | None, float | None]:
    return ends or (None, None)
