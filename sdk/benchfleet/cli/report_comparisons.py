"""Tables of the terminal that set one thing against another, and how samples lie."""

from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.text import Text

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.report import words
from benchfleet.report.model import Board, Factor, FactorTable

_RIGHT = frozenset({"old", "new", "factor", "interval", "minimum", "25 %", "median", "75 %", "maximum"})


def factor_tables(tables: Sequence[FactorTable], *, everything: bool) -> Iterator[FittingTable]:
    """One for each pair, with a section for each machine. What is within noise is counted, unless all is asked for."""
    for old, new in dict.fromkeys((table.old, table.new) for table in tables):
        mine = [table for table in tables if (table.old, table.new) == (old, new)]
        shown = FittingTable(
            f"Factors: {escape(new)} against {escape(old)}",
            ("benchmark", "old", "new", "factor", "interval", ""),
            spare=("old", "new"),
            right=_RIGHT,
        )
        for table in mine:
            _section(shown, table, named=len(mine) > 1, everything=everything)
        meanings = dict.fromkeys(words.factor_meaning(table) for table in mine)
        hint = "" if everything or not any(table.within_noise for table in mine) else " --all shows what is left out."
        shown.caption = f"Factor: {', or '.join(meanings)}; intervals are corrected for all tests of the section.{hint}"
        yield shown


def _section(shown: FittingTable, table: FactorTable, *, named: bool, everything: bool) -> None:
    if named:
        shown.add_row(Text(table.title, style="bold"))
    for row in [*([table.overall] if table.overall else []), *table.rows]:
        if everything or row.benchmark is None or row.relation.beyond_noise:
            shown.add_row(*(Text(cell) for cell in _factor(row, table)))
    if table.within_noise and not everything:
        shown.add_row(Text(words.left_out(table), style="dim"))
    shown.add_section()


def _factor(row: Factor, table: FactorTable) -> list[str]:
    verdict = words.verdict(row.relation.verdict, metric=table.metric, unit=row.unit, better=table.better)
    return [
        row.benchmark or f"geometric mean of {row.benchmarks}",
        words.quantity(row.old, row.unit),
        words.quantity(row.new, row.unit),
        words.by_factor(row, table.better),
        words.by_factor_interval(row, table.better),
        verdict,
    ]


def distribution_table(board: Board) -> FittingTable:
    """Of all samples, whatever task they are of."""
    group = words.heading(board.by)
    columns = ("benchmark", group, "minimum", "25 %", "median", "75 %", "maximum", "samples")
    table = FittingTable(f"Samples: {escape(board.title)}", columns, spare=("25 %", "75 %"), right=_RIGHT)
    for one in board.benchmarks:
        for number, cell in enumerate(cell for cell in one.cells if cell.distribution):
            lie = cell.distribution
            ends = (lie.minimum, *lie.quartiles, lie.maximum) if lie else ()
            row = [one.benchmark if number == 0 else "", cell.label, *(words.quantity(end, one.unit) for end in ends)]
            table.add_row(*(Text(text) for text in [*row, words.sparkline(lie.histogram) if lie else ""]))
        table.add_section()
    table.caption = "Each histogram from its own minimum to its own maximum."
    return table
