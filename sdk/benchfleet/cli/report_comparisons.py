"""Tables of the terminal that set one thing against another, and how samples lie."""

from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.text import Text

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.report import words
from benchfleet.report.model.board import Board
from benchfleet.report.model.factors import Factor, FactorTable

_RIGHT = frozenset({"old", "new", "factor", "interval", "minimum", "25 %", "median", "75 %", "maximum"})
_SHORT = 16  # characters of a name that is put over a column


def factor_tables(tables: Sequence[FactorTable], *, everything: bool) -> Iterator[FittingTable]:
    """One for each pair, with a section for each machine. What is within noise is counted, unless all is asked for."""
    for old, new in dict.fromkeys((table.old, table.new) for table in tables):
        mine = [table for table in tables if (table.old, table.new) == (old, new)]
        shown = FittingTable(
            f"Factors: {escape(new)} against {escape(old)}",
            ("benchmark", "old", "new", "factor", "interval", ""),
            spare=("old", "new"),
            right=_RIGHT,
            headings={"old": old, "new": new} if max(len(old), len(new)) <= _SHORT else {},
        )
        for table in mine:
            _section(shown, table, named=len(mine) > 1, everything=everything)
        shown.caption = _caption(mine, everything=everything)
        yield shown


def _caption(tables: Sequence[FactorTable], *, everything: bool) -> str:
    meanings: dict[str, dict[str, None]] = {}
    for table in tables:
        meanings.setdefault(words.factor_meaning(table), {})[table.metric] = None
    told = [f"{said} ({', '.join(of)})" if len(meanings) > 1 else said for said, of in meanings.items()]
    about = "; intervals are corrected for all tests of the section" if any(table.tested for table in tables) else ""
    hint = " --all shows what is left out." if not everything and any(table.within_noise for table in tables) else ""
    return escape(f"Factor: {', or '.join(told)}{about}.{hint}")


def _section(shown: FittingTable, table: FactorTable, *, named: bool, everything: bool) -> None:
    if named:
        shown.add_row(Text(table.title, style="bold"))
    for row in [*([table.overall] if table.overall else []), *table.rows]:
        if everything or row.benchmark is None or row.relation.beyond_noise:
            shown.add_row(*(Text(cell) for cell in _factor(row, table)))
    for verdict, count in ({} if everything else words.hidden_factors(table)).items():
        told = f"{count} of {len(table.rows)} left out", "", "", "", "", words.noise(verdict)
        shown.add_row(*(Text(cell, style="dim") for cell in told))
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
