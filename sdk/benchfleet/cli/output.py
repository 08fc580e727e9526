"""What goes to stdout: tables for people, one document for programs."""

import io
import json

from pydantic import BaseModel
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

PIPE_COLUMNS = 1_000  # a pipe has no width of its own, and no cell should be cut for it
_STYLES = {
    "running": "cyan",
    "building": "cyan",
    "completed": "green",
    "ready": "green",
    "ok": "green",
    "failed": "bold red",
    "fail": "bold red",
    "cancelled": "yellow",
    "warn": "yellow",
}


def print_document(document: BaseModel) -> None:
    print(as_json(document, indent=2))


def as_json(document: BaseModel, *, indent: int | None = None) -> str:
    """In ASCII: no terminal and no pipe can spoil it."""
    separators = None if indent else (",", ":")
    return json.dumps(document.model_dump(mode="json"), indent=indent, separators=separators)


def plain_table(*columns: str) -> Table:
    """Columns beside each other, without lines: easy to read, to grep and to cut. Ids and words are never cut."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def print_table(table: RenderableType, *, console: Console | None = None) -> None:
    """In a pipe: as wide as it needs to be, and without the blanks that fill up lines."""
    console = console or Console()
    if console.is_terminal:
        console.print(table)
        return
    drawn = io.StringIO()
    Console(file=drawn, width=PIPE_COLUMNS, color_system=None).print(table)
    for line in drawn.getvalue().splitlines():
        print(line.rstrip(), file=console.file)


def state(word: str) -> Text:
    """A state, worded and coloured."""
    return Text(word, style=_STYLES.get(word.strip(), ""))


def size(count: int | None) -> str:
    """Bytes as people read them."""
    if count is None:
        return ""
    number, unit = float(count), "bytes"
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if number < 1024 or unit == "TiB":
            break
        number /= 1024
    return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
