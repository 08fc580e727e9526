"""A table in terminals of all widths."""

import io

from benchfleet.cli.fitting_table import FittingTable
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console


def drawn(width: int) -> list[str]:
    table = FittingTable("T", ("machine", "geometric mean", "95 % interval", "tasks"), spare=("tasks", "95 % interval"))
    table.caption, table.notes = "Means.", {"95 % interval": "A question mark is a doubt."}
    table.add_row("aws c8g.large", "410.2 ms", "406.6 to 413.8 ms", "4")
    table.add_section()
    table.add_row("", "section")
    out = io.StringIO()
    Console(file=out, width=width, color_system=None).print(table)
    return out.getvalue().splitlines()


@given(st.integers(min_value=28, max_value=200))
def test_no_name_and_no_number_is_ever_cut(width: int) -> None:
    lines = drawn(width)
    assert all(len(line) <= width for line in lines)
    assert any("aws c8g.large" in line and "410.2 ms" in line for line in lines)


def test_marks_are_explained_where_their_column_is_shown() -> None:
    """At 80 columns a note told of question marks in a column that had gone."""
    assert "Means. A question mark is a doubt." in " ".join("\n".join(drawn(50)).split())
    assert "question mark" not in "\n".join(drawn(30))
    assert "Means." in "\n".join(drawn(30))


def test_what_one_can_do_without_goes_first() -> None:
    assert "tasks" in "\n".join(drawn(80))
    narrow = "\n".join(drawn(50))
    assert "406.6 to 413.8 ms" in narrow
    assert "tasks" not in narrow
    assert "413.8" not in "\n".join(drawn(30))
