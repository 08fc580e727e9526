"""What an ended run measured, in short, as people read it: the rankings that the dashboard shows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import ArchiveState
from benchfleet_contract.summary import RunSummary, SummaryBoard, SummaryRow
from rich.markup import escape
from rich.text import Text

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.cli.output import print_table
from benchfleet.documents.printable import printable
from benchfleet.exceptions import NotFound

if TYPE_CHECKING:
    from benchfleet_results.boards.model import Verdict

    from benchfleet.client import Client

_RIGHT = frozenset({"place", "mean", "95 % interval", "to the first", "interval", "tasks"})
_SPARE = ("tasks", "95 % interval", "interval")
_MOST_BOARDS = 4


def summary_of(client: "Client", run: RunDetail) -> RunSummary | None:
    """None while there is none: the run has not ended, or its archive was built without one."""
    if run.archive.state is not ArchiveState.READY:
        return None
    try:
        return client.summary(run.run_id)
    except NotFound:
        return None


def print_measured(found: RunSummary | None) -> None:
    """A table for each board, below what is printed of the run; nothing of a run that measured nothing."""
    for table in tables(found) if found else ():
        print()
        print_table(table)


def tables(found: RunSummary) -> Iterator[FittingTable]:
    boards = [board for board in found.boards if board.ranking]
    for number, board in enumerate(boards[:_MOST_BOARDS], start=1):
        table = _board(board, escape(printable(" / ".join(found.by))))
        left = len(boards) - _MOST_BOARDS
        more = f" {left} more boards: benchfleet report {found.run_id}" if number == _MOST_BOARDS and left > 0 else ""
        table.caption = _caption(board) + more
        yield table


def _caption(board: SummaryBoard) -> str:
    mean = "Geometric mean" if board.scale == "ratio" else "Mean"
    size = board.benchmarks
    return f"{mean} over {size} common benchmark{'s' * (size != 1)}; {board.better} is better."


def _board(board: SummaryBoard, group: str) -> FittingTable:
    columns = ("place", group, "mean", "95 % interval", "to the first", "interval", "", "tasks")
    table = FittingTable(f"Results: {escape(printable(board.title))}", columns, spare=_SPARE, right=_RIGHT)
    for number, row in enumerate(board.ranking):
        table.add_row(*map(Text, _row(row, board, first=number == 0)))
    return table


def _row(row: SummaryRow, board: SummaryBoard, *, first: bool) -> list[str]:
    from benchfleet_results.boards.model import Relation

    from benchfleet.report import words

    away = Relation(
        ratio=row.ratio, interval=row.ratio_interval, difference=row.difference,
        difference_interval=row.difference_interval,
    )  # fmt: skip
    return [
        str(row.place),
        printable(row.label),
        words.quantity(row.mean, board.unit),
        words.interval(row.interval, board.unit, like=row.mean),
        words.NONE if first else words.apart(away, board.unit, board.better),
        words.NONE if first else words.apart_interval(away, board.unit, board.better),
        words.noise(cast("Verdict", row.verdict)),
        str(row.tasks),
    ]
