"""How far a fleet run is while a command waits for it: a bar on a terminal, a line for each tenth elsewhere. On stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchfleet_contract.fleets.runs import FleetRunDetail
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchfleet.cli.fleet.shown import usd

Told = Callable[[FleetRunDetail], None]


@contextmanager
def progress() -> Iterator[Told]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("tests", total=None)
        yield lambda run: bars.update(
            task, total=run.tests.total, completed=run.tests.total - run.tests.pending, description=words(run)
        )


class Lines:
    """A line whenever the status or the tenth of what is done changes."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._seen: tuple[str, int] | None = None

    def __call__(self, run: FleetRunDetail) -> None:
        done = run.tests.total - run.tests.pending
        seen = (run.status, 10 * done // (run.tests.total or 1))
        if seen != self._seen:
            self._seen = seen
            self._tell(f"{words(run)}: {done} of {run.tests.total} tests")


def words(run: FleetRunDetail) -> str:
    """Status, failures and cost so far."""
    failed = run.tests.failure + run.tests.timeout
    told = [run.run_id, run.status, *([f"{failed} failed"] if failed else [])]
    return ", ".join([*told, *([usd(run.cost_usd)] if run.cost_usd is not None else [])])
