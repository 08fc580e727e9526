"""The table of means at the end of a run."""

from collections.abc import Sequence

from rich.table import Table

from benchfleet.cli.numbers import mean_and_interval
from benchfleet.results.folder import Row


def table(rows: Sequence[Row], *, title: str) -> Table:
    machines = len({row.subject.machine for row in rows}) > 1
    subjects = len({row.subject.subject for row in rows}) > 1
    shown = Table(title=title, caption=caption(rows), caption_justify="left", title_justify="left")
    if machines:
        shown.add_column("machine")
    if subjects:
        shown.add_column("subject")
    for name in ("benchmark", "variant"):
        shown.add_column(name, overflow="fold")
    for name in ("mean", "95 % confidence interval", "", "tasks", "samples"):
        shown.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        where = [(row.subject.machine, machines), (row.subject.subject, subjects)]
        shown.add_row(*(name for name, wanted in where if wanted), *_cells(row))
    return shown


def _cells(row: Row) -> tuple[str, ...]:
    numbers = mean_and_interval(row.estimate, unit=row.subject.unit)
    return (row.subject.benchmark, row.subject.variant, *numbers, str(row.estimate.tasks), str(row.estimate.samples))


def caption(rows: Sequence[Row]) -> str:
    """How to read the intervals: what they cover depends on how many tasks there were."""
    if not rows:
        return "No measurements."
    found = [row.estimate for row in rows]
    tasks = min(one.tasks for one in found)
    if any(one.over == "tasks" for one in found):
        said = "Student's t over the means of the tasks: samples of one task are no independent repeats."
        alone = (
            " What only one of several tasks measured has none." if any(one.interval is None for one in found) else ""
        )
        return said + alone + (" More tasks narrow it." if tasks < 5 else "")
    return "Student's t over the samples of one task: what differs from task to task is not in it."
