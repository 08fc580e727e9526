"""A table that leaves columns out where a terminal is narrow, so that no number is cut and no name is squeezed away."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from benchfleet.cli.unparted_text import held, held_words, released

_WIDE = 10_000  # columns: more than any table has


@dataclass
class FittingTable:
    """`spare`: columns to do without, the first to go first. `right`: those of numbers. A row of None is a section's end.

    `notes`: what marks in a column mean, and said where that column is shown. `headings`: of columns that are headed by another
    text than their name.
    """

    title: str
    columns: tuple[str, ...]
    spare: tuple[str, ...] = ()
    right: frozenset[str] = frozenset()
    caption: str | None = None
    notes: dict[str, str] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)
    rows: list[list[Text] | None] = field(default_factory=list)

    def add_row(self, *cells: str | Text) -> None:
        self.rows.append([Text(cell) if isinstance(cell, str) else cell for cell in cells])

    def add_section(self) -> None:
        self.rows.append(None)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = options.update(width=_WIDE)
        for table in self._from_wide_to_narrow():
            if Measurement.get(console, wide, table).maximum <= options.max_width:
                break
        yield from released(console.render(table, options))

    def _from_wide_to_narrow(self) -> Iterable[Table]:
        yield self._table(self.columns, tall=False)
        left = list(self.columns)
        yield self._table(left, tall=True)
        for name in self.spare:
            if name in left:
                left.remove(name)
                yield self._table(left, tall=True)

    def _table(self, columns: Sequence[str], *, tall: bool) -> Table:
        """`tall`: the last word of a heading below the others."""
        kept = [self.columns.index(name) for name in columns]
        table = Table(title=self.title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        below = [self.caption, *(note for column, note in self.notes.items() if column in columns)]
        table.caption = held_words(" ".join(filter(None, below))) or None
        for name in columns:
            said = self.headings.get(name, name)
            heading = "\n".join(said.rsplit(" ", 1)) if tall and len(said) > 8 else said
            table.add_column(Text(heading), justify="right" if name in self.right else "left", overflow="fold")
        for row in self.rows:
            if row is None:
                table.add_section()
            else:
                table.add_row(*(held(row[number]) for number in kept if number < len(row)))
        return table
