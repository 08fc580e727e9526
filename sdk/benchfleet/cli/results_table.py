"""The table of means at the end of a run."""

from collections.abc import Sequence

from benchfleet_results.boards.dimensions import machine
from rich.table import Table
from rich.text import Text

from benchfleet.cli.numbers import mean_and_interval
from benchfleet.report.printing import shown
from benchfleet.results.folder import Row


def table(rows: Sequence[Row], *, title: str) -> Table:
    providers = len({row.subject.provider for row in rows}) > 1
    machines = len({(row.subject.provider, row.subject.machine) for row in rows}) > 1
    subjects = len({row.subject.subject for row in rows}) > 1
    found = Table(title=title, caption=caption(rows), caption_justify="left", title_justify="left")
    told = [name for name, wanted in (("machine", machines), ("subject", subjects)) if wanted]
    for name in (*told, "benchmark", "variant"):
        found.add_column(name, overflow="fold")
    for name in ("mean", "95 % confidence interval", "", "tasks", "samples"):
        found.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        of = row.subject
        where = [(machine(of.provider, of.machine) if providers else of.machine, machines), (of.subject, subjects)]
        names = [*(name for name, wanted in where if wanted), of.benchmark, of.variant]
        found.add_row(*(Text(shown(name)) for name in names), *_numbers(row))
    return found


def _numbers(row: Row) -> tuple[str, ...]:
    numbers = mean_and_interval(row.estimate, unit=row.subject.unit)
    return (*numbers, str(row.estimate.tasks), str(row.estimate.samples))


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
